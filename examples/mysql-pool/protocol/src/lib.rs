//! What a component and the pool service say to each other over one TCP connection.
//!
//! A frame is a length (4 bytes, big-endian, of what follows), a version byte, a kind byte and a body. A request is one
//! frame. An answer is one frame, or for rows: `Columns`, any number of `Rows`, and `End`; an `Error` may come instead
//! of any of them and ends the answer. Requests may be sent ahead; answers come in their order.
//!
//! Nothing here does I/O, and no bytes make it panic or allocate more than they are long.

mod message;
mod read;
mod value;
mod write;

pub use message::{Fault, Message, Reply, Request, Stats};
pub use value::Value;

use std::fmt;

/// The version that this crate speaks.
pub const VERSION: u8 = 1;

/// The longest frame, without its length: 1 MiB. A longer value does not go through.
pub const MAX_FRAME: usize = 1 << 20;

/// The most parameters of a statement and columns of a row; databases have lower limits.
pub const MAX_FIELDS: usize = 1 << 16;

/// Bytes of the length.
pub const HEADER: usize = 4;

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The frame is longer than [`MAX_FRAME`], or too short for a version and a kind.
    Length(usize),
    /// The other side speaks another version.
    Version(u8),
    /// No message is of this kind.
    Kind(u8),
    /// The body ends too early, or goes on after its end.
    Body(&'static str),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => {
                write!(f, "a frame of {length} bytes; 2 to {MAX_FRAME} are allowed")
            }
            Self::Version(version) => {
                write!(f, "version {version} of the protocol; this is {VERSION}")
            }
            Self::Kind(kind) => write!(f, "a message of the unknown kind {kind}"),
            Self::Body(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Malformed {}

/// Takes the next whole frame from the front of `bytes`: its message and how many bytes it took. `None` = more bytes
/// are needed.
pub fn take<M: Message>(bytes: &[u8]) -> Result<Option<(M, usize)>, Malformed> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let length = frame_length(*header)?;
    match rest.get(..length) {
        Some(frame) => Ok(Some((decode(frame)?, HEADER + length))),
        None => Ok(None),
    }
}

/// The length of a frame from its header.
pub fn frame_length(header: [u8; HEADER]) -> Result<usize, Malformed> {
    let length = u32::from_be_bytes(header) as usize;
    if (2..=MAX_FRAME).contains(&length) {
        Ok(length)
    } else {
        Err(Malformed::Length(length))
    }
}

/// Reads a frame, without its length.
pub fn decode<M: Message>(frame: &[u8]) -> Result<M, Malformed> {
    let [version, kind, body @ ..] = frame else {
        return Err(Malformed::Length(frame.len()));
    };
    if *version != VERSION {
        return Err(Malformed::Version(*version));
    }
    let mut body = read::Body::new(body);
    let message = M::read(*kind, &mut body)?;
    body.finish()?;
    Ok(message)
}

/// Appends a message to `out` as a frame. A message that is too long for a frame is an error and appends nothing.
pub fn encode<M: Message>(message: &M, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let start = out.len();
    out.extend([0; HEADER]);
    out.push(VERSION);
    message.write(out);
    let length = out.len() - start - HEADER;
    if length > MAX_FRAME {
        out.truncate(start);
        return Err(Malformed::Length(length));
    }
    let header = (length as u32).to_be_bytes();
    if let Some(place) = out.get_mut(start..start + HEADER) {
        place.copy_from_slice(&header);
    }
    Ok(())
}
