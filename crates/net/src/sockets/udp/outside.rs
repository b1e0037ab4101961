//! The half of a UDP socket that is one of the machine.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::firewall::quota::Permit;
use crate::loopback::{Family, Held};
use crate::sockets::error::Error;
use crate::sockets::lookup::plain;
use crate::sockets::options::Wishes;

/// Peers whose answers are let in; the oldest is forgotten for one more.
const PEERS: usize = 1024;
/// Datagrams from others that are thrown away in one go.
const STRAYS: usize = 64;
/// Bytes of the longest datagram.
const LONGEST: usize = 64 << 10;
/// What a peer is charged, in bytes.
const PEER: usize = 192;
/// What such a socket is charged, in bytes: its buffer, and one peer.
pub(super) const CHARGE: usize = LONGEST + PEER;

pub(super) struct Outside {
    socket: tokio::net::UdpSocket,
    inner: Mutex<Inner>,
    _permit: Permit,
}

struct Inner {
    peers: Peers,
    buffer: Vec<u8>,
    held: Held,
}

/// Whom the guest has sent to: the address of the machine's network, and what the guest calls it.
#[derive(Default)]
struct Peers {
    called: HashMap<SocketAddr, SocketAddr>,
    order: VecDeque<SocketAddr>,
}

impl Outside {
    /// A socket on all addresses and a port that the machine chooses when something is sent.
    pub(super) fn new(
        family: Family,
        wishes: &Wishes,
        permit: Permit,
        held: Held,
    ) -> Result<Self, Error> {
        let domain = match family {
            Family::V4 => AddressFamily::INET,
            Family::V6 => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(domain, SocketType::DGRAM, flags, None)?;
        if family == Family::V6 {
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
        }
        wishes.apply(&socket, family);
        Ok(Self {
            socket: tokio::net::UdpSocket::from_std(socket.into())?,
            inner: Mutex::new(Inner {
                peers: Peers::default(),
                buffer: Vec::new(),
                held,
            }),
            _permit: permit,
        })
    }

    pub(super) fn socket(&self) -> &tokio::net::UdpSocket {
        &self.socket
    }

    pub(super) fn local_address(&self) -> Result<SocketAddr, Error> {
        Ok(self.socket.local_addr()?)
    }

    /// Talks to one address only. `asked` is what the guest calls it.
    pub(super) fn connect(&self, asked: SocketAddr, address: SocketAddr) -> Result<(), Error> {
        match rustix::net::connect(&self.socket, &address) {
            // Linux keeps the source address of an earlier connection, which may not lead to this one.
            Err(Errno::INVAL) => {
                rustix::net::connect_unspec(&self.socket)?;
                rustix::net::connect(&self.socket, &address)?;
            }
            outcome => outcome?,
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.peers = Peers::default();
        inner.let_in(address, asked);
        Ok(())
    }

    pub(super) fn disconnect(&self) -> Result<(), Error> {
        Ok(rustix::net::connect_unspec(&self.socket)?)
    }

    /// Lets the answers of a peer in.
    pub(super) fn expect(&self, asked: SocketAddr, address: SocketAddr) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.let_in(address, asked);
    }

    /// Sends without waiting for tokio to notice that the socket is ready: a new one is.
    pub(super) fn try_send(&self, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        let flags = rustix::net::SendFlags::NOSIGNAL;
        let send = || -> std::io::Result<()> {
            match to {
                Some(to) => rustix::net::sendto(&self.socket, data, flags, &to)?,
                None => rustix::net::send(&self.socket, data, flags)?,
            };
            Ok(())
        };
        match send() {
            // Through tokio, so that it forgets that the socket was ready, and `writable` waits.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                Ok(self.socket.try_io(tokio::io::Interest::WRITABLE, send)?)
            }
            outcome => Ok(outcome?),
        }
    }

    pub(super) async fn writable(&self) {
        // What fails here fails again when it is sent.
        let _ = self.socket.writable().await;
    }

    /// A datagram from somebody who was sent to.
    pub(super) fn try_receive(&self) -> Result<(Vec<u8>, SocketAddr), Error> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { peers, buffer, .. } = &mut *inner;
        buffer.resize(LONGEST, 0);
        for _ in 0..STRAYS {
            let (count, from) = self.socket.try_recv_from(buffer)?;
            if let Some(called) = peers.called.get(&plain(from)) {
                let data = buffer.get(..count).unwrap_or_default();
                return Ok((data.to_vec(), *called));
            }
        }
        // There may be more; who waits for them is told at once.
        Err(Error::WouldBlock)
    }

    pub(super) async fn readable(&self) {
        // A flood of strays must not keep the task from giving way.
        tokio::task::consume_budget().await;
        let _ = self.socket.readable().await;
    }
}

impl Inner {
    /// Lets a peer in; for one that there is no memory for, the oldest is forgotten.
    fn let_in(&mut self, address: SocketAddr, called: SocketAddr) {
        let Self { peers, held, .. } = self;
        let paid = |peers: usize| LONGEST + peers * PEER;
        peers.add(address, called, |peers| held.reaches(paid(peers)));
    }
}

impl Peers {
    /// Adds one, or forgets the oldest for it: that one where there may not be so many.
    fn add(&mut self, address: SocketAddr, called: SocketAddr, may_be: impl FnOnce(usize) -> bool) {
        let address = plain(address);
        if self.called.insert(address, plain(called)).is_some() {
            return;
        }
        self.order.push_back(address);
        let count = self.order.len();
        if count > 1
            && (count > PEERS || !may_be(count))
            && let Some(oldest) = self.order.pop_front()
        {
            self.called.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_peer_is_forgotten_for_one_too_many() {
        let mut peers = Peers::default();
        let peer = |port: usize| SocketAddr::from(([10, 0, 0, 1], u16::try_from(port).unwrap()));
        for port in 1..=PEERS + 1 {
            peers.add(peer(port), peer(port), |_| true);
            peers.add(peer(port), peer(port), |_| true);
        }
        assert_eq!(peers.called.len(), PEERS);
        assert_eq!(peers.order.len(), PEERS);
        assert!(!peers.called.contains_key(&peer(1)));
        assert!(peers.called.contains_key(&peer(2)));
    }

    #[test]
    fn without_memory_for_more_peers_there_is_always_the_last() {
        let mut peers = Peers::default();
        let peer = |port: u16| SocketAddr::from(([10, 0, 0, 1], port));
        for port in 1..=9 {
            peers.add(peer(port), peer(port), |_| false);
            assert_eq!(peers.called.len(), 1);
            assert!(peers.called.contains_key(&peer(port)));
        }
    }
}
