#!/bin/sh
# Builds densitas and draws the founding example to density.png; installs a software driver if no graphics
# adapter is found.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --locked
target=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
densitas="$target/release/densitas"
sh scripts/setup.sh "$densitas"
"$densitas" render sample:founding -o density.png
echo "Look at density.png."
