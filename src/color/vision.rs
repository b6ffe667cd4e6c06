//! Colours as they are seen with a colour vision deficiency.

use std::str::FromStr;

use serde::Serialize;

use super::Rgb;
use crate::error::{Error, Result};

/// A missing kind of cones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vision {
    /// Without those for long waves (red).
    Protanopia,
    /// Without those for middle waves (green).
    Deuteranopia,
    /// Without those for short waves (blue).
    Tritanopia,
}

impl Vision {
    /// What becomes of linear red, green and blue: Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15, 1291), table 1 at
    /// severity 1.
    fn matrix(self) -> [[f32; 3]; 3] {
        match self {
            Self::Protanopia => {
                [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
            }
            Self::Deuteranopia => {
                [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
            }
            Self::Tritanopia => {
                [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
            }
        }
    }

    /// The display colour that stands for what is seen of a display colour.
    pub fn seen(self, color: Rgb) -> Rgb {
        let light = color.map(linear);
        self.matrix().map(|row| display(std::iter::zip(row, light).map(|(m, l)| m * l).sum()))
    }

    /// Pixels of 8 bits as they are seen: red, green, blue, alpha.
    pub fn applied(self, rgba: &[u8]) -> Vec<u8> {
        let mut rgba = rgba.to_vec();
        // Neighbours mostly have the same colour.
        let mut last = ([0; 3], self.seen_in_8_bits([0; 3]));
        for pixel in rgba.chunks_exact_mut(4) {
            let color = [pixel[0], pixel[1], pixel[2]];
            if color != last.0 {
                last = (color, self.seen_in_8_bits(color));
            }
            pixel[..3].copy_from_slice(&last.1);
        }
        rgba
    }

    fn seen_in_8_bits(self, color: [u8; 3]) -> [u8; 3] {
        self.seen(color.map(|v| f32::from(v) / 255.0)).map(|v| (v * 255.0).round() as u8)
    }
}

impl FromStr for Vision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "protanopia" => Ok(Self::Protanopia),
            "deuteranopia" => Ok(Self::Deuteranopia),
            "tritanopia" => Ok(Self::Tritanopia),
            _ => Err(Error::Usage(format!("`{text}`: known are protanopia, deuteranopia and tritanopia"))),
        }
    }
}

/// The light of a display value (IEC 61966-2-1).
pub(crate) fn linear(display: f32) -> f32 {
    if display <= 0.04045 { display / 12.92 } else { ((display + 0.055) / 1.055).powf(2.4) }
}

/// The display value of a light, 0 to 1.
fn display(light: f32) -> f32 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.0031308 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from colorspacious 1.1.2, `sRGB1+CVD` at severity 100, clipped, times 255. Catches: matrices of display
    /// values, rows for columns, one deficiency for another.
    #[test]
    fn colours_are_those_that_colorspacious_gives() {
        let colors = [[1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.2, 0.4, 0.9], [1.0, 1.0, 1.0]];
        for (vision, recorded) in [
            ("protanopia", [[108.79, 95.03, 0.0], [130.55, 114.01, 0.0], [0.0, 119.57, 233.88], [255.0; 3]]),
            ("deuteranopia", [[163.22, 144.28, 0.0], [118.92, 105.94, 24.1], [0.0, 103.12, 227.01], [255.0; 3]]),
            ("tritanopia", [[255.0, 0.0, 14.89], [0.0, 123.33, 107.33], [0.0, 133.72, 155.76], [255.0; 3]]),
        ] {
            for (color, wanted) in std::iter::zip(colors, recorded) {
                let found = vision.parse::<Vision>().unwrap().seen(color).map(|v| 255.0 * v);
                assert!((0..3).all(|c| (found[c] - wanted[c]).abs() < 0.02), "{vision} {color:?}: {found:?}");
            }
        }
        assert!("blindness".parse::<Vision>().is_err());
    }

    #[test]
    fn pixels_keep_their_alpha_and_their_order() {
        let rgba = Vision::Tritanopia.applied(&[255, 0, 0, 7, 255, 255, 255, 9, 0, 0, 0, 255]);
        assert_eq!(rgba, [255, 0, 15, 7, 255, 255, 255, 9, 0, 0, 0, 255]);
    }
}
