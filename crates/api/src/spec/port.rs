//! Ports of a service, and where they are to be reached from outside its workload.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;

use crate::document::problem::shown;

/// A port that the service listens to on the virtual network of its workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name within the service: a DNS-1123 label.
    pub name: String,
    /// The port that the service binds.
    pub port: NonZeroU16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Where it is to be reached from outside; none = nowhere. The host has to allow it.
    pub publish: Option<Publish>,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Connections.
    #[default]
    Tcp,
    /// Datagrams.
    Udp,
}

/// Where a port is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publish {
    /// An address of the host; port 0 leaves the choice to the system.
    Address(SocketAddr),
    /// A name on the one TLS listener of the host.
    ServerName {
        /// The name that clients ask for (SNI) in lower case, with a leading `*.` for all names below it.
        name: String,
        /// Who ends TLS.
        tls: TlsEnd,
    },
}

/// Who ends the TLS of a connection that is forwarded by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsEnd {
    /// The service: the host reads the name out of the first message and passes everything on as it is.
    #[default]
    Passthrough,
    /// The host, with its certificates: the service gets plain bytes.
    Terminate,
}

impl Protocol {
    /// As manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

impl TlsEnd {
    /// As manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passthrough => "passthrough",
            Self::Terminate => "terminate",
        }
    }
}

/// The address, or the name as `tls://db.example.com`.
impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::ServerName { name, .. } => write!(f, "tls://{name}"),
        }
    }
}

/// Reads an address of the host as manifests and flags write it: `127.0.0.1:5432`, `[::1]:5432`, or `:5432` for
/// 0.0.0.0. Names are not looked up.
///
/// # Errors
/// What to write instead, with the text in it.
pub fn host_address(text: &str) -> Result<SocketAddr, String> {
    let address = match text.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|_| digits);
            port.map(|port: u16| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        None => text.parse().ok(),
    };
    let address = address.ok_or_else(|| {
        format!(
            "`{}` is not an address of the host; write an IP address and a port, such as `127.0.0.1:5432` or \
             `[::1]:5432`, or `:5432` for every IPv4 address",
            shown(text)
        )
    })?;
    match never_of_a_host(address.ip()) {
        None => Ok(address),
        Some(what) => Err(format!(
            "`{}` is no address that this host can have: {what}; write one that it has, such as `127.0.0.1:{port}`, or \
             `:{port}` for every IPv4 address",
            shown(text),
            port = address.port()
        )),
    }
}

/// Why nothing can listen at an address, whatever the host is; none if something could.
pub fn never_of_a_host(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        address if address.is_multicast() => {
            Some("it is the address of a group of hosts (multicast)")
        }
        IpAddr::V4(Ipv4Addr::BROADCAST) => {
            Some("it stands for every host of a network (broadcast)")
        }
        IpAddr::V4(address) if !address.is_unspecified() => match address.octets() {
            [0, ..] => Some("`0.` begins addresses of this network that are not known yet"),
            [240..=255, ..] => Some("it is reserved, and no host has it"),
            _ => None,
        },
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_address_and_a_port() {
        for (text, address) in [
            ("127.0.0.1:5432", "127.0.0.1:5432"),
            ("[::1]:0", "[::1]:0"),
            (":77", "0.0.0.0:77"),
        ] {
            assert_eq!(host_address(text), Ok(address.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn names_lone_ports_and_numbers_that_are_no_port_are_refused() {
        for text in [
            "",
            ":",
            "5432",
            "localhost:1",
            ":65536",
            ":+1",
            "1.2.3.4",
            "::1:5",
        ] {
            let why = host_address(text).unwrap_err();
            assert!(why.contains(&format!("`{text}`")), "{why}");
        }
    }

    #[test]
    fn an_address_that_no_host_has_is_refused_with_the_reason() {
        for (text, reason) in [
            ("224.0.0.1:80", "multicast"),
            ("239.255.255.255:80", "multicast"),
            ("[ff02::1]:53", "multicast"),
            ("[::ffff:224.0.0.1]:80", "multicast"),
            ("255.255.255.255:80", "broadcast"),
            ("0.1.2.3:80", "not known yet"),
            ("240.0.0.1:80", "reserved"),
        ] {
            let why = host_address(text).unwrap_err();
            assert!(why.contains(text) && why.contains(reason), "{why}");
            assert!(
                why.contains("; write one that it has, such as `127.0.0.1:"),
                "{why}"
            );
        }
        for text in [
            "0.0.0.0:80",
            "[::]:80",
            "169.254.1.1:80",
            "223.255.255.255:80",
        ] {
            assert!(host_address(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_place_is_shown_as_people_write_it() {
        let name = Publish::ServerName {
            name: "*.db.example".to_owned(),
            tls: TlsEnd::Terminate,
        };
        assert_eq!(name.to_string(), "tls://*.db.example");
        let address = Publish::Address(host_address(":0").unwrap());
        assert_eq!(address.to_string(), "0.0.0.0:0");
    }
}
