// By depth in one pass, where the adapter has atomic operations on 64 bits: the nearest depth with the
// number of the point that has it. The larger, the nearer, as in `common/offer.wgsl`, and of equally near points
// the last.

#import common/slots.wgsl

// Depth in the upper half, number from 1 in the lower; 0: nothing.
@group(2) @binding(2) var<storage, read_write> nearest: array<atomic<u64>>;

fn offer(slot: u32, near: u32, number: u32) {
    let offered = (u64(near) << 32u) | u64(number);
    // Most are hidden, and to look is cheaper.
    if is_behind(slot, near, number) && atomicLoad(&nearest[slot]) < offered {
        atomicMax(&nearest[slot], offered);
    }
}
