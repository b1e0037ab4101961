//! Frames in, frames out, over one component's connection. What is kept of either is at most a frame or two.

use sql_pool_protocol::{HEADER, MAX_FRAME, Malformed, Reply, Request, encode, take};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Answers are sent when so many bytes are ready, or at their end.
const ENOUGH: usize = 64 << 10;

/// Requests of one component.
pub(crate) struct Incoming {
    socket: OwnedReadHalf,
    bytes: Vec<u8>,
}

impl Incoming {
    pub(crate) fn new(socket: OwnedReadHalf) -> Self {
        Self {
            socket,
            bytes: Vec::new(),
        }
    }

    /// The next request; `None` when the component has left. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Result<Option<Request>, Malformed> {
        loop {
            if let Some((request, length)) = take(&self.bytes)? {
                self.bytes.drain(..length);
                return Ok(Some(request));
            }
            if self.bytes.len() >= HEADER + MAX_FRAME {
                return Err(Malformed::Length(self.bytes.len()));
            }
            match self.socket.read_buf(&mut self.bytes).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }
}

/// Answers to one component.
pub(crate) struct Outgoing {
    socket: OwnedWriteHalf,
    bytes: Vec<u8>,
}

impl Outgoing {
    pub(crate) fn new(socket: OwnedWriteHalf) -> Self {
        Self {
            socket,
            bytes: Vec::new(),
        }
    }

    /// Adds a reply, and sends what there is if it is enough. A reply that is too long for a frame is `InvalidData`.
    pub(crate) async fn push(&mut self, reply: &Reply) -> io::Result<()> {
        encode(reply, &mut self.bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if self.bytes.len() >= ENOUGH {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends what there is.
    pub(crate) async fn send(&mut self) -> io::Result<()> {
        let sent = self.socket.write_all(&self.bytes).await;
        self.bytes.clear();
        sent
    }
}
