//! PNG files, written and read by the standard and without the library that the example has.

use std::io::{Read, Write};

use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

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

/// A chunk of a file.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(kind);
    sum.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [
        &length.to_be_bytes()[..],
        kind,
        data,
        &sum.sum().to_be_bytes(),
    ]
    .concat()
}

/// The beginning of a file that says to have so many pixels, with `depth` bits for each part of one.
fn header(width: u32, height: u32, depth: u8, colours: u8) -> Vec<u8> {
    let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
    let header = [&width[..], &height, &[depth, colours, 0, 0, 0]].concat();
    [SIGNATURE, &chunk(b"IHDR", &header)].concat()
}

/// The same, of the usual kind.
pub(super) fn head(width: u32, height: u32) -> Vec<u8> {
    header(width, height, 8, RGBA)
}

/// What the standard calls kinds of colours.
pub(super) const GREY: u8 = 0;
pub(super) const RGB: u8 = 2;
pub(super) const PALETTE: u8 = 3;
pub(super) const RGBA: u8 = 6;

/// A file of any kind with these rows, which begin with their filters. `more` are its other chunks.
pub(super) fn file(
    (width, height): (usize, usize),
    (depth, colours): (u8, u8),
    more: &[(&[u8; 4], &[u8])],
    rows: &[u8],
) -> Vec<u8> {
    let side = |side: usize| u32::try_from(side).unwrap();
    let mut file = header(side(width), side(height), depth, colours);
    for (kind, data) in more {
        file.extend(chunk(kind, data));
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::none());
    packed.write_all(rows).unwrap();
    file.extend(chunk(b"IDAT", &packed.finish().unwrap()));
    file.extend(chunk(b"IEND", &[]));
    file
}

pub(super) fn encode(image: &Image) -> Vec<u8> {
    let mut rows = Vec::new();
    for row in image.pixels.chunks(image.width) {
        rows.push(0);
        rows.extend(row.iter().flatten());
    }
    file((image.width, image.height), (8, RGBA), &[], &rows)
}

pub(super) fn decode(bytes: &[u8]) -> Image {
    let mut rest = bytes.strip_prefix(SIGNATURE).expect("a PNG file");
    let mut header = Vec::new();
    let mut packed = Vec::new();
    loop {
        let length = number(&rest[..4]);
        let (whole, next) = rest.split_at(length + 12);
        let (kind, data) = (&whole[4..8], &whole[8..8 + length]);
        assert_eq!(whole, chunk(kind.try_into().unwrap(), data), "{kind:?}");
        rest = next;
        match kind {
            b"IHDR" => data.clone_into(&mut header),
            b"IDAT" => packed.extend_from_slice(data),
            b"IEND" => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(rest.is_empty(), "there is more after the end");
    assert_eq!(header[8..], [8, 6, 0, 0, 0]);
    let mut rows = Vec::new();
    ZlibDecoder::new(&packed[..])
        .read_to_end(&mut rows)
        .unwrap();
    let (width, height) = (number(&header[..4]), number(&header[4..8]));
    assert_eq!(rows.len(), height * (width * 4 + 1));
    unfilter(&mut rows, width * 4);
    let rows = rows.chunks(width * 4 + 1);
    let pixels = rows.flat_map(|row| row[1..].chunks(4));
    Image {
        width,
        height,
        pixels: pixels.map(|pixel| pixel.try_into().unwrap()).collect(),
    }
}

fn number(bytes: &[u8]) -> usize {
    u32::from_be_bytes(bytes.try_into().unwrap()) as usize
}

/// Takes the filters of the rows back, in place.
fn unfilter(rows: &mut [u8], bytes: usize) {
    let mut above = vec![0; bytes];
    for row in rows.chunks_mut(bytes + 1) {
        let (filter, row) = row.split_at_mut(1);
        for index in 0..bytes {
            let left = if index < 4 { 0 } else { row[index - 4] };
            let corner = if index < 4 { 0 } else { above[index - 4] };
            let (up, sum) = (above[index], u16::from(left) + u16::from(above[index]));
            let guess = match filter[0] {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::try_from(sum / 2).unwrap(),
                4 => paeth(left, up, corner),
                other => panic!("there is no filter {other}"),
            };
            row[index] = row[index].wrapping_add(guess);
        }
        above.copy_from_slice(row);
    }
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |byte: u8| (guess - i16::from(byte)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}
