//! Transforms along one axis after another.

use bytemuck::{Pod, Zeroable};
use rustfft::num_complex::Complex;

use crate::gpu::Gpu;
use crate::gpu::pass::{Pass, list, structure};

/// Places of two lines of complex numbers, in bytes.
const BYTES_OF_A_PLACE: u32 = 16;
/// What a workgroup holds beside them.
const BYTES_BESIDE: u32 = 16;
/// Most places of a line, if a workgroup has the memory.
const MOST_PLACES: u32 = 2048;
/// Radices of a line, as `common/fourier.wgsl` says.
const MOST_RADICES: usize = 16;

/// `Fourier` of `common/fourier.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub(super) struct FourierUniform {
    pub(super) size: u32,
    pub(super) radices: u32,
    pub(super) sign: f32,
    pub(super) lines: u32,
    pub(super) radix: [u32; MOST_RADICES],
}

/// The most places that lines may have on a device.
pub(super) fn most_places(gpu: &Gpu) -> usize {
    let room = gpu.device.limits().max_compute_workgroup_storage_size - BYTES_BESIDE;
    (room / BYTES_OF_A_PLACE).min(MOST_PLACES) as usize
}

/// The radices of a number of places, 4 before 2, then 3, 5 and 7.
fn radices(mut size: usize) -> Vec<u32> {
    let mut found = Vec::new();
    for radix in [4, 2, 3, 5, 7] {
        while size.is_multiple_of(radix) && size > 1 {
            found.push(radix as u32);
            size /= radix;
        }
    }
    found
}

/// Roundings of f32 that a number takes part in on its way through a transform, at most.
pub(super) fn roundings(size: usize) -> f64 {
    radices(size).into_iter().map(|radix| f64::from(radix) + 4.0).sum()
}

/// The direction of a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From values to waves.
    Forward,
    /// From waves to values.
    Inverse,
}

/// A transform along one axis.
#[derive(Debug)]
pub(super) struct Lines {
    pass: Pass,
    size: usize,
    direction: Direction,
    roots: wgpu::Buffer,
}

impl Lines {
    /// Along an axis of so many places.
    pub(super) fn new(gpu: &Gpu, direction: Direction, axis: usize, size: usize) -> Self {
        let file = match direction {
            Direction::Forward => "density_forward.wgsl",
            Direction::Inverse => "density_inverse.wgsl",
        };
        // No more than are needed, or fewer workgroups run beside each other; in steps, as each is compiled.
        let places = 2.0 * size.next_power_of_two().min(most_places(gpu)) as f64;
        let pass = Pass::new(gpu, file, &[("AXIS", axis as f64), ("PLACES", places)]);
        let turn = std::f64::consts::TAU / size as f64;
        let root = |k: usize| Complex::from_polar(1.0, turn * k as f64);
        let roots: Vec<[f32; 2]> = (0..size).map(root).map(|c| [c.re as f32, c.im as f32]).collect();
        Self { pass, size, direction, roots: list(gpu, "roots", &roots) }
    }

    /// Transforms so many lines; `buffers` are those of the shader behind its own two.
    pub(super) fn run(&self, gpu: &Gpu, lines: usize, buffers: &[&wgpu::Buffer]) {
        let all = radices(self.size);
        let mut radix = [0; MOST_RADICES];
        radix[..all.len()].copy_from_slice(&all);
        let sign = if self.direction == Direction::Forward { -1.0 } else { 1.0 };
        let uniform =
            FourierUniform { size: self.size as u32, radices: all.len() as u32, sign, lines: lines as u32, radix };
        let uniform = structure(gpu, "lines", &uniform);
        self.pass.run(gpu, &[&[&uniform, &self.roots], buffers].concat(), lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radices_multiply_to_the_number_of_places() {
        for size in [2, 4, 30, 128, 210, 1000, 1536, 2048, 686] {
            let all = radices(size);
            assert_eq!(all.iter().product::<u32>(), size as u32);
            assert!(all.len() <= MOST_RADICES && all.iter().all(|r| *r <= 7), "{all:?}");
        }
        assert!(radices(1).is_empty());
    }
}
