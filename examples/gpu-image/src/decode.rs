//! From the bytes of a PNG or JPEG file to pixels.

use std::io::Cursor;

use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::answer::Refusal;

/// Pixels of a picture, and of a side of it.
const MOST_PIXELS: u64 = 16 << 20;
const LONGEST_SIDE: u32 = 16_384;

/// So many bytes of a file say what it is, and how large a PNG is.
pub const HEAD: usize = 24;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// Pixels as red, green, blue and alpha, row after row.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// Refuses a file by its first bytes.
pub fn look(head: &[u8]) -> Result<(), Refusal> {
    if head.starts_with(JPEG) {
        return Ok(());
    }
    if !head.starts_with(PNG) {
        return Err(Refusal::bad(
            "this is neither a PNG nor a JPEG file; send one as the body of the request",
        ));
    }
    let side = |from: usize| {
        let bytes = head.get(from..from + 4).and_then(|at| at.try_into().ok());
        bytes.map(u32::from_be_bytes)
    };
    match (side(16), side(20)) {
        (Some(width), Some(height)) => fits(width, height),
        _ => Ok(()),
    }
}

pub fn decode(file: &[u8]) -> Result<Picture, Refusal> {
    if file.is_empty() {
        return Err(Refusal::bad(
            "there is no picture: send a PNG or JPEG file as the body of the request",
        ));
    }
    look(file)?;
    let picture = if file.starts_with(JPEG) {
        jpeg(file)
    } else {
        png(file)
    }?;
    // All else relies on it.
    let pixels = u64::from(picture.width) * u64::from(picture.height);
    if pixels == 0 || picture.pixels.len() as u64 != pixels * 4 {
        return Err(Refusal::bad(
            "this file is broken: it has not the pixels that it speaks of",
        ));
    }
    Ok(picture)
}

fn fits(width: u32, height: u32) -> Result<(), Refusal> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels <= MOST_PIXELS && width.max(height) <= LONGEST_SIDE {
        return Ok(());
    }
    Err(Refusal::picture(format_args!(
        "this picture has {width} by {height} pixels; one has {MOST_PIXELS} of them at most, and {LONGEST_SIDE} in a row or column"
    )))
}

fn png(file: &[u8]) -> Result<Picture, Refusal> {
    let wrong =
        |why: png::DecodingError| Refusal::bad(format_args!("this PNG file is broken: {why}"));
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let (width, height) = (reader.info().width, reader.info().height);
    fits(width, height)?;
    let size = reader.output_buffer_size();
    let size = size.ok_or_else(|| Refusal::picture("this picture does not fit into memory"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(wrong)?;
    pixels.truncate(frame.buffer_size());
    let pixels = match frame.color_type {
        ColorType::Rgba => pixels,
        ColorType::GrayscaleAlpha => pixels
            .chunks_exact(2)
            .flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]])
            .collect(),
        other => {
            return Err(Refusal::picture(format_args!(
                "PNG files of the kind {other:?} are not read here"
            )));
        }
    };
    Ok(Picture {
        width,
        height,
        pixels,
    })
}

fn jpeg(file: &[u8]) -> Result<Picture, Refusal> {
    let wrong =
        |why: &dyn std::fmt::Debug| Refusal::bad(format_args!("this JPEG file is broken: {why:?}"));
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGBA);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().map_err(|why| wrong(&why))?;
    let info = decoder.info().ok_or_else(|| wrong(&"it has no size"))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    fits(width, height)?;
    let pixels = decoder.decode().map_err(|why| wrong(&why))?;
    Ok(Picture {
        width,
        height,
        pixels,
    })
}
