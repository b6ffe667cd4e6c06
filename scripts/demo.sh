#!/bin/sh
# Builds densitas and draws the founding example to density.png.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
cargo build --release --locked
target=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
"$target/release/densitas" render sample:founding -o density.png
echo "Look at density.png."
