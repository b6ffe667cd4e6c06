#!/bin/sh
# Fuzzes every reader for SECONDS each (default 20), beginning with the small files of the test data.
#
#     cargo install cargo-fuzz
#     DENSITAS_TEST_DATA=/path/to/data sh fuzz/run.sh 60
#
# The stable compiler serves. What is found lies in fuzz/artifacts; make a test of it.
set -eu
seconds=${1:-20}
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1

# Files of at most 4 KiB that match one of the patterns, as first inputs of a target.
seed() {
    target=$1
    shift
    mkdir -p "fuzz/corpus/$target"
    if [ -z "${DENSITAS_TEST_DATA:-}" ]; then return; fi
    for pattern in "$@"; do
        find "$DENSITAS_TEST_DATA/data" -type f -size -9 -name "$pattern" -exec cp {} "fuzz/corpus/$target" \;
    done
}

fuzz() {
    seed "$@"
    cargo fuzz run -s none "$1" -- -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=4096
}

fuzz table '*.csv' '*_data.txt' '*.bin'
fuzz pdb '*.pdb'
fuzz mmcif '*.cif'
fuzz npy '*.npy'
fuzz xyz '*.xyz'
fuzz gro '*.gro'
fuzz pqr '*.pqr'
