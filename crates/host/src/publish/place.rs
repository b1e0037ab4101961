//! Where a port can be reached, as people and programs are told.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Serialize, Serializer};
use weft_api::spec::{Protocol, ServicePort, TlsEnd};

/// A port of a service that can be reached from outside.
#[derive(Clone, Debug)]
pub struct PublishedPort {
    /// Its name within the service.
    pub name: String,
    /// The port that the service listens to.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Where it is.
    pub place: Place,
    gauge: Gauge,
}

/// Where a port is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At an address of the host.
    Address(SocketAddr),
    /// By name, on the listener for names.
    ServerName {
        /// The name.
        name: String,
        /// Who ends TLS.
        tls: TlsEnd,
    },
}

/// How many connections there are; for UDP, how many peers.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauge(Arc<AtomicUsize>);

/// One of them.
#[derive(Debug)]
pub(super) struct Counted(Gauge);

impl Gauge {
    pub(super) fn count(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PublishedPort {
    pub(super) fn new(port: &ServicePort, place: Place, gauge: Gauge) -> Self {
        Self {
            name: port.name.clone(),
            port: port.port.get(),
            protocol: port.protocol,
            place,
            gauge,
        }
    }

    /// Connections that are open now; for UDP, peers that were heard of lately.
    pub fn connections(&self) -> usize {
        self.gauge.0.load(Ordering::Relaxed)
    }
}

/// `db (TCP 5432) at 127.0.0.1:5432`.
impl fmt::Display for PublishedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            port,
            protocol,
            place,
            ..
        } = self;
        write!(f, "{name} ({} {port}) at {place}", protocol.as_str())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::ServerName { name, .. } => write!(f, "tls://{name}"),
        }
    }
}

/// A port as programs see it. Fields are added, never renamed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    name: &'a str,
    port: u16,
    protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<&'static str>,
    connections: usize,
}

impl Serialize for PublishedPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (address, server_name, tls) = match &self.place {
            Place::Address(address) => (Some(address.to_string()), None, None),
            Place::ServerName { name, tls } => (None, Some(name.as_str()), Some(tls.as_str())),
        };
        let shown = Shown {
            name: &self.name,
            port: self.port,
            protocol: self.protocol.as_str(),
            address,
            server_name,
            tls,
            connections: self.connections(),
        };
        shown.serialize(serializer)
    }
}
