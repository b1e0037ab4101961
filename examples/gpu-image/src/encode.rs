//! A PNG that is made while it is sent: rows go in, and what can be sent so far comes out.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use png::{BitDepth, ColorType, Compression, Encoder, StreamWriter};

/// Bytes of a chunk of the file.
const CHUNK: usize = 32 << 10;

pub struct Rows {
    writer: StreamWriter<'static, Ready>,
    ready: Ready,
}

impl Rows {
    pub fn new(width: u32, height: u32) -> Result<Self, String> {
        let ready = Ready::default();
        let mut encoder = Encoder::new(ready.clone(), width, height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        let writer = encoder
            .write_header()
            .and_then(|writer| writer.into_stream_writer_with_size(CHUNK))
            .map_err(|why| why.to_string())?;
        Ok(Self { writer, ready })
    }

    /// Takes whole rows, and gives the bytes of the file that are ready.
    pub fn add(&mut self, rows: &[u8]) -> Result<Vec<u8>, String> {
        self.writer.write_all(rows).map_err(|why| why.to_string())?;
        Ok(self.ready.take())
    }

    /// The last bytes of the file.
    pub fn end(self) -> Result<Vec<u8>, String> {
        self.writer.finish().map_err(|why| why.to_string())?;
        Ok(self.ready.take())
    }
}

/// What the encoder has written and nobody has taken.
#[derive(Clone, Default)]
struct Ready(Rc<RefCell<Vec<u8>>>);

impl Ready {
    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Ready {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
