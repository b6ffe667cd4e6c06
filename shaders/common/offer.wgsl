// Finds for each sample of each pixel the point that is seen there, in one pass or two.
//
// By depth: the spheres leave their nearest depths, then the point that has the nearest depth is
// looked for. By density: points come in ascending order of density, and the last one stays. Both only
// ever take the largest of what is offered, so the order in which spheres are drawn does not matter.

#import common/slots.wgsl

// The larger, the nearer; 0: nothing.
@group(2) @binding(2) var<storage, read_write> nearest: array<atomic<u32>>;
// Number of the point, from 1; 0: none.
@group(2) @binding(3) var<storage, read_write> winner: array<atomic<u32>>;

fn offer(slot: u32, near: u32, number: u32) {
    if !BY_DEPTH {
        if atomicLoad(&winner[slot]) < number {
            atomicMax(&winner[slot], number);
        }
    } else if glyphs.claiming == 0u {
        if is_behind(slot, near, number) && atomicLoad(&nearest[slot]) < near {
            atomicMax(&nearest[slot], near);
        }
    } else if atomicLoad(&nearest[slot]) == near && is_behind(slot, near, number) {
        atomicMax(&winner[slot], number);
    }
}
