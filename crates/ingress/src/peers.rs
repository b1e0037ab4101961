//! How many connections each address has, so that one of them cannot take all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bits of an IPv6 address that name a network: whoever has one address of it has them all.
const NETWORK_BITS: u32 = 64;

/// Counts open connections by address. It has an entry for no address without one, so it is never larger than the
/// number of connections.
#[derive(Debug)]
pub(crate) struct Peers {
    max: usize,
    counts: Mutex<HashMap<Peer, usize>>,
}

/// What counts as one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Peer {
    Host(u32),
    Network(u128),
}

/// The place of one connection; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    peers: Arc<Peers>,
    peer: Peer,
}

impl Peers {
    /// At most `max` connections for each peer, at least 1.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max: max.max(1),
            counts: Mutex::default(),
        })
    }

    /// A place for one more connection, unless the peer has all that it may have.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let peer = Peer::of(address);
        let mut counts = self.counts();
        let count = counts.entry(peer).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Place {
            peers: Arc::clone(self),
            peer,
        })
    }

    /// A panic elsewhere leaves the counts whole: each change is one step.
    fn counts(&self) -> MutexGuard<'_, HashMap<Peer, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peer {
    fn of(address: IpAddr) -> Self {
        // A socket that listens on both families shows IPv4 peers as IPv6, all in one /64.
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Host(address.to_bits()),
            IpAddr::V6(address) => Self::Network(address.to_bits() >> NETWORK_BITS),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.peers.counts();
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
        // A flood of peers must not leave its memory behind.
        if counts.capacity() > 1024 && counts.len() < counts.capacity() / 8 {
            counts.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests;
