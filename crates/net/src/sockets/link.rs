//! A connection, virtual or real, as its streams share it.

use std::future::poll_fn;
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::net::TcpStream;

use super::Place;
use super::error::Error;
use super::options::{self, Opt};
use crate::firewall::quota::Permit;
use crate::loopback::{self, Family};

/// One end of a connection. It is closed when the last who holds it lets go.
pub(super) struct Link {
    wire: Wire,
    /// The guest wants to read no more.
    no_reads: AtomicBool,
    outgoing: Mutex<Outgoing>,
    _place: Place,
}

/// What carries the bytes.
pub(super) enum Wire {
    Virtual(loopback::TcpSocket),
    Real {
        stream: TcpStream,
        /// What the guest connected to: not always what was dialled.
        remote: SocketAddr,
        _permit: Permit,
    },
}

#[derive(Debug, Default)]
struct Outgoing {
    /// A piece that the guest has handed over is on its way.
    writing: bool,
    /// Nothing comes after it.
    last: bool,
}

impl Link {
    pub(super) fn new(wire: Wire, place: Place) -> Self {
        Self {
            wire,
            no_reads: AtomicBool::new(false),
            outgoing: Mutex::default(),
            _place: place,
        }
    }

    /// Reads what is there, `most` bytes of it at most; no bytes are the end. Clears no memory for what is not there: guests
    /// ask for far more than there is.
    pub(super) fn try_read_bytes(&self, most: usize) -> Result<Bytes, Error> {
        if self.no_reads.load(Ordering::Relaxed) {
            return Ok(Bytes::new());
        }
        match &self.wire {
            Wire::Virtual(socket) => Ok(socket.try_read_bytes(most)?.into()),
            Wire::Real { stream, .. } => {
                let mut buffer = BytesMut::with_capacity(most);
                stream.try_read_buf(&mut (&mut buffer).limit(most))?;
                Ok(buffer.freeze())
            }
        }
    }

    /// Reads what is there, or wakes when there is something. One task at a time.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        if self.no_reads.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(0));
        }
        match &self.wire {
            Wire::Virtual(socket) => socket.poll_read(cx, buffer).map_err(Error::from),
            Wire::Real { stream, .. } => loop {
                match stream.try_read(buffer).map_err(Error::from) {
                    Err(Error::WouldBlock) => ready!(stream.poll_read_ready(cx))?,
                    outcome => return Poll::Ready(outcome),
                }
            },
        }
    }

    /// Writes as much as there is room for.
    pub(super) fn try_write(&self, data: &[u8]) -> Result<usize, Error> {
        match &self.wire {
            Wire::Virtual(socket) => Ok(socket.try_write(data)?),
            Wire::Real { stream, .. } => Ok(stream.try_write(data)?),
        }
    }

    /// Writes as much as there is room for, or wakes when there is room. One task at a time.
    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<Result<usize, Error>> {
        match &self.wire {
            Wire::Virtual(socket) => socket.poll_write(cx, data).map_err(Error::from),
            Wire::Real { stream, .. } => loop {
                match stream.try_write(data).map_err(Error::from) {
                    Err(Error::WouldBlock) => ready!(stream.poll_write_ready(cx))?,
                    outcome => return Poll::Ready(outcome),
                }
            },
        }
    }

    /// Writes all of it, once `begin_piece` was called.
    pub(super) async fn write_piece(&self, mut data: &[u8]) -> Result<(), Error> {
        let outcome = loop {
            if data.is_empty() {
                break Ok(());
            }
            match poll_fn(|cx| self.poll_write(cx, data)).await {
                Ok(count) => data = data.get(count..).unwrap_or_default(),
                Err(error) => break Err(error),
            }
        };
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        outgoing.writing = false;
        if outgoing.last {
            self.shut(Shutdown::Write);
        }
        outcome
    }

    /// From now until `write_piece` is done, the end of the data waits for it.
    pub(super) fn begin_piece(&self) {
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        outgoing.writing = true;
    }

    /// Resolves when a read would not wait. Any number of tasks.
    pub(super) async fn readable(&self) {
        if self.no_reads.load(Ordering::Relaxed) {
            return;
        }
        match &self.wire {
            Wire::Virtual(socket) => socket.readable().await,
            // What fails here fails again when it is read.
            Wire::Real { stream, .. } => drop(stream.readable().await),
        }
    }

    /// Resolves when a write would not wait. Any number of tasks.
    pub(super) async fn writable(&self) {
        match &self.wire {
            Wire::Virtual(socket) => socket.writable().await,
            Wire::Real { stream, .. } => drop(stream.writable().await),
        }
    }

    /// Ready when a read would not wait. One task at a time.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.wire {
            Wire::Virtual(socket) => socket.poll_readable(cx),
            Wire::Real { stream, .. } => stream.poll_read_ready(cx).map(|_| ()),
        }
    }

    /// Ready when a write would not wait. One task at a time.
    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.wire {
            Wire::Virtual(socket) => socket.poll_writable(cx),
            Wire::Real { stream, .. } => stream.poll_write_ready(cx).map(|_| ()),
        }
    }

    /// No more is read: what has arrived, and what arrives, is forgotten.
    pub(super) fn end_reads(&self) {
        self.no_reads.store(true, Ordering::Relaxed);
        self.shut(Shutdown::Read);
    }

    /// No more is written: the peer is told, after all that was handed over.
    pub(super) fn end_writes(&self) {
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        outgoing.last = true;
        if !outgoing.writing {
            self.shut(Shutdown::Write);
        }
    }

    /// Whether the guest has said that it writes no more.
    pub(super) fn has_ended_writes(&self) -> bool {
        let outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        outgoing.last
    }

    /// A connection that is over already has nothing left to shut down.
    fn shut(&self, how: Shutdown) {
        match &self.wire {
            Wire::Virtual(socket) => drop(socket.shutdown(how)),
            Wire::Real { stream, .. } => {
                let how = match how {
                    Shutdown::Read => rustix::net::Shutdown::Read,
                    Shutdown::Write => rustix::net::Shutdown::Write,
                    Shutdown::Both => rustix::net::Shutdown::Both,
                };
                let _ = rustix::net::shutdown(stream, how);
            }
        }
    }

    pub(super) fn local_address(&self) -> Result<SocketAddr, Error> {
        match &self.wire {
            Wire::Virtual(socket) => Ok(socket.local_address()?),
            Wire::Real { stream, .. } => Ok(stream.local_addr()?),
        }
    }

    pub(super) fn remote_address(&self) -> Result<SocketAddr, Error> {
        match &self.wire {
            Wire::Virtual(socket) => Ok(socket.remote_address()?),
            // Asked, because there is none when the connection is over.
            Wire::Real { stream, remote, .. } => Ok(stream.peer_addr().map(|_| *remote)?),
        }
    }

    pub(super) fn option(&self, family: Family, option: Opt) -> Result<u64, Error> {
        match &self.wire {
            Wire::Virtual(socket) => options::get_virtual(socket, option),
            Wire::Real { stream, .. } => options::get_real(stream, family, option),
        }
    }

    pub(super) fn set_option(&self, family: Family, option: Opt, value: u64) -> Result<(), Error> {
        match &self.wire {
            Wire::Virtual(socket) => options::set_virtual(socket, option, value),
            Wire::Real { stream, .. } => options::set_real(stream, family, option, value),
        }
    }
}
