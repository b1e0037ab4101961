//! The addresses of the virtual network, and which of them stand for which.
//!
//! As on the loopback interface of Linux:
//! - every address of 127.0.0.0/8 is there, each with ports of its own: a listener on 127.0.0.1 and one on 127.0.0.2 may
//!   share a port, and a connect to 127.0.0.2 does not reach the one on 127.0.0.1;
//! - IPv6 has `::1` alone, and ports of its own: nothing is dual-stack, as `wasi:sockets` wants it;
//! - `0.0.0.0` and `::` stand for every address of their family. They overlap with each of them, so that a port that
//!   listens on one of them listens on no other address, and the other way round;
//! - a socket without an address of its own talks from 127.0.0.1, whatever 127.0.0.0/8 address it talks to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Error;

/// Which internet protocol a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6, and nothing of IPv4.
    V6,
}

/// The last address of 127.0.0.0/8 is a broadcast address: nobody binds it or talks to it.
const BROADCAST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 255));

impl Family {
    /// The family of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// The address that stands for all.
    pub(super) fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }

    /// The address that a socket without one of its own talks from.
    pub(super) fn source(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::V6 => IpAddr::V6(Ipv6Addr::LOCALHOST),
        }
    }
}

/// Whether an address is one of the virtual network: 127.0.0.0/8, `::1`, `0.0.0.0` or `::`.
pub fn is_virtual(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified()
}

/// Whether a socket on one address gets what is meant for the other.
pub(super) fn overlap(one: IpAddr, other: IpAddr) -> bool {
    Family::of(one) == Family::of(other)
        && (one == other || one.is_unspecified() || other.is_unspecified())
}

/// Without flow information and scope, which mean nothing on a loopback.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

/// The address to bind to, if a socket of this family may.
///
/// # Errors
/// `InvalidArgument` for another family, multicast and broadcast; `AddressNotBindable` for an address of elsewhere.
pub(super) fn local(family: Family, address: SocketAddr) -> Result<SocketAddr, Error> {
    let ip = address.ip();
    if !is_of(family, ip) || is_for_many(ip) {
        return Err(Error::InvalidArgument);
    }
    if !is_virtual(ip) || ip == BROADCAST {
        return Err(Error::AddressNotBindable);
    }
    Ok(plain(address))
}

/// The address to talk to, if a socket of this family may.
///
/// # Errors
/// `InvalidArgument` for another family, multicast, broadcast, no address and no port.
pub(super) fn remote(family: Family, address: SocketAddr) -> Result<SocketAddr, Error> {
    let ip = address.ip();
    if !is_of(family, ip) || is_for_many(ip) || ip.is_unspecified() || address.port() == 0 {
        return Err(Error::InvalidArgument);
    }
    Ok(plain(address))
}

/// Whether there can be anybody at a remote address.
pub(super) fn is_reachable(ip: IpAddr) -> bool {
    ip.is_loopback() && ip != BROADCAST
}

fn is_of(family: Family, ip: IpAddr) -> bool {
    match (family, ip) {
        (Family::V4, IpAddr::V4(_)) => true,
        (Family::V6, IpAddr::V6(ip)) => ip.to_ipv4_mapped().is_none() && !is_ipv4_compatible(ip),
        (Family::V4 | Family::V6, _) => false,
    }
}

/// `::a.b.c.d`, deprecated since 2006 and refused by `wasi:sockets` hosts.
fn is_ipv4_compatible(ip: Ipv6Addr) -> bool {
    matches!(ip.segments(), [0, 0, 0, 0, 0, 0, _, _]) && !ip.is_loopback() && !ip.is_unspecified()
}

fn is_for_many(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_loopback_address_and_the_unspecified_ones_can_be_bound() {
        for text in ["127.0.0.1:1", "127.9.8.7:65535", "0.0.0.0:0"] {
            assert_eq!(local(Family::V4, at(text)), Ok(at(text)));
        }
        for text in ["[::1]:77", "[::]:0"] {
            assert_eq!(local(Family::V6, at(text)), Ok(at(text)));
        }
    }

    #[test]
    fn addresses_of_elsewhere_cannot_be_bound() {
        for text in ["10.0.0.1:1", "128.0.0.1:1", "127.255.255.255:1"] {
            assert_eq!(local(Family::V4, at(text)), Err(Error::AddressNotBindable));
        }
        for text in ["[fd00::1]:1", "[fe80::1]:1", "[2001:db8::1]:1"] {
            assert_eq!(local(Family::V6, at(text)), Err(Error::AddressNotBindable));
        }
    }

    #[test]
    fn another_family_and_addresses_for_many_are_invalid() {
        for text in ["[::1]:1", "224.0.0.1:1", "255.255.255.255:1"] {
            assert_eq!(local(Family::V4, at(text)), Err(Error::InvalidArgument));
            assert_eq!(remote(Family::V4, at(text)), Err(Error::InvalidArgument));
        }
        for text in [
            "127.0.0.1:1",
            "[::ffff:127.0.0.1]:1",
            "[::2]:1",
            "[ff02::1]:1",
        ] {
            assert_eq!(local(Family::V6, at(text)), Err(Error::InvalidArgument));
            assert_eq!(remote(Family::V6, at(text)), Err(Error::InvalidArgument));
        }
    }

    #[test]
    fn nobody_talks_to_an_unspecified_address_or_port() {
        assert_eq!(
            remote(Family::V4, at("0.0.0.0:1")),
            Err(Error::InvalidArgument)
        );
        assert_eq!(
            remote(Family::V4, at("127.0.0.1:0")),
            Err(Error::InvalidArgument)
        );
        assert_eq!(
            remote(Family::V6, at("[::]:1")),
            Err(Error::InvalidArgument)
        );
    }

    #[test]
    fn flow_information_and_scope_are_left_out() {
        let address = std::net::SocketAddrV6::new(Ipv6Addr::LOCALHOST, 7, 3, 4);
        assert_eq!(local(Family::V6, address.into()), Ok(at("[::1]:7")));
    }

    #[test]
    fn the_unspecified_address_overlaps_with_all_of_its_family() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(overlap(ip("0.0.0.0"), ip("127.0.0.2")));
        assert!(overlap(ip("127.0.0.2"), ip("0.0.0.0")));
        assert!(overlap(ip("::"), ip("::1")));
        assert!(!overlap(ip("127.0.0.1"), ip("127.0.0.2")));
        assert!(!overlap(ip("0.0.0.0"), ip("::")));
        assert!(!overlap(ip("0.0.0.0"), ip("::1")));
    }
}
