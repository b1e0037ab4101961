//! Outbound HTTP: requests of a component, over connections that the firewall dialled.
//!
//! - `client`: one request: is it allowed, over which connection, within which time;
//! - `pool`: connections that wait for the next request;
//! - `connect`: a new connection: dial, TLS, HTTP/1.1 or HTTP/2 by ALPN;
//! - `home`: to the service of the workload instead, over the virtual network, for `localhost`;
//! - `body`: the response's body, with a limit on silence;
//! - `error`: why there is no response, and which error code of `wasi:http` that is;
//! - `wasi`: the client as what sends the requests of `wasi:http`, 0.2 and 0.3;
//! - `watch`: whoever wants to know of each request: traces.
//!
//! There is one client, and so one pool, for each component: a connection that one component was allowed to make is not
//! used by another with another policy. The places that connections take are those of the workload.
//!
//! Redirects are answers like any other: who follows one asks again, and is checked again.

pub mod body;
pub mod client;
mod connect;
pub mod error;
mod home;
mod pool;
pub mod roots;
pub mod wasi;
pub mod watch;

/// Any error, of a request's body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request.
pub type RequestBody = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, BoxError>;
