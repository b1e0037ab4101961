//! Everything that one network is at a moment. Pure: nothing here waits, and no clock or thread is known. What would have
//! to wait is `WouldBlock`; whoever should be told of a change is put on `wakes`.
//!
//! One lock guards all of it, so that both ends of a connection change in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::limits::{Limits, SOCKET, Usage};
use super::memory::Memory;
use super::ports::Ports;
use super::tcp::Tcp;
use super::udp::Udp;
use super::waiters::{Waiters, Wakes};
use super::{Error, Family, Role};

/// One socket of a network. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SocketId(pub(super) u64);

/// What one can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Data, the end or an error; for a listener, a connection.
    Readable(SocketId),
    /// Room for data or an error; for a socket that connects, the outcome.
    Writable(SocketId),
    /// That some TCP socket listens.
    Listening,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) limits: Limits,
    /// What is charged for all that follows.
    pub(super) memory: Memory,
    pub(super) closed: bool,
    last_id: u64,
    pub(super) tcp: BTreeMap<SocketId, Box<Tcp>>,
    pub(super) udp: BTreeMap<SocketId, Box<Udp>>,
    pub(super) tcp_ports: Ports,
    pub(super) udp_ports: Ports,
    /// Connections that exist, as the addresses of who connected and who was connected to.
    pub(super) pairs: BTreeSet<(SocketAddr, SocketAddr)>,
    /// Memory for data, in bytes.
    used: usize,
    /// Sockets that cannot write because the memory is used up.
    pub(super) starved: BTreeSet<SocketId>,
    pub(super) listening: Waiters,
    pub(super) wakes: Wakes,
}

impl State {
    pub(super) fn new(limits: Limits, memory: Memory) -> Self {
        Self {
            limits,
            memory,
            closed: false,
            last_id: 0,
            tcp: BTreeMap::new(),
            udp: BTreeMap::new(),
            tcp_ports: Ports::default(),
            udp_ports: Ports::default(),
            pairs: BTreeSet::new(),
            used: 0,
            starved: BTreeSet::new(),
            listening: Waiters::default(),
            wakes: Wakes::default(),
        }
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            sockets: self.tcp.len() + self.udp.len(),
            buffered: self.used,
            charged: self.memory.taken(),
        }
    }

    pub(super) fn new_tcp(&mut self, family: Family, role: Role) -> Result<SocketId, Error> {
        let id = self.new_id()?;
        let tcp = Tcp::new(family, role, &self.limits);
        self.tcp.insert(id, Box::new(tcp));
        Ok(id)
    }

    pub(super) fn new_udp(&mut self, family: Family, role: Role) -> Result<SocketId, Error> {
        let id = self.new_id()?;
        let udp = Udp::new(family, role, &self.limits);
        self.udp.insert(id, Box::new(udp));
        Ok(id)
    }

    /// An id for one more socket, if there may be one. It is charged until `forget_socket`.
    pub(super) fn new_id(&mut self) -> Result<SocketId, Error> {
        self.open()?;
        if self.tcp.len() + self.udp.len() >= self.limits.sockets {
            return Err(Error::NewSocketLimit);
        }
        if !self.memory.take(SOCKET) {
            return Err(Error::OutOfMemory);
        }
        self.last_id += 1;
        Ok(SocketId(self.last_id))
    }

    /// Gives back what a socket was charged, and what has been kept for it. Its queue is not part of that.
    pub(super) fn forget_socket(&self) {
        self.memory.give_back(SOCKET);
        self.memory.trim();
    }

    /// Refuses what begins something new on a network that was closed.
    pub(super) fn open(&self) -> Result<(), Error> {
        if self.closed {
            Err(Error::ConnectionAborted)
        } else {
            Ok(())
        }
    }

    /// Who waits for something; none if the socket is gone.
    pub(super) fn waiters(&mut self, place: Place) -> Option<(&mut Waiters, &mut Wakes)> {
        let waiters = match place {
            Place::Listening => &mut self.listening,
            Place::Writable(id) => &mut self.tcp.get_mut(&id)?.writers,
            Place::Readable(id) => match self.tcp.get_mut(&id) {
                Some(tcp) => &mut tcp.readers,
                None => &mut self.udp.get_mut(&id)?.readers,
            },
        };
        Some((waiters, &mut self.wakes))
    }

    /// Tells whoever waits for something.
    pub(super) fn wake(&mut self, place: Place) {
        if let Some((waiters, wakes)) = self.waiters(place) {
            waiters.wake(wakes);
        }
    }

    pub(super) fn listeners(&self) -> Vec<SocketAddr> {
        self.tcp_ports.listeners()
    }

    /// Memory for data that may still be taken, in bytes.
    pub(super) fn free(&self) -> usize {
        self.limits.buffered.saturating_sub(self.used)
    }

    /// Notes what a queue holds now instead of before, and tells those who wait for memory.
    pub(super) fn account(&mut self, before: usize, now: usize) {
        self.used = self.used.saturating_sub(before).saturating_add(now);
        if now < before {
            for id in std::mem::take(&mut self.starved) {
                self.wake(Place::Writable(id));
            }
        }
    }

    /// Resets every connection, ends every listener and forgets all data. The sockets stay until they are dropped.
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let ids: Vec<SocketId> = self.tcp.keys().copied().collect();
        for id in ids {
            self.abort_tcp(id);
        }
        for udp in self.udp.values_mut() {
            self.memory.give_back(udp.abort(&mut self.wakes));
        }
        self.memory.trim();
        self.tcp_ports = Ports::default();
        self.udp_ports = Ports::default();
        self.pairs = BTreeSet::new();
        self.starved = BTreeSet::new();
        self.used = 0;
        self.listening.wake(&mut self.wakes);
    }
}
