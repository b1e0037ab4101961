//! A block of addresses, as `10.0.0.0/8` writes it. Pure.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses that have their first `prefix` bits in common.
///
/// Invariant: the bits behind the prefix are zero, and the prefix is at most 32 for IPv4 and 128 for IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    first: IpAddr,
    prefix: u8,
}

impl Block {
    /// The block of one address.
    pub const fn of(address: IpAddr) -> Self {
        let prefix = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Self {
            first: address,
            prefix,
        }
    }

    /// An IPv4 block for a table in the source; bits behind the prefix must be zero.
    pub(crate) const fn v4(octets: [u8; 4], prefix: u8) -> Self {
        let [a, b, c, d] = octets;
        Self {
            first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    /// An IPv6 block for a table in the source, by its first four groups; all others are zero.
    pub(crate) const fn v6(groups: [u16; 4], prefix: u8) -> Self {
        let [a, b, c, d] = groups;
        Self {
            first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
            prefix,
        }
    }

    /// Reads `10.0.0.0/8`. Bits behind the prefix have to be zero: `10.0.0.1/8` is more often a slip than meant.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, prefix) = text
            .split_once('/')
            .ok_or("a block of addresses has a `/` and a number of bits")?;
        let first: IpAddr = address
            .parse()
            .map_err(|_| "the part before the `/` is not an address")?;
        let most = Self::of(first).prefix;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = prefix
            .parse()
            .ok()
            .filter(|bits| digits && *bits <= most)
            .ok_or("the number of bits is 0 to 32 for IPv4 and 0 to 128 for IPv6")?;
        let block = Self { first, prefix };
        if block.masked(first) == Some(first) {
            Ok(block)
        } else {
            Err("bits behind the prefix are not zero")
        }
    }

    /// Whether the address is one of the block. An IPv4 address is in no IPv6 block, mapped ones neither.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.masked(address) == Some(self.first)
    }

    /// The one address of the block, if it has no other.
    pub fn single(&self) -> Option<IpAddr> {
        (Self::of(self.first).prefix == self.prefix).then_some(self.first)
    }

    /// The first address of the block.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    fn masked(&self, address: IpAddr) -> Option<IpAddr> {
        match (self.first, address) {
            (IpAddr::V4(_), IpAddr::V4(v4)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                Some(IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask)))
            }
            (IpAddr::V6(_), IpAddr::V6(v6)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                Some(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.first, self.prefix)
    }
}
