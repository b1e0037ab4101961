//! Moving bytes. Each direction is one queue at its reader, as long as the writer's send buffer and the reader's
//! receive buffer together.

use super::super::bytes::SMALLEST_CHUNK;
use super::super::state::{Place, SocketId, State};
use super::{Error, Phase, Stream};

/// What a write comes to.
enum Outlet {
    /// Goes to this socket, so many bytes at most.
    Peer(SocketId, usize),
    /// Nobody reads it: taken as the network would, and answered with a reset.
    Nobody(Option<SocketId>),
}

impl State {
    /// Moves bytes into a buffer. 0 is the end of the data, or an empty buffer.
    pub(in super::super) fn read(
        &mut self,
        id: SocketId,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let stream = self.stream(id)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        if stream.incoming.is_empty() {
            return stream.end();
        }
        let (before, charged) = (stream.incoming.held(), stream.incoming.charged());
        let count = stream.incoming.pull(buffer);
        let (now, peer) = (stream.incoming.held(), stream.peer);
        let charged = charged.saturating_sub(stream.incoming.charged());
        self.account(before, now);
        self.memory.give_back(charged);
        if let Some(peer) = peer {
            self.wake(Place::Writable(peer));
        }
        Ok(count)
    }

    /// Takes bytes out, so many at most. None is the end of the data.
    pub(in super::super) fn read_bytes(
        &mut self,
        id: SocketId,
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        let there = self.stream(id)?.incoming.len();
        // Where nothing is there, one byte is asked for to find out why.
        let mut bytes = vec![0; there.max(1).min(most)];
        let count = self.read(id, &mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Takes bytes, as many as there is room for and one at least.
    pub(in super::super) fn write(&mut self, id: SocketId, data: &[u8]) -> Result<usize, Error> {
        match self.outlet(id)? {
            _ if data.is_empty() => Ok(0),
            Outlet::Nobody(peer) => {
                let count = data.len().min(self.socket(id)?.options.send_buffer());
                self.give_up(id);
                if let Some(peer) = peer {
                    self.give_up(peer);
                }
                Ok(count)
            }
            Outlet::Peer(peer, room) => {
                let count = self.deliver(peer, data, room);
                if count > 0 {
                    return Ok(count);
                }
                if room > 0 {
                    self.starved.insert(id);
                }
                Err(Error::WouldBlock)
            }
        }
    }

    /// Whether a read would not wait.
    pub(in super::super) fn readable(&mut self, id: SocketId) -> Result<(), Error> {
        let ready = match &self.socket(id)?.phase {
            Phase::Connected(stream) => {
                !stream.incoming.is_empty() || stream.ended || stream.no_reads || stream.reset
            }
            Phase::Listening(queues) => !queues.established.is_empty(),
            Phase::Connecting { .. } => false,
            Phase::Open | Phase::Closed(_) => true,
        };
        if ready {
            Ok(())
        } else {
            Err(Error::WouldBlock)
        }
    }

    /// Whether a write would not wait, or a connect has an outcome.
    pub(in super::super) fn writable(&mut self, id: SocketId) -> Result<(), Error> {
        match &self.socket(id)?.phase {
            Phase::Connecting { .. } => return Err(Error::WouldBlock),
            Phase::Connected(stream) if !(stream.reset || stream.no_writes) => {}
            Phase::Open | Phase::Listening(_) | Phase::Connected(_) | Phase::Closed(_) => {
                return Ok(());
            }
        }
        let Ok(Outlet::Peer(peer, room)) = self.outlet(id) else {
            return Ok(());
        };
        if room > 0 {
            let allowance = self.allowance(peer);
            if self.stream(peer)?.incoming.takes(allowance) {
                return Ok(());
            }
            self.starved.insert(id);
        }
        Err(Error::WouldBlock)
    }

    fn outlet(&mut self, id: SocketId) -> Result<Outlet, Error> {
        let own = self.socket(id)?.options.send_buffer();
        let stream = self.stream(id)?;
        if stream.reset || stream.no_writes || stream.error.is_some() {
            return Err(stream.error.take().unwrap_or(Error::ConnectionBroken));
        }
        let Some(peer) = stream.peer else {
            return Ok(Outlet::Nobody(None));
        };
        let Ok(tcp) = self.socket(peer) else {
            return Ok(Outlet::Nobody(None));
        };
        let theirs = tcp.options.receive_buffer();
        match &tcp.phase {
            Phase::Connected(far) if !(far.no_reads && far.no_writes) => {
                let room = own
                    .saturating_add(theirs)
                    .saturating_sub(far.incoming.len());
                Ok(Outlet::Peer(peer, room))
            }
            Phase::Open
            | Phase::Listening(_)
            | Phase::Connecting { .. }
            | Phase::Connected(_)
            | Phase::Closed(_) => Ok(Outlet::Nobody(Some(peer))),
        }
    }

    /// Puts data into the queue of a socket, so many bytes at most and as memory allows.
    fn deliver(&mut self, to: SocketId, data: &[u8], room: usize) -> usize {
        let data = data.get(..room).unwrap_or(data);
        let (free, memory) = (self.free(), &self.memory);
        let Some(Phase::Connected(stream)) = self.tcp.get_mut(&to).map(|tcp| &mut tcp.phase) else {
            return 0;
        };
        let queue = &mut stream.incoming;
        let (before, charged) = (queue.held(), queue.charged());
        // The first small piece was paid for with the socket.
        let paid = if queue.is_empty() { SMALLEST_CHUNK } else { 0 };
        let wish = queue.needs(data.len()).min(free.max(paid));
        let taken = memory.take_up_to(wish.saturating_sub(paid), SMALLEST_CHUNK);
        let count = queue.push(data, wish.min(paid + taken));
        let charged = queue.charged().saturating_sub(charged);
        let now = queue.held();
        memory.give_back(taken.saturating_sub(charged));
        self.account(before, now);
        if count > 0 {
            self.wake(Place::Readable(to));
        }
        count
    }

    /// Memory that a queue may take, in bytes: a first small piece always.
    fn allowance(&mut self, id: SocketId) -> usize {
        let free = self.free();
        let empty = self.stream(id).map(|stream| stream.incoming.is_empty());
        match empty {
            Ok(true) => free.max(SMALLEST_CHUNK),
            Ok(false) if self.memory.lacks(SMALLEST_CHUNK) => 0,
            Ok(false) | Err(_) => free,
        }
    }
}

impl Stream {
    /// What a read finds when there is no data.
    fn end(&mut self) -> Result<usize, Error> {
        if self.ended {
            return Ok(0);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.no_reads || self.reset {
            return Ok(0);
        }
        Err(Error::WouldBlock)
    }
}
