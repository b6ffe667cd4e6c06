// Cells of 8 x 8 x 8 voxels: how many steps one sample may stand for in each.

// Voxels along the side of a cell.
const CELL: i32 = 8;

// What a cell holds that no ray shows.
const EMPTY: u32 = 0u;
