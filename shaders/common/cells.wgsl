// Cells of 8 x 8 x 8 voxels: how many steps one sample may stand for in each.

// Voxels along the side of a cell.
const CELL: i32 = 8;

// Cells along each axis of a density of so many nodes.
fn cells_along(nodes: vec3<u32>) -> vec3<u32> {
    return (nodes - 2u) / u32(CELL) + 1u;
}

// Where a cell stands in a list of all, x fastest.
fn place_of_cell(cell: vec3<u32>, cells: vec3<u32>) -> u32 {
    return (cell.z * cells.y + cell.y) * cells.x + cell.x;
}

// Where it stands in a texture of rows of CELLS_A_ROW.
fn texel_of_cell(place: u32) -> vec2<u32> {
    return vec2<u32>(place % CELLS_A_ROW, place / CELLS_A_ROW);
}

const CELLS_A_ROW: u32 = 1024u;

// What a cell holds that no ray shows.
const EMPTY: u32 = 0u;
