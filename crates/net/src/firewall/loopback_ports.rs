//! `allowedHostLoopbackPorts`: services of the machine itself that a workload may reach. Pure.
//!
//! An entry is `5432`, `5432/tcp` or `53/udp`; without a protocol it is TCP. There are no ranges and no wildcards: each of
//! these ports is a hole in the wall between a guest and the machine, and each has to be meant.

use std::fmt;

use super::ask::Protocol;
use super::entry::read_port;

/// One port of the machine. `Display` writes it with its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopbackPort {
    /// Never 0.
    pub port: u16,
    /// TCP where the entry says nothing.
    pub protocol: Protocol,
}

impl LoopbackPort {
    /// Reads an entry; an error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (port, protocol) = match text.trim().split_once('/') {
            None => (text.trim(), Protocol::Tcp),
            Some((port, protocol)) if protocol.eq_ignore_ascii_case("tcp") => (port, Protocol::Tcp),
            Some((port, protocol)) if protocol.eq_ignore_ascii_case("udp") => (port, Protocol::Udp),
            Some(_) => return Err("the protocol is `tcp` or `udp`, as in `53/udp`".to_owned()),
        };
        Ok(Self {
            port: read_port(port)?,
            protocol,
        })
    }
}

impl fmt::Display for LoopbackPort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.port, self.protocol.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::LoopbackPort;

    fn read(text: &str) -> Result<String, String> {
        LoopbackPort::parse(text).map(|port| port.to_string())
    }

    #[test]
    fn a_port_is_tcp_where_nothing_else_is_written() {
        let good = [
            ("5432", "5432/tcp"),
            ("5432/TCP", "5432/tcp"),
            ("53/udp", "53/udp"),
        ];
        for (text, port) in good {
            assert_eq!(read(text), Ok(port.to_owned()));
        }
    }

    #[test]
    fn ranges_wildcards_and_other_protocols_are_refused() {
        for text in [
            "",
            "0",
            "65536",
            "*",
            "80-90",
            "80/sctp",
            "80/",
            "/tcp",
            "+80",
            "80/tcp/udp",
            "127.0.0.1:80",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
