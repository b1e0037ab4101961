//! The host that somebody asks for: a name or an address, in the one form in which it is compared and looked up. Pure.
//!
//! Two texts that a resolver or a URL parser might take for the same host become the same [`Host`], or one of them is
//! refused. So IDNA (UTS 46) maps case, width and the dots of other scripts; one dot at the end is dropped; and what ends in a
//! number is an IPv4 address in its usual form or nothing: `2130706433`, `0x7f.1` and `0177.0.0.1` mean 127.0.0.1 to
//! some programs and a name to others, and there is no honest use for them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Bytes of the longest text that is looked at: far more than a name of 253 bytes needs in any encoding.
const LONGEST: usize = 1024;

/// A name in its compared form: lower case, in ASCII, without a dot at the end, labels of 1 to 63 bytes, 253 in all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

/// Who is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name that has to be looked up.
    Name(Name),
    /// An address. IPv4-mapped IPv6 addresses have become IPv4.
    Address(IpAddr),
}

/// Why a text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 253 bytes, or one of its labels is empty or longer than 63")]
    Length,
    #[error("it has a character that no host name has")]
    Character,
    #[error("it is not a valid internationalised name")]
    Idna,
    #[error(
        "it ends in a number, but is not an IPv4 address in its usual form, as in `192.0.2.10`"
    )]
    OddIpv4,
    #[error("it is not an IPv6 address")]
    Ipv6,
    #[error("an IPv6 address with a zone means something on one machine only")]
    Zone,
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this name is below `suffix`: at least one label more.
    pub fn is_below(&self, suffix: &Self) -> bool {
        self.0
            .strip_suffix(suffix.as_str())
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }

    /// Reads a name; an address is none.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        match Host::parse(text)? {
            Host::Name(name) => Ok(name),
            Host::Address(_) => Err(HostError::Character),
        }
    }
}

impl Host {
    /// Reads a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::Empty);
        }
        if text.len() > LONGEST {
            return Err(HostError::Length);
        }
        if let Some(rest) = text.strip_prefix('[') {
            return ipv6(rest.strip_suffix(']').ok_or(HostError::Ipv6)?);
        }
        if text.contains(':') {
            return ipv6(text);
        }
        let ascii = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::URL,
                Hyphens::Allow,
                DnsLength::Ignore,
            )
            .map_err(|_| idna_error(text))?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        labels(name)?;
        if ends_in_a_number(name) {
            let address: Ipv4Addr = name.parse().map_err(|_| HostError::OddIpv4)?;
            return Ok(Self::Address(address.into()));
        }
        Ok(Self::Name(Name(name.into())))
    }

    /// The host as it stands in a URL: IPv6 in brackets.
    pub fn bracketed(&self) -> String {
        match self {
            Self::Address(IpAddr::V6(v6)) => format!("[{v6}]"),
            other => other.to_string(),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }
}

fn ipv6(text: &str) -> Result<Host, HostError> {
    if text.contains('%') {
        return Err(HostError::Zone);
    }
    let address: Ipv6Addr = text.parse().map_err(|_| HostError::Ipv6)?;
    Ok(IpAddr::V6(address).into())
}

/// An ASCII text fails for a character, any other for what IDNA says about it.
fn idna_error(text: &str) -> HostError {
    if text.is_ascii() && !text.to_ascii_lowercase().contains("xn--") {
        HostError::Character
    } else {
        HostError::Idna
    }
}

/// Letters, digits, hyphens and underscores, in labels of 1 to 63 bytes, 253 bytes in all. Underscores are in no host
/// name of RFC 952, but in those of compose files and of service records.
fn labels(name: &str) -> Result<(), HostError> {
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.bytes().all(plain) {
        return Err(HostError::Character);
    }
    let good = |label: &str| matches!(label.len(), 1..=63);
    if name.len() > 253 || !name.split('.').all(good) {
        return Err(HostError::Length);
    }
    Ok(())
}

/// As the URL standard has it: the last label is made of digits, or is a hexadecimal number.
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last
        .strip_prefix("0x")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || last.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(out),
            Self::Address(address) => address.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests;
