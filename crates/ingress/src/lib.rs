//! HTTP from the network to a workload.
//!
//! One request, in reading order:
//!
//! ```text
//! serve        accept loop: permit, accept, back off on errors, spawn; never awaits a peer
//! arrival      before HTTP: PROXY header, the peer's share of connections, TLS handshake, all within one time limit
//! connection   one connection: HTTP/1.1 with keep-alive or HTTP/2, by its first bytes; time limits, graceful end
//! request      the one wrapper round every request: identity, look-up, the target, every error to a response
//! authority    which host the client asked for, out of Host, `:authority` and the request line
//! routes       host name -> target, a snapshot that readers take without a lock
//! target       the trait that the layer above implements, and the `Fault` that it fails with
//! respond      a fault as `application/problem+json`
//! record       one log line per request, written when the last byte went out or the request was lost
//! drain        the orderly end: stop accepting, finish what runs, cut what does not finish
//! ```
//!
//! `hostname` has the names and patterns of routes, `request_id` the ids, `activity` the counters of what is in flight,
//! `limits` the numbers. For connections, `proxy_protocol`, `peers` and `tls` are the steps of `arrival`, `socket` notices
//! a peer that does not read, `patience` decides how long one may stay without a request, and `stats` counts.
//!
//! Invariants:
//!
//! - A peer that is slow or silent costs one connection permit for a bounded time and delays nobody else.
//! - Each request that was parsed gets exactly one log line, also when the client leaves, the target panics or a
//!   drain cuts it.
//! - What a client is told (`Fault::reason`) and what the log is told (`Fault::detail`) are two fields; the second
//!   never leaves the host. Query strings are in neither: they may carry secrets.
//! - A host name belongs to one tenant, and so does every name below a wildcard.
//! - A request holds the target that it started with; swapping a route never fails a request.
//! - Nothing here knows WebAssembly: the crate does not reach wasmtime.

mod activity;
mod arrival;
mod authority;
mod body;
mod connection;
mod drain;
mod faults;
mod hostname;
mod limits;
mod listen;
mod notice;
mod observed;
mod observer;
mod path;
mod patience;
mod peers;
mod proxy_protocol;
mod record;
mod request;
mod request_id;
mod respond;
mod routes;
mod serve;
mod socket;
mod stall;
mod stats;
mod target;
mod tls;

pub use body::RequestBodyError;
pub use drain::Drained;
pub use hostname::{HostName, HostPattern, HostPatternError};
pub use limits::Limits;
pub use listen::listen;
pub use observer::{Observer, Outcome};
pub use path::{PathPrefix, PathPrefixError};
pub use routes::{Conflict, RouteError, RouteGuard, RoutePattern, Routes};
pub use serve::{Config, serve};
pub use stats::{Cut, Refusal, Stats};
pub use target::{Body, BoxError, Fault, Target};
pub use tls::{CertificateFiles, Tls, TlsError, TlsFiles};
