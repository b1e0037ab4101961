//! One entry of `allowedHosts`. Pure.
//!
//! ```text
//! *                       every public address
//! example.com             that name, every scheme and port
//! example.com:443         that port, also where a URL leaves it out
//! https://example.com/    that scheme alone
//! *.example.com           every name below, at any depth, but not `example.com` itself
//! 192.0.2.10:5432         an address; IPv6 in brackets: [2001:db8::1]:5432
//! 10.0.0.0/8:5432         a block of addresses; IPv6 in brackets: [fd00::/8]:5432
//! ```
//!
//! The scheme of a plain socket is `tcp` or `udp`; an entry for `https` is none for a plain socket.

use std::fmt;
use std::net::IpAddr;

use super::ask::Ask;
use super::block::Block;
use super::host::{Host, HostError, Name};

/// An entry of `allowedHosts`. `Display` writes it as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    scheme: Option<Box<str>>,
    pattern: Pattern,
    port: Option<u16>,
}

/// Which hosts an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Every host.
    Any,
    /// One name.
    Name(Name),
    /// All names below this one.
    Below(Name),
    /// Addresses.
    Addresses(Block),
}

impl Entry {
    /// Reads an entry; an error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self {
                scheme: None,
                pattern: Pattern::Any,
                port: None,
            });
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (
                Some(read_scheme(scheme)?),
                rest.strip_suffix('/').unwrap_or(rest),
            ),
            None => (None, text),
        };
        if rest.contains(['?', '#', '@']) {
            return Err(
                "it has a query or a user; only scheme, host and port are compared".to_owned(),
            );
        }
        let (host, port) = split_port(rest)?;
        Ok(Self {
            scheme,
            pattern: Pattern::parse(host)?,
            port: port.map(read_port).transpose()?,
        })
    }

    /// The entry for this and nothing else.
    pub(super) fn exactly(ask: &Ask) -> Self {
        Self {
            scheme: Some(ask.scheme.as_ref().into()),
            pattern: match &ask.host {
                Host::Name(name) => Pattern::Name(name.clone()),
                Host::Address(address) => Pattern::Addresses(Block::of(*address)),
            },
            port: Some(ask.port),
        }
    }

    /// Whether scheme, port and host are those of this entry. `*` covers every name and every address: what kind of
    /// address it may be is decided by who asks.
    pub(super) fn covers(&self, ask: &Ask) -> bool {
        self.covers_way(ask)
            && match (&self.pattern, &ask.host) {
                (Pattern::Any, _) => true,
                (Pattern::Name(own), Host::Name(name)) => own == name,
                (Pattern::Below(suffix), Host::Name(name)) => name.is_below(suffix),
                (Pattern::Addresses(block), Host::Address(address)) => block.contains(*address),
                _ => false,
            }
    }

    /// Whether this entry lists the address itself, for the scheme and port that were asked for.
    pub(super) fn lists(&self, ask: &Ask, address: IpAddr) -> bool {
        let listed = matches!(&self.pattern, Pattern::Addresses(block) if block.contains(address));
        listed && self.covers_way(ask)
    }

    /// Whether somebody thought of one certain destination when writing this: a name without a wildcard, an address,
    /// or a block of addresses.
    pub(super) fn is_explicit(&self) -> bool {
        match self.pattern {
            Pattern::Name(_) | Pattern::Addresses(_) => true,
            Pattern::Any | Pattern::Below(_) => false,
        }
    }

    /// Whether it names this destination itself: its host without a wildcard, and its port.
    pub(super) fn names(&self, ask: &Ask) -> bool {
        self.has_port() && self.host().is_some() && self.covers(ask)
    }

    /// Whether it is for one port.
    pub(super) fn has_port(&self) -> bool {
        self.port.is_some()
    }

    /// Its host, if it is for one.
    pub(super) fn host(&self) -> Option<Host> {
        match &self.pattern {
            Pattern::Name(name) => Some(Host::Name(name.clone())),
            Pattern::Addresses(block) => block.single().map(Host::Address),
            Pattern::Any | Pattern::Below(_) => None,
        }
    }

    /// Which hosts the entry is about.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    fn covers_way(&self, ask: &Ask) -> bool {
        self.scheme
            .as_deref()
            .is_none_or(|scheme| scheme == ask.scheme)
            && self.port.is_none_or(|port| port == ask.port)
    }
}

impl Pattern {
    /// Reads the host of an entry, or an entry of `allowedIpNameLookups`.
    pub(super) fn parse(host: &str) -> Result<Self, String> {
        if let Some(suffix) = host.strip_prefix("*.") {
            return match Host::parse(suffix).map_err(|error| host_error(suffix, error))? {
                Host::Name(name) => Ok(Self::Below(name)),
                Host::Address(_) => Err("there is nothing below an address".to_owned()),
            };
        }
        if host.contains('/') {
            return Self::block(host);
        }
        match Host::parse(host).map_err(|error| host_error(host, error))? {
            Host::Name(name) => Ok(Self::Name(name)),
            Host::Address(address) => Ok(Self::Addresses(Block::of(address))),
        }
    }

    fn block(host: &str) -> Result<Self, String> {
        let inner = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let block = Block::parse(inner.unwrap_or(host)).map_err(|why| {
            format!("{why} (only scheme, host and port are compared, so there is no path)")
        })?;
        let mapped = block.first().to_canonical() != block.first();
        if mapped && block.single().is_none() {
            return Err("IPv4 addresses are written as IPv4, as in `10.0.0.0/8`".to_owned());
        }
        Ok(Self::Addresses(match block.single() {
            Some(address) => Block::of(address.to_canonical()),
            None => block,
        }))
    }
}

fn host_error(host: &str, error: HostError) -> String {
    if host.contains('*') {
        "`*` stands alone or in front of a dot, as in `*.example.com`".to_owned()
    } else {
        format!("the host is neither a name nor an address: {error}")
    }
}

fn read_scheme(scheme: &str) -> Result<Box<str>, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(plain);
    if good {
        Ok(scheme.to_ascii_lowercase().into())
    } else {
        Err("the part before `://` is not a scheme".to_owned())
    }
}

/// Splits `host:port`, `[v6]:port`, `host` and `[v6]`.
fn split_port(text: &str) -> Result<(&str, Option<&str>), String> {
    if text.starts_with('[') {
        let end = text
            .find(']')
            .ok_or("the `[` of an IPv6 address is not closed")?;
        let (host, rest) = text.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("behind the `]` stands a `:` and a port, or nothing".to_owned()),
        };
    }
    if text.matches(':').count() > 1 {
        return Err("an IPv6 address stands in brackets, as in `[::1]:8080`".to_owned());
    }
    Ok(text
        .split_once(':')
        .map_or((text, None), |(host, port)| (host, Some(port))))
}

/// A port as decimal digits, from 1 to 65535; `+1` is none, though Rust would read it.
pub(super) fn read_port(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|port| digits && *port > 0)
        .ok_or_else(|| "the port is not a number from 1 to 65535".to_owned())
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => out.write_str("*"),
            Self::Name(name) => name.fmt(out),
            Self::Below(suffix) => write!(out, "*.{suffix}"),
            Self::Addresses(block) => match block.single() {
                Some(address) => out.write_str(&Host::Address(address).bracketed()),
                None if block.first().is_ipv6() => write!(out, "[{block}]"),
                None => block.fmt(out),
            },
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(out, "{scheme}://")?;
        }
        self.pattern.fmt(out)?;
        self.port.map_or(Ok(()), |port| write!(out, ":{port}"))
    }
}

#[cfg(test)]
mod tests;
