//! Bodies on their way in. Each is bounded in bytes and time, and all of them together in bytes: a hundred connections
//! with many requests each, of which none ends, must not fill the memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::timeout;

use super::Problem;
use crate::server::BODY_TIMEOUT;

/// Bytes of all bodies that are being read or wait to be understood.
const ROOM: usize = 64 << 20;
/// Bytes of one body that are read, kept or not.
const READ_MAX: usize = 32 << 20;

/// How much of the room is taken.
#[derive(Debug, Default)]
pub(super) struct Room(AtomicUsize);

/// A body that has arrived. It keeps its room until it is dropped.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    bytes: Bytes,
    _share: Share<'a>,
}

impl Whole<'_> {
    /// All of it.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// A part of the room.
#[derive(Debug)]
struct Share<'a> {
    room: &'a Room,
    bytes: usize,
}

impl Share<'_> {
    /// Whether there was room for so much more.
    fn grow(&mut self, more: usize) -> bool {
        let grown = |taken: usize| taken.checked_add(more).filter(|taken| *taken <= ROOM);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        let fits = self.room.0.fetch_update(set, get, grown).is_ok();
        if fits {
            self.bytes += more;
        }
        fits
    }

    fn free(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.room.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.free();
    }
}

/// The whole of a body that is not too large and does not take too long. One that is too large is read on for a while, so
/// that whoever sends it hears why.
pub(super) async fn whole<B>(room: &Room, body: B, max: usize) -> Result<Whole<'_>, Problem>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut share = Share { room, bytes: 0 };
    let mut body = std::pin::pin!(body);
    let mut whole = BytesMut::new();
    let mut read = 0_usize;
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Problem::Broken(error.into().to_string()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            read = read.saturating_add(data.len());
            if read > READ_MAX {
                return Err(Problem::TooLarge);
            }
            if read > max {
                whole = BytesMut::new();
                share.free();
            } else if share.grow(data.len()) {
                whole.extend_from_slice(&data);
            } else {
                return Err(Problem::Busy);
            }
        }
        match read > max {
            true => Err(Problem::TooLarge),
            false => Ok(whole.freeze()),
        }
    };
    let read = timeout(BODY_TIMEOUT, reading).await;
    let bytes = read.unwrap_or(Err(Problem::Slow))?;
    Ok(Whole {
        bytes,
        _share: share,
    })
}
