//! A texture that programs draw to, and its way out: a PNG.

use futures_channel::oneshot;

pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;
/// Bytes of a pixel.
const PIXEL: u32 = 4;

pub struct Picture {
    texture: wgpu::Texture,
}

impl Picture {
    pub fn new(device: &wgpu::Device, width: u32, height: u32) -> Self {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        Self { texture }
    }

    /// A pass that clears the picture first.
    pub fn pass<'encoder>(
        &self,
        encoder: &'encoder mut wgpu::CommandEncoder,
        background: wgpu::Color,
    ) -> wgpu::RenderPass<'encoder> {
        let view = self
            .texture
            .create_view(&wgpu::TextureViewDescriptor::default());
        encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("picture"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(background),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        })
    }

    /// Submits what was drawn, and reads the picture back. It awaits a callback, as programs for the web do, so that
    /// other requests go on meanwhile.
    pub async fn png(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        mut encoder: wgpu::CommandEncoder,
    ) -> Vec<u8> {
        let size = self.texture.size();
        let row = size.width * PIXEL;
        let padded = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("pixels"),
            size: u64::from(padded) * u64::from(size.height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded),
                    rows_per_image: None,
                },
            },
            size,
        );
        queue.submit([encoder.finish()]);
        let (sender, mapped) = oneshot::channel();
        buffer.map_async(wgpu::MapMode::Read, .., |result| {
            let _ = sender.send(result);
        });
        mapped.await.unwrap().unwrap();
        let pixels = buffer.get_mapped_range(..).unwrap();
        let rows = pixels.chunks_exact(padded as usize);
        let rows: Vec<u8> = rows
            .flat_map(|padded| &padded[..row as usize])
            .copied()
            .collect();
        encode(size.width, size.height, &rows)
    }
}

fn encode(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    bytes
}
