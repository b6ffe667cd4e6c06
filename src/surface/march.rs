//! The sweep over the cells, layer by layer, each by one thread.
//!
//! The grid is taken with one more layer of nodes all round, which lie outside: what the box cuts off is closed there.
//! A first sweep counts what each layer has, a second fills it in, so that nothing is held twice.

use glam::{DMat3, DVec3, Vec3};
use rayon::prelude::*;

use super::table::{TRIANGLES, ends};
use super::{Surface, check_size, nearest_to_node};
use crate::error::Result;
use crate::grid::{DensityGrid, Sample};
use crate::progress::Progress;

/// A density, seen from a level.
pub(super) struct Field<'a, T: Sample> {
    grid: &'a DensityGrid<T>,
    /// -1 where what is low lies inside: of a level below 0.
    sign: f64,
    /// Times the sign.
    level: f64,
    /// The ways from one sample to the next.
    steps: DMat3,
    /// From derivatives along the axes of the grid to the gradient.
    to_gradient: DMat3,
    nearest: f64,
    /// Nodes along each axis with those all round.
    shape: [usize; 3],
}

impl<'a, T: Sample> Field<'a, T> {
    pub(super) fn new(grid: &'a DensityGrid<T>, level: f64, steps: DMat3) -> Result<Self> {
        let nearest = nearest_to_node(grid, &steps)?;
        let shape = grid.lattice.shape.map(|n| n + 2);
        let sign = if level < 0.0 { -1.0 } else { 1.0 };
        Ok(Self { grid, sign, level: sign * level, steps, to_gradient: steps.inverse().transpose(), nearest, shape })
    }

    /// Which nodes of a layer lie inside.
    fn layer(&self, k: usize) -> Layer {
        let [nx, ny, _] = self.shape;
        let [own_x, own_y, own_z] = self.grid.lattice.shape;
        let mut layer = Layer { inside: vec![false; nx * ny], rows: vec![Row::Outside; ny] };
        if k == 0 || k > own_z {
            return layer;
        }
        let values = &self.grid.values[(k - 1) * own_x * own_y..][..own_x * own_y];
        for (j, row) in values.chunks_exact(own_x).enumerate() {
            let inside = &mut layer.inside[(j + 1) * nx + 1..][..own_x];
            let mut any = false;
            for (inside, value) in inside.iter_mut().zip(row) {
                *inside = self.sign * value.to_f64() >= self.level;
                any |= *inside;
            }
            if any {
                layer.rows[j + 1] = Row::Mixed;
            }
        }
        layer
    }

    /// The value at a node, times the sign; none all round.
    fn value(&self, node: [usize; 3]) -> Option<f64> {
        let own = self.grid.lattice.shape;
        if (0..3).any(|axis| node[axis] == 0 || node[axis] > own[axis]) {
            return None;
        }
        let [i, j, k] = node.map(|n| n - 1);
        Some(self.sign * self.grid.values[i + own[0] * (j + own[1] * k)].to_f64())
    }

    /// Derivatives at a node of the grid along its axes, per step: central, at the border one-sided.
    fn slope(&self, node: [usize; 3]) -> DVec3 {
        let here = self.value(node).unwrap_or(f64::NAN);
        DVec3::from_array(std::array::from_fn(|axis| {
            let beside = |n: usize| {
                let mut other = node;
                other[axis] = n;
                self.value(other).filter(|v| v.is_finite())
            };
            match (beside(node[axis] - 1), beside(node[axis] + 1)) {
                (Some(below), Some(above)) => 0.5 * (above - below),
                (Some(below), None) => here - below,
                (None, Some(above)) => above - here,
                (None, None) => 0.0,
            }
        }))
    }

    /// Place and normal of the vertex between a node and the next along an axis.
    fn vertex(&self, node: [usize; 3], axis: usize) -> (DVec3, Vec3) {
        let mut next = node;
        next[axis] += 1;
        let (a, b) = (self.value(node), self.value(next));
        let (share, slope) = match (a, b) {
            (Some(a), Some(b)) => {
                let share = (self.level - a) / (b - a);
                let share = if share.is_finite() { share.clamp(self.nearest, 1.0 - self.nearest) } else { 0.5 };
                (share, self.slope(node).lerp(self.slope(next), share))
            }
            // A cap: just outside of the border.
            (Some(_), None) => (self.nearest, -DVec3::AXES[axis]),
            _ => (1.0 - self.nearest, DVec3::AXES[axis]),
        };
        let mut index = DVec3::from_array(node.map(|n| n as f64 - 1.0));
        index[axis] += share;
        let outward = if a.is_some_and(|a| a >= self.level) { self.steps.col(axis) } else { -self.steps.col(axis) };
        let gradient = self.to_gradient * slope;
        let normal = (-gradient).try_normalize().unwrap_or_else(|| outward.normalize());
        (self.grid.lattice.origin + self.steps * index, normal.as_vec3())
    }

    /// Whether a cell lies outside the box of the grid.
    fn is_cap(&self, cell: [usize; 3]) -> bool {
        (0..3).any(|axis| cell[axis] == 0 || cell[axis] + 2 == self.shape[axis])
    }
}

/// What a layer of nodes is.
struct Layer {
    /// x fastest.
    inside: Vec<bool>,
    rows: Vec<Row>,
}

/// What is known of a row of nodes without looking at it.
#[derive(Clone, Copy, PartialEq)]
enum Row {
    Outside,
    Mixed,
}

impl Layer {
    /// Calls `f` with each edge along x (0) and y (1) that has a vertex, and its lower node, in the order of numbers.
    fn flat_edges(&self, nx: usize, mut f: impl FnMut(usize, usize)) {
        for (j, &row) in self.rows.iter().enumerate() {
            let above = self.rows.get(j + 1).copied().unwrap_or(Row::Outside);
            if row == Row::Outside && above == Row::Outside {
                continue;
            }
            for at in j * nx..j * nx + nx - 1 {
                let here = self.inside[at];
                if here != self.inside[at + 1] {
                    f(at, 0);
                }
                if here != self.inside.get(at + nx).copied().unwrap_or(false) {
                    f(at, 1);
                }
            }
        }
    }

    /// Calls `f` with the lower node of each edge to the next layer that has a vertex, in the order of numbers.
    fn upright_edges(&self, above: &Self, nx: usize, mut f: impl FnMut(usize)) {
        for j in 0..self.rows.len() {
            if self.rows[j] == Row::Outside && above.rows[j] == Row::Outside {
                continue;
            }
            for at in j * nx..(j + 1) * nx {
                if self.inside[at] != above.inside[at] {
                    f(at);
                }
            }
        }
    }

    /// Calls `f` with each cell up to the next layer that the surface passes, by its lowest node, and its case.
    fn cells(&self, above: &Self, nx: usize, mut f: impl FnMut(usize, usize)) {
        let four = |at: usize| {
            let bit = |layer: &Self, at: usize, bit: usize| usize::from(layer.inside[at]) << bit;
            bit(self, at, 0) | bit(self, at + nx, 2) | bit(above, at, 4) | bit(above, at + nx, 6)
        };
        for j in 0..self.rows.len() - 1 {
            let rows = [self.rows[j], self.rows[j + 1], above.rows[j], above.rows[j + 1]];
            if rows == [Row::Outside; 4] {
                continue;
            }
            let mut left = four(j * nx);
            for at in j * nx..(j + 1) * nx - 1 {
                let right = four(at + 1);
                let case = left | right << 1;
                if case != 0 && case != 255 {
                    f(at, case);
                }
                left = right;
            }
        }
    }
}

/// How much a layer of cells has, with the nodes below it.
#[derive(Clone, Copy, Default)]
struct Count {
    flat: u64,
    upright: u64,
    triangles: u64,
}

/// The surface of a field.
pub(super) fn surface<T: Sample>(field: &Field<'_, T>, progress: &dyn Progress) -> Result<Surface> {
    let layers = field.shape[2] - 1;
    progress.begin("surface", 2 * layers as u64);
    let counts: Vec<Count> = (0..layers).into_par_iter().map(|k| count(field, k, progress)).collect::<Result<_>>()?;
    let vertices = counts.iter().map(|c| c.flat + c.upright).sum();
    let triangles = counts.iter().map(|c| c.triangles).sum();
    check_size(vertices, triangles)?;
    let mut surface = Surface {
        level: field.sign * field.level,
        positions: vec![DVec3::ZERO; vertices as usize],
        normals: vec![Vec3::ZERO; vertices as usize],
        triangles: vec![[0; 3]; triangles as usize],
        cap_area: 0.0,
        unit: field.grid.unit,
    };
    let mut parts = parts(&mut surface, &counts);
    let caps: Vec<f64> = parts.par_iter_mut().map(|part| part.fill(field, progress)).collect::<Result<_>>()?;
    surface.cap_area = caps.iter().sum();
    Ok(surface)
}

fn count<T: Sample>(field: &Field<'_, T>, k: usize, progress: &dyn Progress) -> Result<Count> {
    progress.check()?;
    let (below, above, nx) = (field.layer(k), field.layer(k + 1), field.shape[0]);
    let mut count = Count::default();
    below.flat_edges(nx, |_, _| count.flat += 1);
    below.upright_edges(&above, nx, |_| count.upright += 1);
    below.cells(&above, nx, |_, case| count.triangles += TRIANGLES[case].len() as u64);
    progress.advance(1);
    Ok(count)
}

/// What one layer of cells fills in.
struct Part<'a> {
    k: usize,
    /// The number of the first vertex of the layer; those on upright edges follow those on flat ones.
    first: u64,
    count: Count,
    positions: &'a mut [DVec3],
    normals: &'a mut [Vec3],
    triangles: &'a mut [[u32; 3]],
}

fn parts<'a>(surface: &'a mut Surface, counts: &[Count]) -> Vec<Part<'a>> {
    let (mut positions, mut normals) = (&mut surface.positions[..], &mut surface.normals[..]);
    let mut triangles = &mut surface.triangles[..];
    let mut first = 0;
    let mut parts = Vec::with_capacity(counts.len());
    for (k, &count) in counts.iter().enumerate() {
        let vertices = (count.flat + count.upright) as usize;
        parts.push(Part {
            k,
            first,
            count,
            positions: positions.split_off_mut(..vertices).expect("the counts add up"),
            normals: normals.split_off_mut(..vertices).expect("the counts add up"),
            triangles: triangles.split_off_mut(..count.triangles as usize).expect("the counts add up"),
        });
        first += vertices as u64;
    }
    parts
}

/// The numbers of the vertices on the edges that begin at the nodes of a layer.
struct Numbers {
    flat: [Vec<u32>; 2],
    upright: Vec<u32>,
}

impl Numbers {
    fn flat(layer: &Layer, nx: usize, first: u64) -> Self {
        let nodes = layer.inside.len();
        let mut numbers = Self { flat: [vec![0; nodes], vec![0; nodes]], upright: Vec::new() };
        let mut next = first as u32;
        layer.flat_edges(nx, |at, axis| {
            numbers.flat[axis][at] = next;
            next = next.wrapping_add(1);
        });
        numbers
    }

    fn and_upright(mut self, layer: &Layer, above: &Layer, nx: usize, first: u64) -> Self {
        self.upright = vec![0; layer.inside.len()];
        let mut next = first as u32;
        layer.upright_edges(above, nx, |at| {
            self.upright[at] = next;
            next = next.wrapping_add(1);
        });
        self
    }
}

impl Part<'_> {
    /// Fills in the layer; gives the area of the caps.
    fn fill<T: Sample>(&mut self, field: &Field<'_, T>, progress: &dyn Progress) -> Result<f64> {
        progress.check()?;
        let (below, above, nx) = (field.layer(self.k), field.layer(self.k + 1), field.shape[0]);
        self.fill_vertices(field, &below, &above);
        let upright = self.first + self.count.flat;
        let numbers = Numbers::flat(&below, nx, self.first).and_upright(&below, &above, nx, upright);
        let numbers = [numbers, Numbers::flat(&above, nx, upright + self.count.upright)];
        let mut written = 0;
        let mut caps = 0.0;
        // Left-handed steps turn the triangles round.
        let order = if field.steps.determinant() > 0.0 { [0, 1, 2] } else { [0, 2, 1] };
        below.cells(&above, nx, |at, case| {
            let cell = [at % nx, at / nx, self.k];
            for triangle in &TRIANGLES[case] {
                let edges = order.map(|n| usize::from(triangle[n]));
                self.triangles[written] = edges.map(|edge| number_of(edge, at, nx, &numbers));
                written += 1;
                if field.is_cap(cell) {
                    caps += area(edges.map(|edge| place_of(field, edge, cell)));
                }
            }
        });
        progress.advance(1);
        Ok(caps)
    }

    fn fill_vertices<T: Sample>(&mut self, field: &Field<'_, T>, below: &Layer, above: &Layer) {
        let (nx, k, mut written) = (field.shape[0], self.k, 0);
        let mut put = |at: usize, axis: usize| {
            (self.positions[written], self.normals[written]) = field.vertex([at % nx, at / nx, k], axis);
            written += 1;
        };
        below.flat_edges(nx, &mut put);
        below.upright_edges(above, nx, |at| put(at, 2));
    }
}

/// The number of the vertex on an edge of the cell whose lowest node is `at`; `numbers` are those of the layers below and
/// above.
fn number_of(edge: usize, at: usize, nx: usize, numbers: &[Numbers; 2]) -> u32 {
    let corner = ends(edge)[0];
    let at = at + (corner & 1) + nx * (corner >> 1 & 1);
    match edge / 4 {
        2 => numbers[0].upright[at],
        axis => numbers[corner >> 2].flat[axis][at],
    }
}

/// The place of the vertex on an edge of a cell.
fn place_of<T: Sample>(field: &Field<'_, T>, edge: usize, cell: [usize; 3]) -> DVec3 {
    let corner = ends(edge)[0];
    field.vertex([0, 1, 2].map(|axis| cell[axis] + (corner >> axis & 1)), edge / 4).0
}

fn area([a, b, c]: [DVec3; 3]) -> f64 {
    0.5 * (b - a).cross(c - a).length()
}
