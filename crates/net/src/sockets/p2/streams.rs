//! A connection as two streams of `wasi:io@0.2`.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use crate::loopback::{LARGE, PiecePlace, Pieces};
use crate::sockets::error::Error;
use crate::sockets::link::Link;

/// Bytes of one read at most, and of one write: what the guest may hand over before the connection has taken it.
const PIECE: usize = LARGE;

/// Bytes of one write where the writers of the workload are ahead of their connections with many pieces already.
const SMALL_PIECE: usize = 1 << 10;

/// How long the last piece of a stream that the guest has dropped waits for the peer to take it.
const LINGER: Duration = Duration::from_secs(60);

/// What the peer sends.
pub(super) struct Reader {
    link: Arc<Link>,
    over: bool,
    /// Whether it lets others go first when it is woken.
    yields: bool,
}

/// What is sent to the peer. A piece that the connection does not take at once is written by a task, which ends with this,
/// or a while after the guest has dropped the stream.
pub(super) struct Writer {
    // First, so that what it holds is given back before the socket is.
    state: State,
    link: Arc<Link>,
    /// Places for large pieces: what the connection does not take at once is memory of the host.
    pieces: Pieces,
}

enum State {
    /// So many bytes may be written, with a place for them if they are many.
    Ready(usize, Option<PiecePlace>),
    Writing(Task),
    Failed(Error),
    Closed,
}

/// A task that ends when it is dropped.
struct Task(JoinHandle<Result<(), Error>>);

impl Task {
    /// Lets it go on by itself for a while.
    fn linger(mut self) {
        tokio::spawn(async move {
            // Where the time is over, the drop ends it.
            let _ = timeout(LINGER, &mut self.0).await;
        });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reader {
    /// One that `yields` wakes its guest after whatever is ready to run already. That is for a service: whoever has just
    /// written to it is mostly not the only one, and a service that is woken once for many has less to do for each.
    pub(super) fn new(link: Arc<Link>, yields: bool) -> Self {
        Self {
            link,
            over: false,
            yields,
        }
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
        match self.link.try_read_bytes(size.min(PIECE)) {
            Ok(bytes) if bytes.is_empty() => {
                self.over = true;
                Err(StreamError::Closed)
            }
            Ok(bytes) => Ok(bytes),
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
        if self.over {
            return;
        }
        let mut readable = pin!(self.link.readable());
        let mut waited = false;
        poll_fn(|cx| {
            let poll = readable.as_mut().poll(cx);
            waited |= poll.is_pending();
            poll
        })
        .await;
        if waited && self.yields {
            yield_once().await;
        }
    }
}

/// Goes to the end of the queue of tasks that are ready.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl Writer {
    pub(super) fn new(link: Arc<Link>, pieces: Pieces) -> Self {
        Self {
            link,
            pieces,
            state: State::Ready(0, None),
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
            State::Ready(..) if self.link.has_ended_writes() => Err(StreamError::Closed),
            State::Ready(..) => Ok(true),
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
            Ok(()) => State::Ready(0, None),
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
        let held = match &mut self.state {
            State::Ready(_, place) => place.take(),
            State::Writing(_) | State::Failed(_) | State::Closed => None,
        };
        let place = held.or_else(|| self.pieces.take());
        let allowed = if place.is_some() { PIECE } else { SMALL_PIECE };
        self.state = State::Ready(allowed, place);
        Ok(allowed)
    }

    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        if bytes.is_empty() {
            // A piece that is on its way stays on its way.
            return self.settle().map(drop);
        }
        let allowed = match &self.state {
            State::Ready(allowed, _) => *allowed,
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
        let mut place = match std::mem::replace(&mut self.state, State::Ready(0, None)) {
            State::Ready(_, place) => place,
            State::Writing(_) | State::Failed(_) | State::Closed => None,
        };
        while !bytes.is_empty() {
            match self.link.try_write(&bytes) {
                Ok(count) => drop(bytes.split_to(count.min(bytes.len()))),
                Err(Error::WouldBlock) => {
                    self.link.begin_piece();
                    let link = Arc::clone(&self.link);
                    let rest = std::mem::take(&mut bytes);
                    let place = place.take();
                    let task = async move {
                        let outcome = link.write_piece(&rest).await;
                        drop(place);
                        outcome
                    };
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

    async fn cancel(&mut self) {
        // What the guest has handed over before it drops the stream is not lost, and the guest goes on meanwhile: a peer
        // that never reads is not to keep a service from all its others.
        if let State::Writing(task) = std::mem::replace(&mut self.state, State::Closed) {
            task.linger();
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        if let State::Writing(task) = &mut self.state {
            let outcome = (&mut task.0).await;
            self.done(outcome.unwrap_or(Err(Error::Unknown)));
        }
        if matches!(self.state, State::Ready(..)) && !self.link.has_ended_writes() {
            self.link.writable().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::loopback::{Family, Limits, Network, Role, TcpSocket};
    use crate::sockets::link::Wire;

    struct Rig {
        network: Network,
        writer: Writer,
        far: TcpSocket,
    }

    /// A connection from a writer to a socket.
    fn rig() -> Rig {
        let network = Network::new(Limits::default());
        let at = "127.0.0.1:77".parse().unwrap();
        let listener = network.tcp(Family::V4, Role::Service).unwrap();
        listener.bind(at).unwrap();
        listener.listen().unwrap();
        let near = network.tcp(Family::V4, Role::Component).unwrap();
        near.start_connect(at).unwrap();
        let far = listener.try_accept().unwrap();
        let places = Arc::new(tokio::sync::Semaphore::new(1));
        let place = places.try_acquire_owned().unwrap();
        let link = Arc::new(Link::new(Wire::Virtual(near), Arc::new(place)));
        let writer = Writer::new(link, network.pieces().clone());
        Rig {
            network,
            writer,
            far,
        }
    }

    fn piece(bytes: usize) -> Bytes {
        vec![7; bytes].into()
    }

    /// Writes until a piece has no room left in the connection.
    fn fill(writer: &mut Writer) -> usize {
        // An odd byte, so that the last piece does not just fit.
        assert_ne!(writer.check_write().unwrap(), 0);
        writer.write(piece(1)).unwrap();
        let mut written = 1;
        loop {
            match writer.check_write().unwrap() {
                0 => return written,
                allowed => {
                    writer.write(piece(allowed)).unwrap();
                    written += allowed;
                }
            }
        }
    }

    #[tokio::test]
    async fn pieces_are_small_while_others_have_all_places_for_large_ones() {
        let mut rig = rig();
        let pieces = rig.network.pieces().clone();
        let others: Vec<_> = std::iter::from_fn(|| pieces.take()).collect();
        assert_eq!(rig.writer.check_write().unwrap(), SMALL_PIECE);
        rig.writer.write(piece(SMALL_PIECE)).unwrap();
        drop(others);
        assert_eq!(rig.writer.check_write().unwrap(), PIECE);
    }

    #[tokio::test]
    async fn a_piece_has_its_place_until_the_connection_has_taken_it() {
        let mut rig = rig();
        let all = rig.network.pieces().free();
        let mut left = fill(&mut rig.writer);
        assert_eq!(rig.network.pieces().free(), all - 1);
        let mut buffer = vec![0; PIECE];
        while left > 0 {
            rig.far.readable().await;
            left -= rig.far.try_read(&mut buffer).unwrap();
        }
        rig.writer.ready().await;
        assert_eq!(rig.network.pieces().free(), all);
    }

    #[tokio::test]
    async fn who_reads_gets_what_is_there_and_then_the_end() {
        let mut rig = rig();
        rig.far.try_write(b"abcdef").unwrap();
        let mut reader = Reader::new(Arc::clone(&rig.writer.link), false);
        assert_eq!(reader.read(4).unwrap(), "abcd");
        assert_eq!(reader.read(1 << 20).unwrap(), "ef");
        assert!(reader.read(1 << 20).unwrap().is_empty(), "nothing yet");
        rig.far.shutdown(std::net::Shutdown::Write).unwrap();
        let end = reader.read(1 << 20);
        assert!(matches!(end, Err(StreamError::Closed)), "{end:?}");
        rig.writer.cancel().await;
    }

    #[tokio::test]
    async fn a_service_that_is_woken_lets_others_go_first_once() {
        let rig = rig();
        let mut now = std::task::Context::from_waker(std::task::Waker::noop());
        for yields in [true, false] {
            let mut reader = Reader::new(Arc::clone(&rig.writer.link), yields);
            {
                let mut ready = pin!(reader.ready());
                assert!(ready.as_mut().poll(&mut now).is_pending());
                rig.far.try_write(b"x").unwrap();
                assert_eq!(ready.as_mut().poll(&mut now).is_pending(), yields);
                assert!(!yields || ready.as_mut().poll(&mut now).is_ready());
            }
            let mut there = pin!(reader.ready());
            assert!(there.as_mut().poll(&mut now).is_ready(), "it did not wait");
            let mut buffer = [0; 8];
            assert_eq!(
                rig.writer.link.poll_read(&mut now, &mut buffer),
                std::task::Poll::Ready(Ok(1))
            );
        }
    }

    #[tokio::test]
    async fn a_write_of_nothing_does_not_lose_a_piece_that_is_on_its_way() {
        let mut rig = rig();
        let mut left = fill(&mut rig.writer);
        rig.writer.write(Bytes::new()).unwrap();
        let mut buffer = vec![0; PIECE];
        while left > 0 {
            rig.far.readable().await;
            left -= rig.far.try_read(&mut buffer).unwrap();
        }
    }
    #[tokio::test]
    async fn who_drops_a_stream_does_not_wait_for_a_peer_that_never_reads() {
        let mut rig = rig();
        let mut left = fill(&mut rig.writer);
        rig.writer.cancel().now_or_never().expect("no wait");
        drop(rig.writer);
        let mut buffer = vec![0; PIECE];
        while left > 0 {
            rig.far.readable().await;
            left -= rig.far.try_read(&mut buffer).unwrap();
        }
        rig.far.readable().await;
        assert_eq!(rig.far.try_read(&mut buffer), Ok(0), "then the end");
    }
}
