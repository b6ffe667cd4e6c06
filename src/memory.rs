//! Memory for large arrays.

use std::sync::{Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

/// Bytes.
pub(crate) const GIB: f64 = 1_073_741_824.0;
/// Share of the free memory that may be used.
const SHARE: f64 = 0.75;
/// Free memory assumed where the system does not tell, in bytes.
const UNKNOWN: f64 = 8.0 * GIB;

/// Bytes of memory that may be used.
pub(crate) fn usable_memory() -> f64 {
    free_memory().min(room_for_addresses()) * SHARE
}

/// Bytes of memory the system can still give.
fn free_memory() -> f64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = info.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix("kB"));
    kib.and_then(|k| k.trim().parse::<f64>().ok()).map_or(UNKNOWN, |k| k * 1024.0)
}

/// Bytes that are left of a limit of the process (`ulimit -v`), if there is one.
fn room_for_addresses() -> f64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space")?.split_whitespace().next());
    let Some(limit) = limit.and_then(|n| n.parse::<f64>().ok()) else { return f64::INFINITY };
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let used = pages.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
    (limit - used * PAGE as f64).max(0.0)
}

/// Bytes of a large page.
const LARGE: usize = 2 << 20;
/// Bytes of the smallest page there is.
const PAGE: usize = 4 << 10;

/// `count` zeros in pages that are there already, given by the system to all threads at a time. Pages that it gives as they
/// are used come one by one, and where they are read before they are written to, twice, with a word to all processors.
/// Large pages are not asked for: of memory that a virtual machine has handed back to its host they come ten times as slow.
pub(crate) fn zeros<T: Zeroable + Send>(count: usize) -> Vec<T> {
    let mut values: Vec<T> = bytemuck::zeroed_vec(count);
    if size_of_val(&values[..]) >= LARGE {
        let in_page = PAGE / size_of::<T>();
        values.par_chunks_mut(LARGE / size_of::<T>()).for_each(|large| {
            for page in large.chunks_mut(in_page) {
                *std::hint::black_box(&mut page[0]) = T::zeroed();
            }
        });
    }
    values
}

/// `count` numbers, whatever they are, in the memory of others if that is enough.
pub(crate) fn reused<U: Pod, T: Pod + Send>(old: Vec<U>, count: usize) -> Vec<T> {
    match bytemuck::try_cast_vec::<U, T>(old) {
        Ok(mut room) if room.capacity() >= count => {
            room.resize(count, T::zeroed());
            room
        }
        _ => zeros(count),
    }
}

/// Asks the system for large pages for all that `room` may hold, which halve the time to fill hundreds of megabytes.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "only Linux is asked"))]
pub(crate) fn prefer_large_pages<T>(room: &Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        let begin = (room.as_ptr() as usize).next_multiple_of(LARGE);
        let end = (room.as_ptr() as usize + room.capacity() * size_of::<T>()) & !(LARGE - 1);
        if begin < end {
            // SAFETY: the range lies within what `room` owns; the advice changes no contents, and may be ignored.
            unsafe { libc::madvise(begin as *mut libc::c_void, end - begin, libc::MADV_HUGEPAGE) };
        }
    }
}

/// Working memory that tasks take and give back, so that there is hardly more of it than threads.
pub(crate) struct Spare<T>(Mutex<Vec<T>>);

impl<T> Spare<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Some that was given back, or `new`.
    pub(crate) fn take(&self, new: impl FnOnce() -> T) -> T {
        let old = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        old.unwrap_or_else(new)
    }

    /// For others to take.
    pub(crate) fn give(&self, used: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_zero_at_any_length() {
        for count in [0, 1, 511, 262_143, 262_144, 1_000_003] {
            let values: Vec<f64> = zeros(count);
            assert!(values.len() == count && values.iter().all(|v| *v == 0.0));
        }
    }

    #[test]
    fn memory_is_used_again_where_it_is_enough() {
        let old = vec![[1.0; 4]; 10];
        let at = old.as_ptr() as usize;
        let new: Vec<[f64; 2]> = reused(old, 20);
        assert_eq!((new.as_ptr() as usize, new.len()), (at, 20));
        let longer: Vec<f64> = reused(new, 41);
        assert_eq!(longer, [0.0; 41]);
    }

    #[test]
    fn what_was_given_back_is_taken_again() {
        let spare = Spare::new();
        spare.give(7);
        assert_eq!([spare.take(|| 1), spare.take(|| 2)], [7, 2]);
    }
}
