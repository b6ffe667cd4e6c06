#!/bin/sh
# The demonstration, then all tests. Tests on real data run if DENSITAS_TEST_DATA names their folder.
set -eu
cd "$(dirname "$0")/.."
sh scripts/demo.sh
cargo test --release --locked
