//! A TCP socket as its user holds it.

use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::options::TcpOptions;
use super::super::state::{Place, SocketId};
use super::super::wait::Shared;
use super::super::{Error, Family};

/// A TCP socket of a virtual network, as a file descriptor is one of the machine's. Its drop closes it; to share it, put
/// it into an `Arc`.
///
/// Each operation comes in up to three forms: `try_` returns `WouldBlock`, `poll_` wakes the task that polled last, and
/// the async one may be waited for by any number of tasks and forgets one that goes away.
#[derive(Debug)]
pub struct TcpSocket {
    shared: Arc<Shared>,
    id: SocketId,
}

impl TcpSocket {
    pub(in super::super) fn new(shared: &Arc<Shared>, id: SocketId) -> Self {
        Self {
            shared: Arc::clone(shared),
            id,
        }
    }

    /// Binds to an address of the network; port 0 is one that the network chooses.
    ///
    /// # Errors
    /// `InvalidState` unless new; `InvalidArgument` and `AddressNotBindable` for an address of another kind or place;
    /// `AccessDenied` for a component; `AddressInUse` when a socket listens there or no port is free.
    pub fn bind(&self, address: SocketAddr) -> Result<(), Error> {
        self.shared.with(|state| state.bind(self.id, address))
    }

    /// Listens; on all addresses and a port that the network chooses, if not bound.
    ///
    /// # Errors
    /// `InvalidState` after `listen` or `connect`; `AccessDenied` for a component; `AddressInUse` as for `bind`.
    pub fn listen(&self) -> Result<(), Error> {
        self.shared.with(|state| state.listen(self.id))
    }

    /// How many connections wait to be accepted before more have to wait to connect (one more does, as on Linux).
    /// Clamped; 128 if never set. Also while it listens.
    ///
    /// # Errors
    /// `InvalidArgument` for zero, `InvalidState` after `connect`.
    pub fn set_backlog(&self, connections: u64) -> Result<(), Error> {
        self.shared
            .with(|state| state.set_backlog(self.id, connections))
    }

    /// Accepts a connection.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidState` unless listening; `ConnectionAborted` when the network was closed.
    pub fn try_accept(&self) -> Result<Self, Error> {
        let id = self.shared.with(|state| state.accept(self.id))?;
        Ok(Self::new(&self.shared, id))
    }

    /// Accepts a connection, or wakes when there is one.
    ///
    /// # Errors
    /// As `try_accept`, but never `WouldBlock`.
    pub fn poll_accept(&self, cx: &Context<'_>) -> Poll<Result<Self, Error>> {
        let accept = |state: &mut super::State| state.accept(self.id);
        self.shared
            .poll(Place::Readable(self.id), cx, accept)
            .map_ok(|id| Self::new(&self.shared, id))
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// As `try_accept`, but never `WouldBlock`.
    pub async fn accept(&self) -> Result<Self, Error> {
        let accept = |state: &mut super::State| state.accept(self.id);
        let id = self.shared.wait(Place::Readable(self.id), accept).await?;
        Ok(Self::new(&self.shared, id))
    }

    /// Begins to connect. Nearly always there is an outcome at once, which `try_connected` and its sisters tell.
    ///
    /// # Errors
    /// `InvalidState` unless new or bound; `InvalidArgument` for an address that cannot be connected to.
    pub fn start_connect(&self, remote: SocketAddr) -> Result<(), Error> {
        self.shared.with(|state| state.connect(self.id, remote))
    }

    /// The outcome of a connect.
    ///
    /// # Errors
    /// `WouldBlock` while the listener's queue is full; `ConnectionRefused` when nobody listens; `RemoteUnreachable`
    /// outside the network; `AddressInUse` without a free port; `AddressNotBindable` when there is a connection between
    /// the same addresses; `NewSocketLimit`; `OutOfMemory`; `Timeout` after `give_up`; `InvalidState` when nothing was begun.
    pub fn try_connected(&self) -> Result<(), Error> {
        self.shared.with(|state| state.connected(self.id))
    }

    /// The outcome of a connect, or wakes when there is one.
    ///
    /// # Errors
    /// As `try_connected`, but never `WouldBlock`.
    pub fn poll_connected(&self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        let connected = |state: &mut super::State| state.connected(self.id);
        self.shared.poll(Place::Writable(self.id), cx, connected)
    }

    /// Connects, and waits for a place in the listener's queue. One who stops waiting stops nothing: see `give_up`.
    ///
    /// # Errors
    /// As `start_connect` and `try_connected`, but never `WouldBlock`.
    pub async fn connect(&self, remote: SocketAddr) -> Result<(), Error> {
        self.start_connect(remote)?;
        let connected = |state: &mut super::State| state.connected(self.id);
        self.shared.wait(Place::Writable(self.id), connected).await
    }

    /// Ends a connect that still waits: its outcome is `Timeout`.
    pub fn give_up(&self) {
        self.shared.with(|state| {
            if state.connected(self.id) == Err(Error::WouldBlock) {
                state.fail_connect(self.id, Error::Timeout);
            }
        });
    }

    /// Reads what is there. 0 is the end of the data.
    ///
    /// # Errors
    /// `WouldBlock`; `ConnectionReset` once when the peer gave up; `InvalidState` unless connected.
    pub fn try_read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.shared.with(|state| state.read(self.id, buffer))
    }

    /// Reads what is there, so many bytes at most. No bytes are the end of the data.
    ///
    /// # Errors
    /// As `try_read`.
    pub fn try_read_bytes(&self, most: usize) -> Result<Vec<u8>, Error> {
        self.shared.with(|state| state.read_bytes(self.id, most))
    }

    /// Reads what is there, or wakes when there is something.
    ///
    /// # Errors
    /// As `try_read`, but never `WouldBlock`.
    pub fn poll_read(&self, cx: &Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Error>> {
        let read = |state: &mut super::State| state.read(self.id, buffer);
        self.shared.poll(Place::Readable(self.id), cx, read)
    }

    /// Waits until there is something to read, and reads it.
    ///
    /// # Errors
    /// As `try_read`, but never `WouldBlock`.
    pub async fn read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let read = |state: &mut super::State| state.read(self.id, buffer);
        self.shared.wait(Place::Readable(self.id), read).await
    }

    /// Writes as much as there is room for, one byte at least unless there are none.
    ///
    /// # Errors
    /// `WouldBlock`; `ConnectionReset` once when the peer gave up, `ConnectionBroken` when this side was shut down or the
    /// peer is gone; `InvalidState` unless connected.
    pub fn try_write(&self, data: &[u8]) -> Result<usize, Error> {
        self.shared.with(|state| state.write(self.id, data))
    }

    /// Writes as much as there is room for, or wakes when there is room.
    ///
    /// # Errors
    /// As `try_write`, but never `WouldBlock`.
    pub fn poll_write(&self, cx: &Context<'_>, data: &[u8]) -> Poll<Result<usize, Error>> {
        let write = |state: &mut super::State| state.write(self.id, data);
        self.shared.poll(Place::Writable(self.id), cx, write)
    }

    /// Waits for room, and writes as much as there is room for.
    ///
    /// # Errors
    /// As `try_write`, but never `WouldBlock`.
    pub async fn write(&self, data: &[u8]) -> Result<usize, Error> {
        let write = |state: &mut super::State| state.write(self.id, data);
        self.shared.wait(Place::Writable(self.id), write).await
    }

    /// Ready when a read or an accept would not wait.
    pub fn poll_readable(&self, cx: &Context<'_>) -> Poll<()> {
        let readable = |state: &mut super::State| state.readable(self.id);
        let poll = self.shared.poll(Place::Readable(self.id), cx, readable);
        poll.map(|_| ())
    }

    /// Resolves when a read or an accept would not wait.
    pub async fn readable(&self) {
        let readable = |state: &mut super::State| state.readable(self.id);
        // An error is something to read as well.
        let _ = self.shared.wait(Place::Readable(self.id), readable).await;
    }

    /// Ready when a write would not wait, or a connect has an outcome.
    pub fn poll_writable(&self, cx: &Context<'_>) -> Poll<()> {
        let writable = |state: &mut super::State| state.writable(self.id);
        let poll = self.shared.poll(Place::Writable(self.id), cx, writable);
        poll.map(|_| ())
    }

    /// Resolves when a write would not wait, or a connect has an outcome.
    pub async fn writable(&self) {
        let writable = |state: &mut super::State| state.writable(self.id);
        // An error is an outcome as well.
        let _ = self.shared.wait(Place::Writable(self.id), writable).await;
    }

    /// Ends one direction or both. What was written before arrives; what has arrived can be read.
    ///
    /// # Errors
    /// `InvalidState` unless connected, or when both directions are at their end.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Error> {
        self.shared.with(|state| state.shut_down(self.id, how))
    }

    /// Gives the connection up: the peer gets a reset once it has read what arrived. Nothing, unless connected.
    pub fn reset(&self) {
        self.shared.with(|state| state.reset(self.id));
    }

    /// Where it is bound, listens or talks from.
    ///
    /// # Errors
    /// `InvalidState` if nowhere, and while it connects.
    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        self.shared.with(|state| state.local_address(self.id))
    }

    /// Where it is connected to.
    ///
    /// # Errors
    /// `InvalidState` unless connected, or when both directions are at their end.
    pub fn remote_address(&self) -> Result<SocketAddr, Error> {
        self.shared.with(|state| state.remote_address(self.id))
    }

    /// Whether it listens.
    pub fn is_listening(&self) -> bool {
        self.shared.with(|state| state.is_listening(self.id))
    }

    /// The protocol it was made for.
    pub fn family(&self) -> Family {
        let socket = |state: &mut super::State| state.socket(self.id).map(|tcp| tcp.family);
        self.shared.with(socket).unwrap_or(Family::V4)
    }

    /// All options as they are.
    pub fn options(&self) -> Result<TcpOptions, Error> {
        self.shared
            .with(|state| state.socket(self.id).map(|tcp| tcp.options))
    }

    /// Changes options, with the setters of `TcpOptions`.
    ///
    /// # Errors
    /// Those of the setters.
    pub fn set_options(
        &self,
        change: impl FnOnce(&mut TcpOptions) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // Not under the lock: the change is the caller's code.
        let mut options = self.options()?;
        change(&mut options)?;
        self.shared.with(|state| {
            state.socket(self.id)?.options.take_all_but_buffers(options);
            Ok(())
        })
    }

    /// Sets the receive buffer in bytes, clamped.
    ///
    /// # Errors
    /// `InvalidArgument` for zero.
    pub fn set_receive_buffer(&self, bytes: u64) -> Result<(), Error> {
        self.shared
            .with(|state| state.set_tcp_buffer(self.id, bytes, TcpOptions::set_receive_buffer))
    }

    /// Sets the send buffer in bytes, clamped.
    ///
    /// # Errors
    /// `InvalidArgument` for zero.
    pub fn set_send_buffer(&self, bytes: u64) -> Result<(), Error> {
        self.shared
            .with(|state| state.set_tcp_buffer(self.id, bytes, TcpOptions::set_send_buffer))
    }
}

impl Drop for TcpSocket {
    fn drop(&mut self) {
        self.shared.with(|state| state.drop_tcp(self.id));
    }
}
