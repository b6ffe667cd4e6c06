//! The program: the library's command line, and the window above it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::process::ExitCode;

/// Memory of the system; where it has none left, the program ends with a line that says so, not by a signal.
struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

/// What a smaller piece lacks is left to the caller.
const LARGE: usize = 1 << 16;

// SAFETY: all is the system's; what is refused ends the program.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.realloc(old, layout, size) }, size)
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(old, layout) }
    }
}

fn given(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() && size >= LARGE {
        let mib = size as f64 / f64::from(1 << 20);
        let way_out = "take fewer points, a smaller --grid or a larger --spacing, or give the program more memory";
        let _ = writeln!(std::io::stderr(), "error: {mib:.0} MiB of memory cannot be had; {way_out}");
        densitas::io::atomic::remove_unfinished();
        std::process::exit(1);
    }
    memory
}

fn main() -> ExitCode {
    densitas::cli::run(std::env::args_os(), densitas::app::open, densitas::app::play)
}
