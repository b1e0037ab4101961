//! What a guest, or a capability for it, wants to reach: scheme, host and port, each in the form that is compared. Pure.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use super::denial::Denial;
use super::entry::{Entry, read_port};
use super::host::Host;

/// TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A destination that somebody asks for. `Display` writes it as a URL without a path, the port included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// Lower case: `http` or `https` of `wasi:http`, `tcp` or `udp` of a socket, or what a capability calls itself.
    pub(super) scheme: Cow<'static, str>,
    pub(super) host: Host,
    /// Never 0.
    pub(super) port: u16,
}

impl Ask {
    /// What a capability dials; `scheme` is its own, as in `postgres`.
    pub fn new(scheme: &'static str, host: &str, port: u16) -> Result<Self, Denial> {
        let asked = || format!("{scheme}://{host}:{port}");
        let parsed =
            Host::parse(host).map_err(|error| Denial::malformed(&asked(), error.to_string()))?;
        Self::of(scheme, parsed, port)
    }

    /// What a socket connects or sends to.
    pub fn socket(protocol: Protocol, address: SocketAddr) -> Result<Self, Denial> {
        Self::of(protocol.as_str(), address.ip().into(), address.port())
    }

    /// What a request of `wasi:http` goes to: an absolute URL with `http` or `https`, a host and at most a port.
    pub fn url(url: &http::Uri) -> Result<Self, Denial> {
        // Without a user, who may come with a password, and without path and query, which logs do not show.
        let shown = || {
            let authority = url.authority().map_or("", |authority| authority.as_str());
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{}://{host}", url.scheme_str().unwrap_or_default())
        };
        let refused = |why: &str| Denial::malformed(&shown(), why.to_owned());
        let (scheme, default) = match url.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(refused("its scheme is neither http nor https")),
        };
        let authority = url.authority().ok_or_else(|| refused("it has no host"))?;
        let text = authority.as_str();
        if text.contains('@') {
            return Err(refused("it has a user before the host"));
        }
        // Not `port_u16()`: it takes a number that is too large for no port, and so for the default.
        let port = match text.strip_prefix(authority.host()) {
            Some("") => default,
            Some(rest) => rest
                .strip_prefix(':')
                .ok_or_else(|| refused("behind the host stands no port"))
                .and_then(|port| read_port(port).map_err(|why| refused(&why)))?,
            None => return Err(refused("its host cannot be told from its port")),
        };
        let host = Host::parse(authority.host()).map_err(|error| refused(&error.to_string()))?;
        Self::of(scheme, host, port)
    }

    /// A destination in parts that were read already.
    pub(super) fn of(scheme: &'static str, host: Host, port: u16) -> Result<Self, Denial> {
        if port == 0 {
            let asked = format!("{scheme}://{}:0", host.bracketed());
            return Err(Denial::malformed(&asked, "no port is 0".to_owned()));
        }
        Ok(Self {
            scheme: Cow::Borrowed(scheme),
            host,
            port,
        })
    }

    /// The same way to another host.
    pub(super) fn with_host(&self, host: Host) -> Self {
        Self {
            host,
            ..self.clone()
        }
    }

    /// The narrowest entry that covers this.
    pub fn entry(&self) -> Entry {
        Entry::exactly(self)
    }

    /// Scheme in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host as it is compared.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Port, never 0.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What carries it.
    pub fn protocol(&self) -> Protocol {
        if self.scheme == "udp" {
            Protocol::Udp
        } else {
            Protocol::Tcp
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}://{}:{}",
            self.scheme,
            self.host.bracketed(),
            self.port
        )
    }
}
