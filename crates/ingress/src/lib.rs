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
//! routes       host name and path -> target, a snapshot that readers take without a lock
//! body         the request's body: its limits, and who is told when they are broken
//! target       the trait that the layer above implements, and the `Fault` that it fails with
//! respond      a fault as `application/problem+json`
//! observed     the response's body: counted, its panics contained, its end noted
//! record       one log line and one outcome per request, when the last byte went out or the request was lost
//! traced       the span of a request, if telemetry is on
//! drain        the orderly end: stop accepting, finish what runs, cut what does not finish
//! ```
//!
//! `forward` is the other thing that comes from the network: raw connections to ports of services, by an address of their
//! own or by the name in their TLS handshake.
//!
//! `hostname` has the names and patterns of routes, `request_id` the ids, `activity` the counters of what is in flight,
//! `limits` the numbers. For connections, `proxy_protocol`, `peers` and `tls` are the steps of `arrival`, `socket` notices
//! a peer that does not read, `patience` decides how long one may stay without a request, and `stats` counts.
//! `hostname` and `path` have the patterns of routes, `request_id` the ids, `faults` what this crate itself finds wrong,
//! `observer` what metrics are told, `activity` the counters of what is in flight, `stall` cuts HTTP/2 streams that
//! nobody reads, `linger` closes connections whose client is still sending, `limits` has the numbers.
//!
//! Invariants:
//!
//! - A peer that is slow or silent costs one connection permit for a bounded time and delays nobody else.
//! - Each request that was parsed gets exactly one log line and one [`Outcome`], also when the client leaves, the target
//!   panics or a drain cuts it.
//! - What a client is told (`Fault::reason`) and what the log is told (`Fault::detail`) are two fields; the second
//!   never leaves the host. Query strings are in neither: they may carry secrets.
//! - A host name belongs to one tenant, whatever the path, and so does every name below a wildcard.
//! - The path that is matched is the path that the target sees: nothing is decoded, resolved or cut off.
//! - A part of a request's body is never taken for the whole, and a part of a response never looks like the whole.
//! - A request holds the target that it started with; swapping a route never fails a request.
//! - Nothing here knows WebAssembly: the crate does not reach wasmtime.

mod activity;
mod arrival;
mod authority;
mod body;
mod connection;
mod drain;
mod faults;
mod forward;
mod hostname;
mod limits;
mod linger;
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
mod traced;

pub use body::RequestBodyError;
pub use drain::Drained;
pub use forward::{
    Cord, Entrance, ForwardConfig, ForwardLimits, ForwardRefusal, ForwardStats, ForwardTarget,
    Places, forward,
};
pub use hostname::{HostName, HostPattern, HostPatternError};
pub use limits::Limits;
pub use listen::listen;
pub use observer::{Observer, Outcome};
pub use path::{PathPrefix, PathPrefixError};
pub use routes::{Conflict, NameGuard, RouteError, RouteGuard, RoutePattern, Routes};
pub use serve::{Config, serve};
pub use stats::{Cut, Refusal, Stats};
pub use target::{Body, BoxError, Fault, Target};
pub use tls::{CertificateFiles, Tls, TlsError, TlsFiles};
