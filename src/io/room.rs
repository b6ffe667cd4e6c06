//! Memory for many points.

use glam::DVec3;

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

/// Asks the system for large pages, which halve the time to fill hundreds of megabytes.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "only Linux is asked"))]
fn prefer_large_pages(room: &Vec<DVec3>) {
    #[cfg(target_os = "linux")]
    {
        const LARGE: usize = 2 << 20;
        let begin = (room.as_ptr() as usize).next_multiple_of(LARGE);
        let end = (room.as_ptr() as usize + room.capacity() * size_of::<DVec3>()) & !(LARGE - 1);
        if begin < end {
            // SAFETY: the range lies within what `room` owns; the advice changes no contents, and may be ignored.
            unsafe { libc::madvise(begin as *mut libc::c_void, end - begin, libc::MADV_HUGEPAGE) };
        }
    }
}
