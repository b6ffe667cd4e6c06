//! render

pub mod overlay;
