#!/bin/sh
# Runs the Dask example on a local cluster of several processes, one of which is killed while it works, and compares
# the density with that of a single run. Dask comes from PyPI, into a virtual environment that is kept.
#
#     sh scripts/cluster.sh [path/to/densitas]
set -eu
cd "$(dirname "$0")/.."
densitas=${1:-${CARGO_TARGET_DIR:-target}/release/densitas}
venv=${DENSITAS_CLUSTER_VENV:-$HOME/.cache/densitas-ci/cluster}
packages="distributed==2026.8.0 numpy==2.4.6"
if ! [ "$(cat "$venv/packages.txt" 2>/dev/null)" = "$packages" ]; then
    python3 -m venv "$venv"
    # Each word is a package.
    # shellcheck disable=SC2086
    "$venv/bin/pip" install --quiet --disable-pip-version-check $packages
    printf '%s\n' "$packages" >"$venv/packages.txt"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$densitas" sample founding --points 20000 -o "$work/points.csv"
"$densitas" density "$work/points.csv" --grid 64 --bandwidth 0.6 --method spectral --dtype f64 -o "$work/single.npy"
"$venv/bin/python" examples/dask_density.py "$work/points.csv" -o "$work/merged.npy" --densitas "$densitas" \
    --parts 6 --workers 3 --kill-one -- --grid 64 --bandwidth 0.6 --method spectral 2>"$work/log" | tee "$work/out" ||
    { cat "$work/log" >&2; exit 1; }
grep -q "killed worker process" "$work/out" || { cat "$work/log" >&2; exit 1; }
"$venv/bin/python" - "$work" <<'PY'
import sys, numpy as np
single, merged = (np.load(f"{sys.argv[1]}/{name}.npy") for name in ("single", "merged"))
off = np.abs(single - merged).max() / single.max()
print(f"merged and single differ by {off:.1e} of the maximum")
sys.exit(not off <= 1e-12)
PY
