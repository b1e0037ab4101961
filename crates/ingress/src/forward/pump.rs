//! Bytes both ways between two ends. Each direction has one small buffer, and is read again only when that is written:
//! who reads slowly slows the other end down.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, copy_bidirectional_with_sizes};
use tokio::time::{Instant, sleep_until, timeout};

use super::stats::ForwardStats;
use super::target::Cord;

/// Bytes held in each direction.
const BUFFER: usize = 8 * 1024;

/// How long the ends may take to take note of an orderly end.
const PARTING: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// Both ends said all.
    Finished,
    /// One of them broke; the other was reset.
    Broken(io::Error),
    /// Nothing moved for too long; both were reset.
    Idle,
    /// Nothing moved for a while after the signal to stop; both were closed.
    Stopped,
}

/// How long a connection may be silent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silence {
    pub(super) idle: Duration,
    /// Once it was asked to stop.
    pub(super) quiet: Duration,
}

/// Copies until the end. When it is dropped before, both ends are reset.
pub(super) async fn pump(
    near: impl Cord,
    far: impl Cord,
    stats: &ForwardStats,
    silence: Silence,
    stop: impl Future<Output = ()>,
) -> End {
    let (mut near, mut far) = (Armed::new(near), Armed::new(far));
    let pulse = Pulse::new();
    let mut watched = Watched {
        cord: &mut near.cord,
        pulse: &pulse,
        stats,
    };
    let copying = copy_bidirectional_with_sizes(&mut watched, &mut far.cord, BUFFER, BUFFER);
    let end = tokio::select! {
        copied = copying => match copied {
            Ok(_) => End::Finished,
            Err(error) => End::Broken(error),
        },
        end = pulse.watch(silence, stop) => end,
    };
    match end {
        End::Finished => {}
        End::Stopped => {
            let parting = async { tokio::join!(near.cord.shutdown(), far.cord.shutdown()) };
            let _ = timeout(PARTING, parting).await;
        }
        End::Broken(_) | End::Idle => return end,
    }
    near.is_armed = false;
    far.is_armed = false;
    end
}

/// An end that is reset when it is dropped early.
struct Armed<C: Cord> {
    cord: C,
    is_armed: bool,
}

impl<C: Cord> Armed<C> {
    fn new(cord: C) -> Self {
        Self {
            cord,
            is_armed: true,
        }
    }
}

impl<C: Cord> Drop for Armed<C> {
    fn drop(&mut self) {
        if self.is_armed {
            self.cord.reset();
        }
    }
}

/// When something moved last, in milliseconds since the beginning.
struct Pulse {
    begun: Instant,
    last: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            last: AtomicU64::new(0),
        }
    }

    fn beat(&self) {
        let since = self.begun.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }

    /// Resolves when nothing has moved for too long.
    async fn watch(&self, silence: Silence, stop: impl Future<Output = ()>) -> End {
        tokio::select! {
            () = self.silent(silence.idle) => return End::Idle,
            () = stop => {}
        }
        // What was idle for long already has its moment, too: the stop may be news to who has something to say.
        self.beat();
        self.silent(silence.quiet).await;
        End::Stopped
    }

    async fn silent(&self, patience: Duration) {
        loop {
            let last = self.last();
            sleep_until(last + patience).await;
            if self.last() == last {
                return;
            }
        }
    }
}

/// The near end, with everything that moves through it noted: all bytes of both directions do.
struct Watched<'a, C> {
    cord: &'a mut C,
    pulse: &'a Pulse,
    stats: &'a ForwardStats,
}

impl<C: AsyncRead + Unpin> AsyncRead for Watched<'_, C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut *this.cord).poll_read(cx, buffer);
        if polled.is_ready() {
            this.pulse.beat();
            let read = buffer.filled().len().saturating_sub(before);
            this.stats.count_received(read);
        }
        polled
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Watched<'_, C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut *this.cord).poll_write(cx, bytes);
        if let Poll::Ready(written) = &polled {
            this.pulse.beat();
            this.stats.count_sent(*written.as_ref().unwrap_or(&0));
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().cord).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().cord).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
