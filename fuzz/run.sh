#!/bin/sh
# Fuzzes every reader for SECONDS each (default 300), beginning with the small files of the test data
# and of seeds, or only the readers that are named.
#
#     DENSITAS_TEST_DATA=/path/to/data sh fuzz/run.sh 60
#     sh fuzz/run.sh 600 vtp pdb
#
# Needs a C++ compiler for libFuzzer, but no nightly and no cargo-fuzz: only densitas itself is
# instrumented. It is built in a target folder of its own, as what a build with RUSTC_BOOTSTRAP leaves would be built
# anew by the next one without it. What is found lies in fuzz/artifacts, and then the script fails; make a test of it.
set -eu
seconds=${1:-300}
shift $(($# > 0))
only=$*
cd "$(dirname "$0")"
# Profiles with flags of their own are not yet stable.
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}/fuzz"
cp ../Cargo.lock Cargo.lock
flags='"-Cpasses=sancov-module", "-Ccodegen-units=1", "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters", "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares"'
flags=$(echo "$flags" | tr '\n' ' ')
cargo build --release -Zprofile-rustflags --config "profile.release.package.densitas.rustflags=[$flags]"

# Files of at most 4 KiB that match one of the patterns, as first inputs of a target.
seed() {
    target=$1
    shift
    mkdir -p "corpus/$target" artifacts
    cp "seeds/$target"/* "corpus/$target" 2>/dev/null || :
    if [ -z "${DENSITAS_TEST_DATA:-}" ]; then return; fi
    for pattern in "$@"; do
        find "$DENSITAS_TEST_DATA/data" -type f -size -9 -name "$pattern" -exec cp {} "corpus/$target" \;
    done
}

fuzz() {
    case " ${only:-$1} " in
    *" $1 "*) ;;
    *) return ;;
    esac
    seed "$@"
    echo "== $1"
    "$CARGO_TARGET_DIR/release/fuzz-$1" "corpus/$1" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 \
        -max_len=4096 -artifact_prefix="artifacts/$1-" -print_final_stats=1 2>&1 | tail -n 8 || :
}

fuzz table '*.csv' '*_data.txt' '*.bin'
fuzz pdb '*.pdb'
fuzz mmcif '*.cif'
fuzz npy '*.npy'
fuzz xyz '*.xyz'
fuzz gro '*.gro'
fuzz pqr '*.pqr'
fuzz mrc '*.ccp4' '*.map'
fuzz dx '*.dx'
fuzz nrrd '*.nrrd' '*.nhdr'
fuzz vti
fuzz vtp
fuzz tiff
fuzz cube
fuzz plt
fuzz xtc '*.xtc'
fuzz trr '*.trr'
fuzz dcd '*.dcd'
fuzz lammps '*.dump'
fuzz bcif '*.bcif'
fuzz hdf5 '*.h5' '*.hdf5'
fuzz zip '*.smlm'
fuzz ply '*.ply'
fuzz parquet '*.parquet'
fuzz packed '*.gz'

found=$(find artifacts -type f | wc -l)
echo "== $found findings"
test "$found" -eq 0
