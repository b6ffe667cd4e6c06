//! The values of a plane to colours.

use rayon::prelude::*;

use super::texture_2d;
use super::tiles::Tile;
use crate::annotate::heatmap_layout;
use crate::color::LookupTable;
use crate::gpu::Gpu;
use crate::scene::{Frame, HeatmapScene};

/// The colours of a heat map in a tile of a picture of `frame`, opaque where it stands, as a texture that is laid
/// over the background like the light of a volume. Each pixel takes the colour of the value in its middle; where that
/// is not finite, nothing covers the background.
pub fn light(gpu: &Gpu, scene: &HeatmapScene, frame: &Frame, tile: Tile) -> wgpu::Texture {
    let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
    let texture = texture_2d(gpu, tile.size, wgpu::TextureFormat::Rgba8Unorm, usage);
    let layout = heatmap_layout(scene, frame);
    // What the map and the tile have in common, in pixels of the picture.
    let first = [0, 1].map(|axis| layout.first[axis].max(tile.origin[axis]));
    let ends = [0, 1].map(|axis| (layout.first[axis] + layout.pixels[axis]).min(tile.origin[axis] + tile.size[axis]));
    let [width, height] = [0, 1].map(|axis| ends[axis].saturating_sub(first[axis]));
    if width == 0 || height == 0 {
        return texture;
    }
    let [column_of_map, row_of_map] = [0, 1].map(|axis| first[axis] - layout.first[axis]);
    let [x, y] = [0, 1].map(|axis| first[axis] - tile.origin[axis]);
    let table = LookupTable::new(&scene.transfer);
    let mut pixels = vec![[0u8; 4]; width as usize * height as usize];
    pixels.par_chunks_mut(width as usize).enumerate().for_each(|(row, out)| {
        for (column, pixel) in out.iter_mut().enumerate() {
            let value = scene.value_at(layout.from_origin([column_of_map + column as u32, row_of_map + row as u32]));
            if value.is_finite() {
                *pixel = opaque(table.at(scene.transfer.position(value)));
            }
        }
    });
    gpu.queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture: &texture,
            mip_level: 0,
            origin: wgpu::Origin3d { x, y, z: 0 },
            aspect: wgpu::TextureAspect::All,
        },
        bytemuck::cast_slice(&pixels),
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
    texture
}

fn opaque([r, g, b, _]: [f32; 4]) -> [u8; 4] {
    let [r, g, b] = [r, g, b].map(|v| (v * 255.0).round() as u8);
    [r, g, b, 255]
}
