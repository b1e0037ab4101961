//! A connection as two streams of `wasi:io@0.2`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use crate::sockets::error::Error;
use crate::sockets::link::Link;

/// Bytes of one read at most, and of one write: what the guest may hand over before the connection has taken it.
const PIECE: usize = 64 << 10;

/// How long a piece is still written when the guest has dropped the stream.
const LINGER: Duration = Duration::from_secs(5);

/// What the peer sends.
pub(super) struct Reader {
    link: Arc<Link>,
    over: bool,
}

/// What is sent to the peer. A piece that the connection does not take at once is written by a task, which ends with this.
pub(super) struct Writer {
    link: Arc<Link>,
    state: State,
}

enum State {
    /// So many bytes may be written.
    Ready(usize),
    Writing(Task),
    Failed(Error),
    Closed,
}

/// A task that ends when it is dropped.
struct Task(JoinHandle<Result<(), Error>>);

impl Task {
    /// Lets it go on for a while, though nobody waits for it: as a system does with what a socket that was closed has
    /// still to send.
    fn linger(&mut self) {
        let unwatched = tokio::spawn(std::future::ready(Ok(())));
        let mut task = Self(std::mem::replace(&mut self.0, unwatched));
        tokio::spawn(async move { drop(tokio::time::timeout(LINGER, &mut task.0).await) });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reader {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, over: false }
    }
}

#[wasmtime_wasi::async_trait]
impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.over {
            return Err(StreamError::Closed);
        }
        if size == 0 {
            return Ok(Bytes::new());
        }
        let mut buffer = vec![0; size.min(PIECE)];
        match self.link.try_read(&mut buffer) {
            Ok(0) => {
                self.over = true;
                Err(StreamError::Closed)
            }
            Ok(count) => {
                buffer.truncate(count);
                Ok(buffer.into())
            }
            Err(Error::WouldBlock) => Ok(Bytes::new()),
            Err(error) => {
                self.over = true;
                Err(StreamError::LastOperationFailed(error.into()))
            }
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {
        if !self.over {
            self.link.readable().await;
        }
    }
}

impl Writer {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            state: State::Ready(0),
        }
    }

    /// An error is told once; after that the stream is closed.
    fn fail(&mut self, error: Error) -> StreamError {
        self.state = State::Closed;
        match error {
            Error::ConnectionBroken => StreamError::Closed,
            error => StreamError::LastOperationFailed(error.into()),
        }
    }

    /// Whether a piece could be handed over, after an error was told.
    fn settle(&mut self) -> StreamResult<bool> {
        match &self.state {
            State::Failed(error) => {
                let error = *error;
                Err(self.fail(error))
            }
            State::Closed => Err(StreamError::Closed),
            State::Writing(task) => {
                if !task.0.is_finished() {
                    return Ok(false);
                }
                // Its outcome is read by whoever waits for it; without one it is read here.
                self.collect()
            }
            State::Ready(_) if self.link.has_ended_writes() => Err(StreamError::Closed),
            State::Ready(_) => Ok(true),
        }
    }

    /// Takes the outcome of a task that has finished.
    fn collect(&mut self) -> StreamResult<bool> {
        let State::Writing(task) = &mut self.state else {
            return Ok(true);
        };
        let mut now = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(&mut task.0).poll(&mut now) {
            std::task::Poll::Pending => Ok(false),
            std::task::Poll::Ready(outcome) => {
                self.done(outcome.unwrap_or(Err(Error::Unknown)));
                self.settle()
            }
        }
    }

    fn done(&mut self, outcome: Result<(), Error>) {
        self.state = match outcome {
            Ok(()) => State::Ready(0),
            Err(error) => State::Failed(error),
        };
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Writer {
    fn check_write(&mut self) -> StreamResult<usize> {
        if !self.settle()? {
            return Ok(0);
        }
        let mut now = std::task::Context::from_waker(std::task::Waker::noop());
        if self.link.poll_writable(&mut now).is_pending() {
            return Ok(0);
        }
        self.state = State::Ready(PIECE);
        Ok(PIECE)
    }

    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        let allowed = match self.state {
            State::Ready(allowed) => allowed,
            State::Failed(_) | State::Closed => return self.settle().map(drop),
            State::Writing(_) => 0,
        };
        if bytes.len() > allowed {
            return Err(StreamError::trap(
                "more is written than `check-write` allowed",
            ));
        }
        if self.link.has_ended_writes() {
            return Err(StreamError::Closed);
        }
        self.state = State::Ready(0);
        while !bytes.is_empty() {
            match self.link.try_write(&bytes) {
                Ok(count) => drop(bytes.split_to(count.min(bytes.len()))),
                Err(Error::WouldBlock) => {
                    self.link.begin_piece();
                    let link = Arc::clone(&self.link);
                    let rest = std::mem::take(&mut bytes);
                    let task = async move { link.write_piece(&rest).await };
                    self.state = State::Writing(Task(tokio::spawn(task)));
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        // What was handed over is on its way by itself.
        self.settle().map(drop)
    }

    /// The guest drops the stream. It does not wait for what it has handed over, which may be for ever, and neither is
    /// that lost.
    async fn cancel(&mut self) {
        if let State::Writing(task) = &mut self.state {
            task.linger();
        }
        self.state = State::Closed;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        if let State::Writing(task) = &mut self.state {
            let outcome = (&mut task.0).await;
            self.done(outcome.unwrap_or(Err(Error::Unknown)));
        }
        if matches!(self.state, State::Ready(_)) && !self.link.has_ended_writes() {
            self.link.writable().await;
        }
    }
}
