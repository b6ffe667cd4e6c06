//! Parts of a picture, drawn one after the other so that no texture is larger than one of them.

use std::ops::Range;

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Column and row of its first pixel.
    pub origin: [u32; 2],
    /// Columns and rows.
    pub size: [u32; 2],
}

impl Tile {
    /// A whole picture.
    pub fn whole(size: [u32; 2]) -> Self {
        Self { origin: [0, 0], size }
    }

    /// Its rows in the picture.
    pub fn rows(&self) -> Range<u32> {
        self.origin[1]..self.origin[1] + self.size[1]
    }

    /// The bands of at most `side` rows that it is made of, from the top.
    pub fn bands(self, side: u32) -> impl Iterator<Item = Self> {
        self.rows().step_by(side as usize).map(move |row| {
            let rows = side.min(self.rows().end - row);
            Self { origin: [self.origin[0], row], size: [self.size[0], rows] }
        })
    }

    /// The squares of at most `side` pixels that it is made of, row by row.
    pub fn squares(self, side: u32) -> impl Iterator<Item = Self> {
        self.bands(side).flat_map(move |band| {
            let end = band.origin[0] + band.size[0];
            (band.origin[0]..end).step_by(side as usize).map(move |column| {
                let columns = side.min(end - column);
                Self { origin: [column, band.origin[1]], size: [columns, band.size[1]] }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a last tile that is left out, doubled or too large.
    #[test]
    fn squares_cover_every_pixel_once() {
        let (mut seen, mut count) = ([[0; 7]; 5], 0);
        for tile in Tile::whole([7, 5]).squares(3) {
            count += 1;
            for row in tile.rows() {
                for column in tile.origin[0]..tile.origin[0] + tile.size[0] {
                    seen[row as usize][column as usize] += 1;
                }
            }
        }
        assert_eq!((seen, count), ([[1; 7]; 5], 6));
    }
}
