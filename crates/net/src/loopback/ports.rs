//! Which sockets have which ports, for TCP or for UDP.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use super::address::{Family, overlap};
use super::state::SocketId;

/// The ports that are given to who asks for none: Linux's.
pub const EPHEMERAL: RangeInclusive<u16> = 32_768..=60_999;

/// Sockets by port. Several may have one port, with addresses that do not overlap; for TCP also with the same, as long as
/// one of them at most listens.
#[derive(Debug)]
pub(super) struct Ports {
    holders: BTreeMap<(Family, u16), Vec<Holder>>,
    next: u16,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) id: SocketId,
    pub(super) ip: IpAddr,
    pub(super) listening: bool,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            holders: BTreeMap::new(),
            next: *EPHEMERAL.start(),
        }
    }
}

impl Ports {
    /// Sockets whose address overlaps with this one, on its port.
    pub(super) fn overlapping(&self, address: SocketAddr) -> impl Iterator<Item = &Holder> {
        self.at(address)
            .iter()
            .filter(move |holder| overlap(holder.ip, address.ip()))
    }

    /// Whether any socket has the port, on any address of the family.
    pub(super) fn is_taken(&self, family: Family, port: u16) -> bool {
        self.holders.contains_key(&(family, port))
    }

    pub(super) fn claim(&mut self, address: SocketAddr, id: SocketId) {
        self.holders
            .entry((Family::of(address.ip()), address.port()))
            .or_default()
            .push(Holder {
                id,
                ip: address.ip(),
                listening: false,
            });
    }

    pub(super) fn release(&mut self, address: SocketAddr, id: SocketId) {
        let key = (Family::of(address.ip()), address.port());
        if let Some(holders) = self.holders.get_mut(&key) {
            holders.retain(|holder| holder.id != id);
            if holders.is_empty() {
                self.holders.remove(&key);
            }
        }
    }

    /// The entry of one socket.
    pub(super) fn holder(&mut self, address: SocketAddr, id: SocketId) -> Option<&mut Holder> {
        self.holders
            .get_mut(&(Family::of(address.ip()), address.port()))?
            .iter_mut()
            .find(|holder| holder.id == id)
    }

    /// The next ephemeral port that is free in the eyes of the caller.
    pub(super) fn ephemeral(&mut self, is_free: impl Fn(&Self, u16) -> bool) -> Option<u16> {
        for _ in EPHEMERAL {
            let port = self.next;
            self.next = if port >= *EPHEMERAL.end() {
                *EPHEMERAL.start()
            } else {
                port + 1
            };
            if is_free(self, port) {
                return Some(port);
            }
        }
        None
    }

    /// A free ephemeral port for an address.
    pub(super) fn ephemeral_for(&mut self, ip: IpAddr) -> Option<u16> {
        self.ephemeral(|ports, port| {
            ports
                .overlapping(SocketAddr::new(ip, port))
                .next()
                .is_none()
        })
    }

    /// Sockets that have a port, on any address, IPv4 first.
    pub(super) fn on_port(&self, port: u16) -> impl Iterator<Item = &Holder> {
        let families = [Family::V4, Family::V6].into_iter();
        families.flat_map(move |family| self.holders.get(&(family, port)).into_iter().flatten())
    }

    /// Addresses that are listened to.
    pub(super) fn listeners(&self) -> Vec<SocketAddr> {
        let all = self.holders.iter();
        all.flat_map(|((_, port), holders)| {
            let listening = holders.iter().filter(|holder| holder.listening);
            listening.map(|holder| SocketAddr::new(holder.ip, *port))
        })
        .collect()
    }

    fn at(&self, address: SocketAddr) -> &[Holder] {
        self.holders
            .get(&(Family::of(address.ip()), address.port()))
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_port_that_was_released_leaves_nothing_behind() {
        let mut ports = Ports::default();
        ports.claim(at("127.0.0.1:77"), SocketId(1));
        ports.claim(at("127.0.0.2:77"), SocketId(2));
        assert!(ports.is_taken(Family::V4, 77) && !ports.is_taken(Family::V6, 77));
        ports.release(at("127.0.0.1:77"), SocketId(1));
        assert_eq!(ports.overlapping(at("0.0.0.0:77")).count(), 1);
        ports.release(at("127.0.0.2:77"), SocketId(2));
        assert!(ports.holders.is_empty());
    }

    #[test]
    fn ephemeral_ports_go_round_and_leave_out_what_is_taken() {
        let mut ports = Ports::default();
        let ip = at("127.0.0.1:0").ip();
        ports.claim(at("0.0.0.0:32769"), SocketId(1));
        ports.claim(at("127.0.0.2:32770"), SocketId(2));
        assert_eq!(ports.ephemeral_for(ip), Some(32_768));
        assert_eq!(ports.ephemeral_for(ip), Some(32_770));
        ports.next = *EPHEMERAL.end();
        assert_eq!(ports.ephemeral_for(ip), Some(60_999));
        assert_eq!(ports.ephemeral_for(ip), Some(32_768));
    }

    #[test]
    fn there_is_no_ephemeral_port_when_all_are_taken() {
        let mut ports = Ports::default();
        for port in EPHEMERAL {
            ports.claim(SocketAddr::new(at("127.0.0.1:0").ip(), port), SocketId(1));
        }
        assert_eq!(ports.ephemeral_for(at("0.0.0.0:0").ip()), None);
        assert_eq!(ports.ephemeral_for(at("127.0.0.2:0").ip()), Some(32_768));
    }
}
