//! Any bytes, read as an input called t.plt.
#![no_main]

densitas_fuzz::target!("t.plt");
