//! What kind of address an address is: public, private, or special. Pure.
//!
//! The tables follow the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and what updated it), the
//! registries of multicast addresses (RFC 5771, RFC 4291), and the addresses under which clouds hand out credentials.
//!
//! - *Public* addresses are reached by whoever may reach the host of that name.
//! - *Private* ones (RFC 1918, RFC 6598, RFC 4193) lead into somebody's own network, so they need more than a `*`.
//! - *Special* ones lead back to this machine, to its neighbours on the link, to the credentials of the machine, or
//!   nowhere; or they carry another address inside and would be a way around this table. Nothing allows them.
//!
//! A first matching row decides, so that an exception stands above the block that it is taken from.

use std::net::{IpAddr, Ipv4Addr};

use super::block::Block;

/// The kind of an address. The text says which range it is, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Globally reachable.
    Public,
    /// In a private network.
    Private(&'static str),
    /// Never reached by a guest.
    Special(&'static str),
}

use Kind::{Private, Public, Special};

const METADATA: Kind = Special("a metadata service of a cloud");
const DOCUMENTATION: Kind = Special("reserved for documentation (RFC 5737, RFC 3849, RFC 9637)");
const PROTOCOLS: Kind = Special("for protocols of the IETF (RFC 6890)");

// tidy: table
const V4: &[(Block, Kind)] = &[
    (Block::v4([100, 100, 100, 200], 32), METADATA), // Alibaba; inside the range of RFC 6598
    (Block::v4([168, 63, 129, 16], 32), METADATA),   // Azure; inside a public range
    (
        Block::v4([0, 0, 0, 0], 8),
        Special("this network (RFC 791)"),
    ),
    (Block::v4([10, 0, 0, 0], 8), Private("RFC 1918")),
    (
        Block::v4([100, 64, 0, 0], 10),
        Private("shared by customers of a carrier (RFC 6598)"),
    ),
    (Block::v4([127, 0, 0, 0], 8), Special("loopback (RFC 1122)")),
    (
        Block::v4([169, 254, 0, 0], 16),
        Special("link-local, where metadata services are (RFC 3927)"),
    ),
    (Block::v4([172, 16, 0, 0], 12), Private("RFC 1918")),
    (Block::v4([192, 0, 0, 0], 24), PROTOCOLS),
    (Block::v4([192, 0, 2, 0], 24), DOCUMENTATION),
    (
        Block::v4([192, 31, 196, 0], 24),
        Special("AS112 (RFC 7535)"),
    ),
    (Block::v4([192, 52, 193, 0], 24), Special("AMT (RFC 7450)")),
    (
        Block::v4([192, 88, 99, 0], 24),
        Special("the relay of 6to4 (RFC 7526)"),
    ),
    (Block::v4([192, 168, 0, 0], 16), Private("RFC 1918")),
    (
        Block::v4([192, 175, 48, 0], 24),
        Special("AS112 (RFC 7534)"),
    ),
    (
        Block::v4([198, 18, 0, 0], 15),
        Special("for benchmarks (RFC 2544)"),
    ),
    (Block::v4([198, 51, 100, 0], 24), DOCUMENTATION),
    (Block::v4([203, 0, 113, 0], 24), DOCUMENTATION),
    (
        Block::v4([224, 0, 0, 0], 4),
        Special("multicast (RFC 5771)"),
    ),
    (
        Block::v4([255, 255, 255, 255], 32),
        Special("broadcast (RFC 919)"),
    ),
    (Block::v4([240, 0, 0, 0], 4), Special("reserved (RFC 1112)")),
];

// tidy: table
const V6: &[(Block, Kind)] = &[
    (
        Block::v6([0, 0, 0, 0], 96),
        Special("loopback, unspecified or IPv4-compatible (RFC 4291)"),
    ),
    (
        Block::v6([0, 0, 0, 0], 64),
        Special("reserved, among it IPv4-translated (RFC 4291, RFC 2765)"),
    ),
    (
        Block::v6([0x64, 0xff9b, 0, 0], 96),
        Special("NAT64, an IPv4 address inside (RFC 6052)"),
    ),
    (
        Block::v6([0x64, 0xff9b, 1, 0], 48),
        Special("local NAT64, an IPv4 address inside (RFC 8215)"),
    ),
    (
        Block::v6([0x100, 0, 0, 0], 64),
        Special("discarded (RFC 6666)"),
    ),
    (
        Block::v6([0x100, 0, 0, 1], 64),
        Special("a dummy prefix (RFC 9780)"),
    ),
    (
        Block::v6([0x2001, 0, 0, 0], 32),
        Special("Teredo, an IPv4 address inside (RFC 4380)"),
    ),
    (Block::v6([0x2001, 0, 0, 0], 23), PROTOCOLS),
    (Block::v6([0x2001, 0xdb8, 0, 0], 32), DOCUMENTATION),
    (
        Block::v6([0x2002, 0, 0, 0], 16),
        Special("6to4, an IPv4 address inside (RFC 3056)"),
    ),
    (
        Block::v6([0x2620, 0x4f, 0x8000, 0], 48),
        Special("AS112 (RFC 7534)"),
    ),
    (Block::v6([0x3fff, 0, 0, 0], 20), DOCUMENTATION),
    (
        Block::v6([0x5f00, 0, 0, 0], 16),
        Special("segment routing (RFC 9602)"),
    ),
    (Block::v6([0xfd00, 0xec2, 0, 0], 32), METADATA), // AWS; inside the range of RFC 4193
    (Block::v6([0xfd20, 0xce, 0, 0], 64), METADATA),  // Google; inside the range of RFC 4193
    (Block::v6([0xfc00, 0, 0, 0], 7), Private("RFC 4193")),
    (
        Block::v6([0xfe80, 0, 0, 0], 10),
        Special("link-local (RFC 4291)"),
    ),
    (
        Block::v6([0xfec0, 0, 0, 0], 10),
        Special("site-local (RFC 3879)"),
    ),
    (
        Block::v6([0xff00, 0, 0, 0], 8),
        Special("multicast (RFC 4291)"),
    ),
    // Only this eighth of all addresses was ever given to anybody.
    (Block::v6([0x2000, 0, 0, 0], 3), Public),
    (
        Block::v6([0, 0, 0, 0], 0),
        Special("never assigned (RFC 4291)"),
    ),
];

/// The kind of an address. An IPv4-mapped IPv6 address is what the IPv4 address inside is.
pub fn kind(address: IpAddr) -> Kind {
    let address = address.to_canonical();
    let table = if address.is_ipv4() { V4 } else { V6 };
    table
        .iter()
        .find(|(block, _)| block.contains(address))
        .map_or(Public, |(_, kind)| *kind)
}

/// Stands for the loopback of the machine that runs the host. It is no address that anybody dials:
/// [`super::gate::Firewall`] puts 127.0.0.1 in its place where that is allowed.
pub const HOST_LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 254));

#[cfg(test)]
mod tests;
