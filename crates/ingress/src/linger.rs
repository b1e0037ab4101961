//! The end of a connection whose client is still sending: what it sends is read and thrown away for a while.
//!
//! A request can be answered before its body has arrived, say because it is too large. If the socket were closed while
//! bytes of the client lie in it unread, the kernel would reset the connection, and the reset can overtake the answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a client may go on sending after the last answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes that are thrown away at once.
const CHUNK: usize = 8 * 1024;

/// A byte stream that is closed only when its peer has stopped sending, or after some seconds. A peer that was not
/// sending anything is not waited for.
pub(crate) struct Lingering<I> {
    io: I,
    /// The answers are out, and the peer was told that nothing follows.
    written: bool,
    /// Set once the peer was found to be sending.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<I> Lingering<I> {
    /// Wraps a stream.
    pub(crate) fn new(io: I) -> Self {
        Self {
            io,
            written: false,
            patience: None,
        }
    }
}

impl<I: AsyncRead + Unpin> Lingering<I> {
    /// Reads until there is nothing more to come, or for as long as it is worth.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waste = [0; CHUNK];
        loop {
            let mut waste = ReadBuf::new(&mut waste);
            let read = Pin::new(&mut self.io).poll_read(cx, &mut waste);
            match (read, &mut self.patience) {
                (Poll::Ready(Ok(())), patience) if !waste.filled().is_empty() => {
                    let patience = patience.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
                    if patience.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                }
                (Poll::Pending, Some(patience)) => return patience.as_mut().poll(cx),
                // The peer has closed its side too, has gone, or has nothing under way.
                (Poll::Ready(_) | Poll::Pending, _) => return Poll::Ready(()),
            }
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Lingering<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buffer)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.written {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            this.written = true;
        }
        this.poll_drain(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests;
