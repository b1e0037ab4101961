//! How connections end: shutdown, drop and reset, as Linux has them.
//!
//! - A drop with everything read is a FIN: the peer reads what is there and then the end. Its next write is taken, and
//!   answered with a reset; from then on it gets `ConnectionBroken`.
//! - A drop with data unread, and a listener's drop before it accepted, is a reset: the peer reads what is there, gets
//!   `ConnectionReset` once, and the end or `ConnectionBroken` after that.

use std::collections::VecDeque;
use std::net::Shutdown;

use super::super::state::{Place, SocketId, State};
use super::{Error, Phase, Stream};

impl State {
    /// Ends one direction of a connection or both.
    pub(in super::super) fn shut_down(&mut self, id: SocketId, how: Shutdown) -> Result<(), Error> {
        let stream = self.stream(id)?;
        if stream.is_over() {
            return Err(Error::InvalidState);
        }
        let (reads, writes) = match how {
            Shutdown::Read => (true, false),
            Shutdown::Write => (false, true),
            Shutdown::Both => (true, true),
        };
        stream.no_reads |= reads;
        let finish = writes && !stream.no_writes;
        stream.no_writes |= writes;
        let peer = stream.peer;
        self.wake(Place::Readable(id));
        self.wake(Place::Writable(id));
        if let Some(peer) = peer.filter(|_| finish) {
            self.finish(peer);
        }
        Ok(())
    }

    /// Gives a connection up, as a close does that may not linger: the peer gets a reset, whatever was read.
    pub(in super::super) fn reset(&mut self, id: SocketId) {
        let Ok(stream) = self.stream(id) else {
            return;
        };
        if let Some(peer) = stream.peer {
            self.give_up(peer);
        }
        self.give_up(id);
    }

    /// Forgets a socket, which nobody holds any more.
    pub(in super::super) fn drop_tcp(&mut self, id: SocketId) {
        if let Some(Phase::Connecting { listener, .. }) = self.tcp.get(&id).map(|tcp| &tcp.phase) {
            let listener = *listener;
            self.leave_queue(listener, id);
        }
        let Some(mut tcp) = self.tcp.remove(&id) else {
            return;
        };
        if let Some(bound) = tcp.bound {
            self.tcp_ports.release(bound, id);
        }
        self.starved.remove(&id);
        tcp.readers.wake(&mut self.wakes);
        tcp.writers.wake(&mut self.wakes);
        match tcp.phase {
            Phase::Connected(stream) => {
                let unread = !stream.incoming.is_empty();
                self.part(&stream, unread);
            }
            Phase::Listening(queues) => {
                self.turn_away(queues.established);
                for id in queues.connecting {
                    self.fail_connect(id, Error::ConnectionRefused);
                }
            }
            Phase::Open | Phase::Connecting { .. } | Phase::Closed(_) => {}
        }
        self.forget_socket();
    }

    /// A reset comes to a socket, or it gives up by itself.
    pub(super) fn give_up(&mut self, id: SocketId) {
        let Ok(stream) = self.stream(id) else {
            return;
        };
        if stream.is_over() {
            return;
        }
        stream.reset = true;
        stream.error = Some(if stream.ended {
            Error::ConnectionBroken
        } else {
            Error::ConnectionReset
        });
        if std::mem::replace(&mut stream.paired, false) {
            let pair = stream.pair();
            self.pairs.remove(&pair);
        }
        self.wake(Place::Readable(id));
        self.wake(Place::Writable(id));
    }

    /// The network goes away under a socket.
    pub(in super::super) fn abort_tcp(&mut self, id: SocketId) {
        let Some(tcp) = self.tcp.get_mut(&id) else {
            return;
        };
        tcp.bound = None;
        if let Phase::Connected(stream) = &mut tcp.phase {
            let incoming = std::mem::take(&mut stream.incoming);
            stream.peer = None;
            self.memory.give_back(incoming.charged());
            self.give_up(id);
            return;
        }
        let before = std::mem::replace(&mut tcp.phase, Phase::Closed(Error::ConnectionAborted));
        self.wake(Place::Readable(id));
        self.wake(Place::Writable(id));
        if let Phase::Listening(queues) = before {
            self.turn_away(queues.established);
        }
    }

    /// The peer has sent all.
    fn finish(&mut self, id: SocketId) {
        if let Ok(stream) = self.stream(id)
            && !stream.reset
        {
            stream.ended = true;
        }
        self.wake(Place::Readable(id));
    }

    /// Leaves a connection: with a reset, or with a FIN, which may be the second.
    fn part(&mut self, stream: &Stream, reset: bool) {
        self.account(stream.incoming.held(), 0);
        self.memory.give_back(stream.incoming.charged());
        let pair = stream.pair();
        let Some(peer) = stream.peer else {
            if stream.paired {
                self.pairs.remove(&pair);
            }
            return;
        };
        if let Ok(far) = self.stream(peer) {
            far.peer = None;
        }
        if reset {
            self.give_up(peer);
        } else {
            self.finish(peer);
        }
        // Whoever waits for room waits for nobody now.
        self.wake(Place::Writable(peer));
    }

    /// A listener goes: connections that it did not accept are reset.
    fn turn_away(&mut self, established: VecDeque<SocketId>) {
        for child in established {
            let Some(tcp) = self.tcp.remove(&child) else {
                continue;
            };
            if let Phase::Connected(stream) = tcp.phase {
                self.part(&stream, true);
            }
            self.forget_socket();
        }
    }
}
