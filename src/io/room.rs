//! Memory for many points.

use glam::DVec3;

use crate::memory::prefer_large_pages;

/// `count` zeros, of which the system gives each page as it is written to.
pub(super) fn zeroed(count: usize) -> Vec<DVec3> {
    let room = bytemuck::zeroed_vec(count);
    prefer_large_pages(&room);
    room
}

/// Makes room for `more` points.
pub(super) fn reserve(room: &mut Vec<DVec3>, more: usize) {
    let before = room.capacity();
    room.reserve_exact(more);
    if room.capacity() > before {
        prefer_large_pages(room);
    }
}
