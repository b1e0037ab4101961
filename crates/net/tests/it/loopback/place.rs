//! Addresses of a program: what they are in a world, and names for them that are the same in every world.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use weft_net::loopback::Family;

use super::program::{Host, Port};

/// An address whose port has the same name in every world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    ip: IpAddr,
    port: PortName,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PortName {
    Named(usize),
    /// The network chose it, as the how-manieth one that was seen.
    Chosen(usize),
}

/// Socket kinds have ports of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Tcp,
    Udp,
}

/// The ports that a network chose, in the order in which they were seen.
#[derive(Default)]
pub(crate) struct Names {
    chosen: Vec<(Kind, Family, u16)>,
}

impl Names {
    pub(crate) fn name(&mut self, named: [u16; 3], kind: Kind, address: SocketAddr) -> Place {
        let port = match named.iter().position(|port| *port == address.port()) {
            Some(at) => PortName::Named(at),
            None => PortName::Chosen(self.chosen(kind, address)),
        };
        Place {
            ip: address.ip(),
            port,
        }
    }

    fn chosen(&mut self, kind: Kind, address: SocketAddr) -> usize {
        let port = (kind, Family::of(address.ip()), address.port());
        match self.chosen.iter().position(|other| *other == port) {
            Some(at) => at,
            None => {
                self.chosen.push(port);
                self.chosen.len() - 1
            }
        }
    }
}

pub(crate) fn address(named: [u16; 3], family: Family, host: Host, port: Port) -> SocketAddr {
    let port = match port {
        Port::Zero => 0,
        Port::Named(at) => named[at],
    };
    let four = |a, b, c, d| IpAddr::from(Ipv4Addr::new(a, b, c, d));
    let ip = match (family, host) {
        (Family::V4, Host::One) | (Family::V6, Host::Wrong) => four(127, 0, 0, 1),
        (Family::V4, Host::Two) => four(127, 0, 0, 2),
        (Family::V4, Host::Any) => four(0, 0, 0, 0),
        (Family::V4, Host::Elsewhere) => four(198, 51, 100, 7),
        (Family::V4, Host::Odd) => four(224, 0, 0, 77),
        (Family::V6, Host::One | Host::Two) | (Family::V4, Host::Wrong) => {
            Ipv6Addr::LOCALHOST.into()
        }
        (Family::V6, Host::Any) => Ipv6Addr::UNSPECIFIED.into(),
        (Family::V6, Host::Elsewhere) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7).into(),
        (Family::V6, Host::Odd) => Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(),
    };
    SocketAddr::new(ip, port)
}

/// Where to talk to a socket.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
