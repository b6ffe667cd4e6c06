#!/bin/sh
# Checks the files that densitas writes with the readers of its users (gemmi, mrcfile, GridDataFormats, pynrrd,
# VTK, tifffile, numpy), from PyPI, in a virtual environment that is kept.
#
#     sh scripts/readers.sh [path/to/densitas]
set -eu
cd "$(dirname "$0")/.."
densitas=${1:-${CARGO_TARGET_DIR:-target}/release/densitas}
venv=${DENSITAS_READERS_VENV:-$HOME/.cache/densitas-ci/readers}
test -x "$venv/bin/python" || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 gemmi==0.7.5 mrcfile==1.5.4 GridDataFormats==1.2.0 pynrrd==1.1.3 vtk==9.7.2 tifffile==2026.3.3 \
    MDAnalysis==2.11.0
"$venv/bin/python" scripts/readers.py "$densitas"
