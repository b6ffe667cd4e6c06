#!/bin/sh
# Checks the files that densitas writes with the readers of its users (gemmi, mrcfile, GridDataFormats, pynrrd,
# VTK, tifffile, trimesh, numpy), from PyPI, in a virtual environment that is kept.
#
#     sh scripts/readers.sh [path/to/densitas]
set -eu
cd "$(dirname "$0")/.."
densitas=${1:-${CARGO_TARGET_DIR:-target}/release/densitas}
venv=${DENSITAS_READERS_VENV:-$HOME/.cache/densitas-ci/readers}
readers="numpy==2.4.6 gemmi==0.7.5 mrcfile==1.5.4 GridDataFormats==1.2.0 pynrrd==1.1.3 vtk==9.7.2 tifffile==2026.3.3
    MDAnalysis==2.11.0 trimesh==5.2.0"
# What is installed already is not looked up again.
if ! [ "$(cat "$venv/readers.txt" 2>/dev/null)" = "$readers" ]; then
    python3 -m venv "$venv"
    # Each word is a package.
    # shellcheck disable=SC2086
    "$venv/bin/pip" install --quiet --disable-pip-version-check $readers
    printf '%s\n' "$readers" >"$venv/readers.txt"
fi
"$venv/bin/python" scripts/readers.py "$densitas"
