//! Pictures, and the PNG files that they are sent in.

use std::io::Cursor;

use png::{BitDepth, ColorType, Encoder};

/// Red, green, blue and alpha, row after row.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<[u8; 4]>,
}

impl Image {
    /// Paints each pixel by its place.
    pub(super) fn paint(
        width: usize,
        height: usize,
        pixel: impl Fn(usize, usize) -> [u8; 4],
    ) -> Self {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            width,
            height,
            pixels: pixels.map(|(x, y)| pixel(x, y)).collect(),
        }
    }
}

/// The beginning of a file that says to have so many pixels.
pub(super) fn head(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    Encoder::new(&mut file, width, height)
        .write_header()
        .unwrap();
    // Signature and header: what comes after is the end of the file.
    file.truncate(33);
    file
}

/// A file of any kind.
pub(super) fn file(
    (width, height): (usize, usize),
    (depth, colours): (BitDepth, ColorType),
    palette: Option<[&[u8]; 2]>,
    rows: &[u8],
) -> Vec<u8> {
    let side = |side: usize| u32::try_from(side).unwrap();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, side(width), side(height));
    encoder.set_color(colours);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::NoCompression);
    if let Some([colours, alphas]) = palette {
        encoder.set_palette(colours.to_vec());
        encoder.set_trns(alphas.to_vec());
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(rows).unwrap();
    writer.finish().unwrap();
    file
}

pub(super) fn encode(image: &Image) -> Vec<u8> {
    let size = (image.width, image.height);
    let kind = (BitDepth::Eight, ColorType::Rgba);
    file(size, kind, None, image.pixels.as_flattened())
}

/// What the example answers with: a file of the usual kind.
pub(super) fn decode(file: &[u8]) -> Image {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    reader.finish().unwrap();
    let kind = (frame.bit_depth, frame.color_type);
    assert_eq!(kind, (BitDepth::Eight, ColorType::Rgba));
    let (pixels, rest) = pixels.as_chunks();
    assert!(rest.is_empty());
    Image {
        width: frame.width as usize,
        height: frame.height as usize,
        pixels: pixels.to_vec(),
    }
}
