#!/bin/sh
# Makes docs/gallery.md and its pictures anew, each by the command or example that is shown under it.
#
#     sh scripts/gallery.sh [path/to/densitas]
#
# Needs the folder of test data in DENSITAS_TEST_DATA.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
data=${DENSITAS_TEST_DATA:?names the folder of test data}/data
densitas=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/release/densitas}")
pictures=$root/docs/gallery
page=$root/docs/gallery.md.part
mkdir -p "$pictures"
# Small files, with letters large enough where a page shows them at half their size.
size="--size 400x300 --scale-factor 1.5"

heading() {
    printf '\n## %s\n\n| | |\n|---|---|\n' "$1" >>"$page"
    column=0
}

cell() {
    # Two pictures a row.
    if [ $column = 0 ]; then printf '| %s |' "$1" >>"$page"; else printf ' %s |\n' "$1" >>"$page"; fi
    column=$((1 - column))
}

row_end() {
    if [ $column = 1 ]; then printf ' |\n' >>"$page"; fi
}

# example NAME TEXT: runs examples/NAME.rs.
example() {
    cargo run --quiet --release --locked --example "$1" -- "$pictures/$1.png" ${3:+"$pictures/$3.png"}
    cell "![](gallery/$1.png) [\`examples/$1.rs\`](../examples/$1.rs): $2"
}

# drawn NAME FOLDER TEXT VERB ARGUMENT...: draws a picture of a file in a folder of the test data.
drawn() {
    name=$1 folder=$2 text=$3
    shift 3
    echo "$name"
    # Each word of the size is an argument.
    # shellcheck disable=SC2086
    (cd "$data/$folder" && "$densitas" "$@" $size --quiet -o "$pictures/$name.png")
    shown=
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./,:=-]*) shown="$shown \"$word\"" ;;
        *) shown="$shown $word" ;;
        esac
    done
    cell "![](gallery/$name.png) \`densitas$shown -o $name.png\`${text:+ · $text}"
}

cat >"$page" <<'END'
# Gallery

Made by `scripts/gallery.sh`: every picture by the command or example that stands under it, the commands with
`--size 400x300 --scale-factor 1.5` too. `densitas recipe F.png` prints how a picture was made.
END

heading "Examples"
example scatter "1,000 points coloured by their density, the densest on top"
example plane_density "density of a plane as a colour mesh"
example spheres "5,000 spheres of diameter 0.07" spheres_masked
cell "![](gallery/spheres_masked.png) the same, every eighth"
example founding_volume "the volume, 30 x 30 x 30 nodes, colours from the minimum to the middle of the range"
example parallel "the same, evaluated by one thread and by all"
example mouse_heatmap "a table (x, y) → count on a screen, smoothed by 16 pixels"
cell "Movies: [\`examples/bivariate_normal.rs\`](../examples/bivariate_normal.rs), 13 correlations as a page that plays; [\`examples/tensor_movie.rs\`](../examples/tensor_movie.rs), limits by percentiles of all layers and a title a frame; [\`examples/celluloid.rs\`](../examples/celluloid.rs), the four movies of celluloid"
row_end

heading "Structures"
drawn chaperonin structures "the 128,780 atoms of PDB 4V8R" render pdb4v8r_h36.pdb --bandwidth 6A
drawn both structures "" render 1ubq.pdb --mode both --select "name CA" --bandwidth 3A
drawn 1ubq structures "ubiquitin, PDB 1UBQ" render 1ubq.pdb
drawn 6wg6 structures "PDB 6WG6" render 6WG6.cif --select "name CA" --theme light
drawn chains structures "a colour for each chain" render 6WG6.cif --select "name CA" --mode points --color-by chain --theme light
drawn elements structures "a colour for each element" render 1ubq.pdb --mode points --color-by element --point-size 2.4 --theme light
row_end

heading "Surfaces, slices, projections, previews"
drawn ribbon structures "a ribbon within the fog, at its true depth" render 1ubq.pdb --select protein --trace ribbon
drawn ribbons structures "a ribbon for each chain within a surface" render 6WG6.cif --mode iso --trace ribbon --theme light
drawn iso structures "surfaces that hold 30 % and 90 % of the mass" render 1ubq.pdb --mode iso --iso mass:0.3,mass:0.9:0.3
drawn slice structures "" render 1ubq.pdb --bandwidth 2A --mode slice --slice z=20 --theme light
drawn bumps structures "a surface of 70 % of the mass" render 1ubq.pdb --bandwidth 2A --mode iso --iso mass:0.7
drawn mip structures "the largest density of each ray" render 1ubq.pdb --mode mip
drawn xray structures "the integral along each ray" render 1ubq.pdb --mode xray --theme light --colormap grey_r
drawn preview structures "as it is seen without green cones" render 1ubq.pdb --colormap turbo --preview deuteranopia
drawn hydrogen volumes "a volume from VTK's data" render hydrogen.vti --scale log --colormap turbo
drawn vase volumes "likewise" render vase_1comp.vti --mode iso --iso 120 --colormap batlow
row_end

heading "Several densities, molecules, finer pictures"
drawn halves structures "two selections, each with its own colours" render 1ubq.pdb --select "resid 1:35" --with "--select 'resid 36:76'"
drawn difference structures "the first half less the second" render 1ubq.pdb --select "resid 1:35" --minus "--select 'resid 36:76'" --theme light
drawn model structures "the molecule within its density" render 1ubq.pdb --mode iso --iso mass:0.8:0.4 --trace ribbon --theme light --accumulate 8
drawn occlusion structures "darker where it is closed in, and fading with distance" render 1ubq.pdb --bandwidth 1.5A --mode iso --ambient-occlusion --depth-cue --accumulate 8
row_end

heading "Microscopy"
drawn storm smlm "STORM, Leterrier lab (CC0)" render ThunderSTORM_TS3D.csv --bandwidth 25nm --bounds 23800,25600,18400,21400,-340,264 --camera 60,55
drawn caulobacter smlm "surface of a bacterium, Moerner lab (CC0)" render CaulobacterC_2_R09_MoernerLab.csv --unit nm --scale-bar
drawn heatmap smlm "two columns, flat" heatmap Training_MEDIUM.csv
drawn heatmap_light smlm "powers of ten on white" heatmap Training_MEDIUM.csv --scale log --theme light
row_end

mv "$page" "$root/docs/gallery.md"
echo "docs/gallery.md"
