// Blocks of 8 x 8 x 8 nodes.

const BLOCK: u32 = 8u;
