//! HTTP/2 written by hand, for clients that do what no library would do.

use bytes::{Buf, Bytes};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Server, within};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// The reason of a GOAWAY: the client made too much work.
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD: usize = 9;

/// One frame as bytes.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// What every client sends first, and its settings (identifier and value).
pub(crate) fn greeting(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (identifier, value) in settings {
        payload.extend(identifier.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &payload)].concat()
}

/// The fields of `GET http://a/`, out of the static table of HPACK, and the name literally.
pub(crate) const GET: &[u8] = &[0x82, 0x86, 0x84, 0x01, 1, b'a'];

/// A whole request without a body.
pub(crate) fn get(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, GET)
}

/// Gives a request up.
pub(crate) fn cancel(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

/// A frame that was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Bytes,
}

/// A connection after its greeting.
pub(crate) async fn connect(server: &Server, settings: &[(u16, u32)]) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&greeting(settings)).await.unwrap();
    stream
}

/// The next frame, or `None` at the end of the connection.
pub(crate) async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Frame> {
    let mut head = [0; HEAD];
    within(stream.read_exact(&mut head)).await.ok()?;
    let mut head = &head[..];
    let length = usize::try_from(head.get_uint(3)).unwrap();
    let kind = head.get_u8();
    let _flags = head.get_u8();
    let id = head.get_u32();
    let mut payload = vec![0; length];
    within(stream.read_exact(&mut payload)).await.ok()?;
    Some(Frame {
        kind,
        stream: id,
        payload: payload.into(),
    })
}

/// Reads to the end and tells the reason that the server gave for it, if it gave one.
pub(crate) async fn goodbye(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<u32> {
    let mut reason = None;
    while let Some(frame) = read(stream).await {
        if frame.kind == GOAWAY {
            reason = Some((&frame.payload[4..]).get_u32());
        }
    }
    reason
}

/// Sends the same bytes until the peer takes no more, or `times` are through. Tells how often it went.
pub(crate) async fn flood(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    times: usize,
) -> usize {
    for sent in 0..times {
        if within(stream.write_all(bytes)).await.is_err() {
            return sent;
        }
    }
    times
}
