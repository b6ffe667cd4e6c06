//! What a surface measures.

use super::Surface;

/// What a surface measures, in the unit of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Area, without caps.
    pub area: f64,
    /// Volume enclosed, with caps.
    pub volume: f64,
    /// How many pieces hang together.
    pub pieces: usize,
}

impl Surface {
    /// Area, enclosed volume and pieces.
    pub fn measures(&self) -> Measures {
        // From a point nearby: far from 0 the sum would lose its digits.
        let about = self.positions.first().copied().unwrap_or_default();
        let (mut area, mut volume) = (0.0, 0.0);
        for triangle in &self.triangles {
            let [a, b, c] = triangle.map(|v| self.positions[v as usize] - about);
            let normal = (b - a).cross(c - a);
            area += 0.5 * normal.length();
            volume += a.dot(normal) / 6.0;
        }
        Measures { area: area - self.cap_area, volume, pieces: self.pieces() }
    }

    /// How many pieces hang together by their edges.
    fn pieces(&self) -> usize {
        // Each vertex points to one of its piece with a lower number, the first to itself.
        let mut towards: Vec<u32> = (0..self.positions.len() as u32).collect();
        let mut pieces = towards.len();
        for [a, b, c] in &self.triangles {
            for (a, b) in [(a, b), (a, c)] {
                let (a, b) = (first_of(&mut towards, *a), first_of(&mut towards, *b));
                towards[a.max(b) as usize] = a.min(b);
                pieces -= usize::from(a != b);
            }
        }
        pieces
    }
}

/// The first vertex of a piece; ways there are halved as they are gone.
fn first_of(towards: &mut [u32], mut vertex: u32) -> u32 {
    while towards[vertex as usize] != vertex {
        let next = towards[towards[vertex as usize] as usize];
        towards[vertex as usize] = next;
        vertex = next;
    }
    vertex
}
