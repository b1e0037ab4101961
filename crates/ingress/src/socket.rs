//! An accepted socket as TLS and HTTP see it: it notices when bytes come in, and when none can go out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::limits::Limits;

/// A socket that fails when its peer reads nothing for too long.
///
/// It lies below TLS, so that it sees what really travels.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    patience: Duration,
    /// Set while a write waits for its peer.
    stall: Option<Pin<Box<Sleep>>>,
}

/// What a connection wants to know about its socket, which HTTP holds by then.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    heard: AtomicBool,
    stalled: AtomicBool,
}

impl Socket {
    /// Prepares a socket that was just accepted.
    pub(crate) fn new(stream: TcpStream, limits: &Limits) -> Self {
        configure(&stream, limits.tcp_keepalive);
        Self {
            stream,
            pulse: Arc::default(),
            patience: limits.write_stall_timeout,
            stall: None,
        }
    }

    /// What can be known about the socket after it was given away.
    pub(crate) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Watches over the outcome of a write.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if polled.is_ready() {
            self.stall = None;
            return polled;
        }
        let patience = self.patience;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(patience)));
        if stall.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.pulse.stalled.store(true, Ordering::Relaxed);
        // Without this, the kernel would keep what it has buffered for minutes, and offer it again and again.
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!(%error, "cannot set SO_LINGER");
        }
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer reads nothing",
        )))
    }
}

impl Pulse {
    /// Whether bytes came in since this was asked last.
    pub(crate) fn heard(&self) -> bool {
        self.heard.swap(false, Ordering::Relaxed)
    }

    /// Whether the socket failed because its peer did not read.
    pub(crate) fn stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.pulse.heard.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(cx, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.wrote(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// A TCP socket holds nothing back, so there is nothing to watch over.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Options that make a connection better, but that it can do without.
pub(crate) fn configure(stream: &TcpStream, keepalive: Duration) {
    // Small frames go out as they are written; without this, the kernel holds them back for an acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    // A peer whose machine or network went away says no good-bye.
    let keepalive = TcpKeepalive::new()
        .with_time(keepalive)
        .with_interval(Limits::TCP_PROBE_INTERVAL)
        .with_retries(Limits::TCP_PROBES);
    if let Err(error) = SockRef::from(stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "cannot set TCP keep-alive");
    }
}
