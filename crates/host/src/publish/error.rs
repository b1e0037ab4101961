//! Why ports are not published, in words for whoever runs the host.

use std::io;
use std::net::SocketAddr;

use weft_ingress::{HostPatternError, RouteError};

/// Why a port, or the listener for names, cannot be opened. Then nothing of the workload was.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The address cannot be had.
    #[error(
        "port `{port}` of workload `{workload}` cannot be published at {address}: {source}; choose another address with \
         --publish={port}=ADDRESS"
    )]
    Address {
        /// The name of the port.
        port: String,
        /// `tenant/workload`.
        workload: String,
        /// Where it was to be.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Another tenant has the name.
    #[error("port `{port}` of workload `{workload}` cannot be published: {source}")]
    Name {
        /// The name of the port.
        port: String,
        /// `tenant/workload`.
        workload: String,
        /// Who has it.
        source: RouteError,
    },
    /// The name is none.
    #[error("port `{port}` of workload `{workload}` cannot be published: {source}")]
    NotAName {
        /// The name of the port.
        port: String,
        /// `tenant/workload`.
        workload: String,
        /// Why.
        source: HostPatternError,
    },
    /// TLS was to end at a host without certificates.
    #[error(
        "port `{port}` of workload `{workload}` cannot be published as `{name}` with `tls: terminate`: the host has no \
         certificate; give it one with --tls-cert and --tls-key, or write `tls: passthrough` if the service has its own"
    )]
    NoCertificate {
        /// The name of the port.
        port: String,
        /// `tenant/workload`.
        workload: String,
        /// The name that clients were to ask for.
        name: String,
    },
    /// The listener for names cannot have its address.
    #[error(
        "cannot listen on {address} for connections by name: {source}; choose another address with --tls-forward"
    )]
    Names {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is one already.
    #[error("this host has a listener for names already")]
    NamesTwice,
}
