//! The same sums on a graphics device: points are gathered block by block, transformed line by line in the memory of
//! workgroups, damped by the kernel, and transformed back onto the nodes, where they can stay.
//!
//! All is computed in f32. Neither atomic sums of floats nor subgroups are used; two runs on one device give the same
//! bytes. Work is cut into pieces by the largest buffer that the device binds.

mod lines;
mod spread;

use bytemuck::{Pod, Zeroable};
use glam::DVec3;

use crate::error::{Error, Result};
use crate::gpu::pass::{empty, list, structure};
use crate::gpu::{Gpu, ROW, Samples};
use crate::kde::kernel::Kernel;
use crate::kde::spectral::fourier::{Onto, waves};
use crate::kde::spectral::{Frame, Spectrum};
use crate::progress::{Progress, Within};
use lines::{Direction, Lines, most_places};
use spread::{MOST_TAPS, Spreading};

/// Buffers are no longer than this, whatever the device binds.
const MOST_BYTES: u64 = 1 << 30;
/// What all rounding in f32 comes to, as a share of the largest density over space: an estimate, twice what the
/// tests allow.
pub(in crate::kde) const ROUNDING: f64 = 1e-6;
/// Roundings of an f32 on the way from a point to the taps of a window, beside those of each power: place, weight, products.
const ROUNDINGS_OF_A_POINT: f64 = 8.0;
/// Bytes of a complex number.
const COMPLEX: u64 = 8;

/// How long a buffer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kde) struct Pieces {
    bytes: u64,
}

impl Pieces {
    /// As long as a device binds.
    pub(in crate::kde) fn of(gpu: &Gpu) -> Self {
        let limits = gpu.device.limits();
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        Self { bytes: most.min(MOST_BYTES) }
    }

    /// So many bytes at most.
    #[cfg(test)]
    pub(in crate::kde) fn at_most(self, bytes: u64) -> Self {
        Self { bytes: self.bytes.min(bytes) }
    }

    /// As long as they are.
    pub(in crate::kde) fn whole(self) -> Self {
        self
    }

    /// An eighth, where memory ran out.
    pub(in crate::kde) fn shorter(self) -> Self {
        Self { bytes: self.bytes / 8 }
    }
}

/// `Forward` of `density_forward.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
struct ForwardUniform {
    nodes: [u32; 3],
    pad0: u32,
    most: [u32; 3],
    pad1: u32,
}

/// `Inverse` of `density_inverse.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
struct InverseUniform {
    wanted: [u32; 3],
    stride: u32,
    most: [u32; 3],
    first: u32,
    kept: [u32; 3],
    layers: u32,
    squares: [f32; 3],
    scale: f32,
    products: [f32; 3],
    pad0: u32,
}

/// How many points there are, the position of each, and its weight.
pub(in crate::kde) type Points<P, W> = (usize, P, W);

/// The waves of a set of points on a device.
#[derive(Debug)]
pub(in crate::kde) struct Waves {
    frame: Frame,
    pieces: Pieces,
    /// As of [`Spectrum`].
    waves: wgpu::Buffer,
    /// What the weights are divided by.
    weight: f64,
    back: [Lines; 3],
}

impl Frame {
    /// Why a device cannot work with the frame in such pieces.
    pub(in crate::kde) fn obstacle(&self, gpu: &Gpu, pieces: Pieces) -> Option<String> {
        let (nodes, kept) = (self.nodes().map(|n| n as u64), self.most().map(|n| n as u64));
        let [kx, ky, kz] = [kept[0] + 1, 2 * kept[1] + 1, 2 * kept[2] + 1];
        let most = most_places(gpu);
        let longest = self.nodes().into_iter().chain(self.onto.size).max().unwrap_or(0);
        let least = COMPLEX * [kx * nodes[1] * nodes[2], kx * ky * nodes[2], kx * ky * kz].into_iter().max()?;
        let layer = self.bytes_of_layer();
        if self.dimensions != 3 {
            return Some("it is one of a plane".into());
        }
        if self.window.taps > MOST_TAPS {
            return Some(format!("the error needs a window of {} nodes, and {MOST_TAPS} can be had", self.window.taps));
        }
        if longest > most {
            return Some(format!("it needs {longest} nodes along an axis, and {most} fit into a workgroup"));
        }
        let bytes = least.max(layer);
        (bytes > pieces.bytes).then(|| {
            format!("it needs {} MiB in one buffer, and {} MiB can be bound", (bytes >> 20) + 1, pieces.bytes >> 20)
        })
    }

    /// As [`Frame::bound`] of so many points where all is computed in f32: sums, transforms there, damping, transforms back.
    /// To first order, and far above what happens.
    pub(in crate::kde) fn bound_in_single(&self, kernel: &Kernel, points: usize) -> f64 {
        let transforms: f64 = self.nodes().into_iter().chain(self.onto.size).map(lines::roundings).sum();
        let window = ROUNDINGS_OF_A_POINT + 6.0 * self.window.degree() as f64;
        let roundings = transforms + spread::terms(points) + window;
        let magnitude = self.magnitude_of_point(kernel);
        self.bound_of_sums(kernel, false) + roundings * f64::from(f32::EPSILON) * magnitude
    }

    /// Bytes of one layer in the longest of the buffers that values go through.
    fn bytes_of_layer(&self) -> u64 {
        let kept = self.most().map(|n| n as u64);
        let [kx, ky] = [kept[0] + 1, 2 * kept[1] + 1];
        let [wx, wy, _] = self.onto.wanted;
        let stride = wx.next_multiple_of(ROW) as u64;
        [COMPLEX * kx * ky, COMPLEX * kx * wy as u64, 4 * stride * wy as u64].into_iter().max().unwrap_or(0)
    }

    /// What all numbers of a kernel's damping come to, if f32 has them.
    fn scale(&self, kernel: &Kernel, weight: f64) -> Option<f32> {
        let scale = 1.0 / (self.volume() * weight * kernel.peak);
        (scale as f32).is_normal().then_some(scale as f32)
    }
}

impl Waves {
    /// Of points with weights of this sum.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted); [`Error::Gpu`] if the device fails or has no room.
    pub(in crate::kde) fn of_points(
        gpu: &Gpu,
        frame: Frame,
        pieces: Pieces,
        (count, position, weight): Points<impl Fn(usize) -> DVec3 + Sync, impl Fn(usize) -> f64 + Sync>,
        sum_of_weights: f64,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let nodes = frame.nodes();
        let spreading = Spreading::new(gpu, pieces, &frame.window, nodes);
        gpu.check()?;
        let item = |i: usize| frame.in_nodes(position(i), &frame.reach).map(|[x, y, z]| [x, y, z, weight(i)]);
        spreading.add(count, item, progress)?;
        let waves = forward(gpu, &frame, &spreading.grid);
        gpu.wait()?;
        Ok(Self::new(gpu, frame, pieces, waves, sum_of_weights))
    }

    /// Those of a spectrum.
    pub(in crate::kde) fn of_spectrum(gpu: &Gpu, frame: &Frame, pieces: Pieces, spectrum: &Spectrum) -> Self {
        let scale = 1.0 / spectrum.weight;
        let waves: Vec<[f32; 2]> =
            spectrum.waves.iter().map(|c| [(c.re * scale) as f32, (c.im * scale) as f32]).collect();
        Self::new(gpu, frame.clone(), pieces, list(gpu, "waves", &waves), 1.0)
    }

    fn new(gpu: &Gpu, frame: Frame, pieces: Pieces, waves: wgpu::Buffer, weight: f64) -> Self {
        let back = [0, 1, 2].map(|a| Lines::new(gpu, Direction::Inverse, a, frame.onto.size[a]));
        Self { frame, pieces, waves, weight, back }
    }

    /// As [`Frame::largest`], as a density.
    ///
    /// # Errors
    /// As [`Waves::onto_nodes`].
    pub(in crate::kde) fn largest(&self, gpu: &Gpu, kernel: &Kernel, progress: &dyn Progress) -> Result<f64> {
        let onto = Onto { size: self.frame.nodes(), wanted: self.frame.nodes() };
        let frame = Frame { onto, ..self.frame.clone() };
        let all = Self::new(gpu, frame, self.pieces, self.waves.clone(), self.weight);
        let found = all.onto_nodes(gpu, kernel, &Within(progress))?.largest()?;
        Ok(f64::from(found) * kernel.peak * self.frame.missed(kernel))
    }

    /// The frame.
    pub(in crate::kde) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The density of a kernel at the nodes of the frame's lattice, as shares of the kernel's peak.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted); [`Error::Gpu`] if the device fails or has no room.
    pub(in crate::kde) fn onto_nodes(&self, gpu: &Gpu, kernel: &Kernel, progress: &dyn Progress) -> Result<Samples> {
        let shape = self.frame.onto.wanted;
        let stride = shape[0].next_multiple_of(ROW);
        let (mut slabs, largest) = (Vec::new(), empty(gpu, "largest", 4));
        let mut uniform = self.damping(kernel, stride)?;
        let [kx, ky] = [uniform.most[0] as usize + 1, 2 * uniform.most[1] as usize + 1];
        let at_once = (self.pieces.bytes / self.frame.bytes_of_layer()).clamp(1, shape[2] as u64) as usize;
        let of_z = empty(gpu, "nodes of z", COMPLEX * (at_once * kx * ky) as u64);
        let of_yz = empty(gpu, "nodes of y and z", COMPLEX * (at_once * kx * shape[1]) as u64);
        for first in (0..shape[2]).step_by(at_once) {
            progress.check()?;
            let layers = at_once.min(shape[2] - first);
            (uniform.first, uniform.layers) = (first as u32, layers as u32);
            let own = structure(gpu, "inverse", &uniform);
            let slab = empty(gpu, "values", (4 * layers * shape[1] * stride) as u64);
            let [x, y, z] = &self.back;
            z.run(gpu, kx * ky, &[&own, &self.waves, &of_z, &largest]);
            y.run(gpu, layers * kx, &[&own, &of_z, &of_yz, &largest]);
            x.run(gpu, layers * shape[1].div_ceil(2), &[&own, &of_yz, &slab, &largest]);
            slabs.push(slab);
            gpu.check()?;
            progress.advance(layers as u64);
        }
        Ok(Samples::new(gpu, slabs, largest, shape))
    }

    fn damping(&self, kernel: &Kernel, stride: usize) -> Result<InverseUniform> {
        let frame = &self.frame;
        let Some(scale) = frame.scale(kernel, self.weight) else {
            return Err(Error::Gpu("the number of kernels that fit into the box is beyond f32".into()));
        };
        let unit = DVec3::from(frame.axes.map(|axis| std::f64::consts::TAU / axis.period()));
        let m = kernel.covariance * (-0.5 * std::f64::consts::LOG2_E);
        let squares = DVec3::new(m.x_axis.x, m.y_axis.y, m.z_axis.z) * unit * unit;
        let products =
            2.0 * DVec3::new(m.y_axis.z * unit.y * unit.z, m.x_axis.z * unit.x * unit.z, m.x_axis.y * unit.x * unit.y);
        let most = [0, 1, 2].map(|a| frame.axes[a].most_of(kernel.steepest()[a], frame.error) as u32);
        Ok(InverseUniform {
            wanted: frame.onto.wanted.map(|n| n as u32),
            stride: stride as u32,
            most,
            first: 0,
            kept: frame.most().map(|n| n as u32),
            layers: 0,
            squares: squares.as_vec3().to_array(),
            scale,
            products: products.as_vec3().to_array(),
            pad0: 0,
        })
    }
}

/// From a grid of sums to its waves, divided by the window's transform and with phases at the reference.
fn forward(gpu: &Gpu, frame: &Frame, grid: &wgpu::Buffer) -> wgpu::Buffer {
    let (nodes, most) = (frame.nodes(), frame.most());
    let [kx, ky, kz] = [most[0] + 1, 2 * most[1] + 1, 2 * most[2] + 1];
    let uniform = ForwardUniform { nodes: nodes.map(|n| n as u32), pad0: 0, most: most.map(|n| n as u32), pad1: 0 };
    let own = structure(gpu, "forward", &uniform);
    let factors: Vec<[f32; 2]> =
        (0..3).flat_map(|a| frame.corrections(a)).map(|c| [c.re as f32, c.im as f32]).collect();
    debug_assert_eq!(factors.len(), kx + waves(most[1]).count() + waves(most[2]).count());
    let corrections = list(gpu, "corrections", &factors);
    let room = |label, count: usize| empty(gpu, label, COMPLEX * count as u64);
    let of_x = room("waves of x", kx * nodes[1] * nodes[2]);
    let of_xy = room("waves of x and y", kx * ky * nodes[2]);
    let all = room("waves", kx * ky * kz);
    let [x, y, z] = [0, 1, 2].map(|a| Lines::new(gpu, Direction::Forward, a, nodes[a]));
    x.run(gpu, nodes[1] / 2 * nodes[2], &[&own, grid, &of_x, &corrections]);
    y.run(gpu, nodes[2] * kx, &[&own, &of_x, &of_xy, &corrections]);
    z.run(gpu, kx * ky, &[&own, &of_xy, &all, &corrections]);
    all
}

#[cfg(test)]
mod tests {
    use super::lines::FourierUniform;
    use super::spread::{GatherUniform, Group, SpreadUniform};
    use super::*;
    use crate::gpu::assert_same_layout;

    #[test]
    fn structures_are_laid_out_as_the_shaders_read_them() {
        assert_same_layout!(FourierUniform, "density_forward.wgsl", "Fourier", size, radices, sign, lines, radix);
        assert_same_layout!(ForwardUniform, "density_forward.wgsl", "Forward", nodes, pad0, most, pad1);
        assert_same_layout!(
            InverseUniform,
            "density_inverse.wgsl",
            "Inverse",
            wanted,
            stride,
            most,
            first,
            kept,
            layers,
            squares,
            scale,
            products,
            pad0
        );
        assert_same_layout!(SpreadUniform, "density_spread.wgsl", "Spread", groups, degree, pad0, pad1);
        assert_same_layout!(GatherUniform, "density_gather.wgsl", "Gather", nodes, first, blocks, groups);
        assert_same_layout!(Group, "density_spread.wgsl", "Group", firsts, counts);
    }
}
