//! Text, drawn by glyphon, which knows nothing of components: a published library on wgpu.

use std::sync::Arc;

use crate::picture::{FORMAT, Picture};
use glyphon::{
    Attrs, Buffer, Cache, Color, Family, FontSystem, Metrics, Resolution, Shaping, SwashCache,
    TextArea, TextAtlas, TextBounds, TextRenderer, Viewport, cosmic_text::fontdb,
};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 240;
const MARGIN: f32 = 24.0;

pub async fn png(device: &wgpu::Device, queue: &wgpu::Queue, text: &str) -> Vec<u8> {
    let font = fontdb::Source::Binary(Arc::new(epaint_default_fonts::UBUNTU_LIGHT));
    let mut fonts = FontSystem::new_with_fonts([font]);
    let mut lines = Buffer::new(&mut fonts, Metrics::new(40.0, 48.0));
    lines.set_size(
        Some(WIDTH as f32 - 2.0 * MARGIN),
        Some(HEIGHT as f32 - 2.0 * MARGIN),
    );
    let attributes = Attrs::new().family(Family::Name("Ubuntu"));
    lines.set_text(text, &attributes, Shaping::Advanced, None);
    lines.shape_until_scroll(&mut fonts, false);

    let cache = Cache::new(device);
    let mut viewport = Viewport::new(device, &cache);
    viewport.update(
        queue,
        Resolution {
            width: WIDTH,
            height: HEIGHT,
        },
    );
    let mut atlas = TextAtlas::new(device, queue, &cache, FORMAT);
    let multisample = wgpu::MultisampleState::default();
    let mut renderer = TextRenderer::new(&mut atlas, device, multisample, None);
    let area = TextArea {
        buffer: &lines,
        left: MARGIN,
        top: MARGIN,
        scale: 1.0,
        bounds: TextBounds {
            left: 0,
            top: 0,
            right: WIDTH as i32,
            bottom: HEIGHT as i32,
        },
        default_color: Color::rgb(28, 93, 74),
        custom_glyphs: &[],
    };
    let mut glyphs = SwashCache::new();
    renderer
        .prepare(
            device,
            queue,
            &mut fonts,
            &mut atlas,
            &viewport,
            [area],
            &mut glyphs,
        )
        .unwrap();

    let picture = Picture::new(device, WIDTH, HEIGHT);
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = picture.pass(&mut encoder, wgpu::Color::WHITE);
        renderer.render(&atlas, &viewport, &mut pass).unwrap();
    }
    picture.png(device, queue, encoder).await
}
