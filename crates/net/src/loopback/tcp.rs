//! One TCP socket: its state and what can be read from it.
//!
//! `open` binds and listens, `connect` makes connections and hands them to listeners, `stream` moves bytes, `end` is how
//! connections end, `socket` is what users hold.

mod connect;
mod end;
mod open;
pub(super) mod socket;
mod stream;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::bytes::ByteQueue;
use super::limits::Limits;
use super::options::TcpOptions;
use super::state::{Place, SocketId, State};
use super::waiters::Waiters;
use super::{Error, Family, Role};

/// Connections that wait to be accepted, where the listener asked for nothing: the number of Rust's standard library.
const BACKLOG: usize = 128;

#[derive(Debug)]
pub(super) struct Tcp {
    pub(super) family: Family,
    pub(super) role: Role,
    /// The address that was bound and is held among the ports.
    bound: Option<SocketAddr>,
    pub(super) options: TcpOptions,
    backlog: usize,
    pub(super) phase: Phase,
    pub(super) readers: Waiters,
    pub(super) writers: Waiters,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing yet, but perhaps bound.
    Open,
    Listening(Queues),
    /// Waits for a place in a listener's queue.
    Connecting {
        listener: SocketId,
        local: SocketAddr,
        remote: SocketAddr,
    },
    Connected(Stream),
    /// Did not connect, or the network was closed.
    Closed(Error),
}

/// Whom a listener keeps waiting.
#[derive(Debug, Default)]
pub(super) struct Queues {
    /// Connections that wait to be accepted.
    established: VecDeque<SocketId>,
    /// Sockets that wait for a place among them.
    connecting: VecDeque<SocketId>,
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct Stream {
    local: SocketAddr,
    remote: SocketAddr,
    /// The other end, until it is dropped.
    peer: Option<SocketId>,
    /// Whether this end connected; the other was connected to.
    dialled: bool,
    /// Whether the pair of addresses is still this connection's.
    paired: bool,
    incoming: ByteQueue,
    /// The peer sends no more (its FIN came).
    ended: bool,
    /// Linux's SHUT_RD: reads do not wait any more. Data still arrives.
    no_reads: bool,
    /// SHUT_WR: the peer was told that this was all.
    no_writes: bool,
    /// Given up, by this end or the other.
    reset: bool,
    /// Why, to be told once.
    error: Option<Error>,
}

impl Tcp {
    pub(super) fn new(family: Family, role: Role, limits: &Limits) -> Self {
        Self {
            family,
            role,
            bound: None,
            options: TcpOptions::new(limits),
            backlog: BACKLOG.min(limits.backlog),
            phase: Phase::Open,
            readers: Waiters::default(),
            writers: Waiters::default(),
        }
    }
}

impl Stream {
    fn new(local: SocketAddr, remote: SocketAddr, peer: SocketId, dialled: bool) -> Self {
        Self {
            local,
            remote,
            peer: Some(peer),
            dialled,
            paired: true,
            incoming: ByteQueue::default(),
            ended: false,
            no_reads: false,
            no_writes: false,
            reset: false,
            error: None,
        }
    }

    /// Whether Linux's socket would be in state CLOSE: both ends have said all, or one gave up.
    fn is_over(&self) -> bool {
        self.reset || (self.ended && self.no_writes)
    }

    /// The pair of addresses, with who connected first.
    fn pair(&self) -> (SocketAddr, SocketAddr) {
        if self.dialled {
            (self.local, self.remote)
        } else {
            (self.remote, self.local)
        }
    }
}

impl State {
    pub(super) fn socket(&mut self, id: SocketId) -> Result<&mut Tcp, Error> {
        match self.tcp.get_mut(&id) {
            Some(tcp) => Ok(tcp),
            None => Err(Error::InvalidState),
        }
    }

    fn stream(&mut self, id: SocketId) -> Result<&mut Stream, Error> {
        match &mut self.socket(id)?.phase {
            Phase::Connected(stream) => Ok(stream),
            Phase::Closed(Error::ConnectionAborted) => Err(Error::ConnectionAborted),
            Phase::Open | Phase::Listening(_) | Phase::Connecting { .. } | Phase::Closed(_) => {
                Err(Error::InvalidState)
            }
        }
    }

    fn queues(&mut self, id: SocketId) -> Option<&mut Queues> {
        match &mut self.tcp.get_mut(&id)?.phase {
            Phase::Listening(queues) => Some(queues),
            Phase::Open | Phase::Connecting { .. } | Phase::Connected(_) | Phase::Closed(_) => None,
        }
    }

    pub(super) fn local_address(&mut self, id: SocketId) -> Result<SocketAddr, Error> {
        let tcp = self.socket(id)?;
        match &tcp.phase {
            Phase::Open | Phase::Listening(_) => tcp.bound.ok_or(Error::InvalidState),
            Phase::Connected(stream) => Ok(stream.local),
            Phase::Connecting { .. } | Phase::Closed(_) => Err(Error::InvalidState),
        }
    }

    /// `InvalidState` also when the connection is over, as on Linux.
    pub(super) fn remote_address(&mut self, id: SocketId) -> Result<SocketAddr, Error> {
        let stream = self.stream(id)?;
        if stream.is_over() {
            return Err(Error::InvalidState);
        }
        Ok(stream.remote)
    }

    pub(super) fn is_listening(&mut self, id: SocketId) -> bool {
        self.queues(id).is_some()
    }

    /// Sets a buffer's size; whoever waits for room looks again.
    pub(super) fn set_tcp_buffer(
        &mut self,
        id: SocketId,
        wish: u64,
        set: fn(&mut TcpOptions, usize),
    ) -> Result<(), Error> {
        let bytes = self.limits.buffer(wish)?;
        set(&mut self.socket(id)?.options, bytes);
        self.wake(Place::Writable(id));
        if let Ok(Some(peer)) = self.stream(id).map(|stream| stream.peer) {
            self.wake(Place::Writable(peer));
        }
        Ok(())
    }
}
