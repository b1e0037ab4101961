//! What `weft dev` shows a developer: traces as waterfalls, logs, metrics and the state of workloads, on one page that
//! needs nothing but a browser. It takes OTLP, so that other programs, and other `weft dev`, can report to it.
//!
//! Layout:
//! - `store`: what was reported, in memory, bounded;
//! - `intake`: OTLP over HTTP (protobuf, JSON) and gRPC, into the store;
//! - `api`: what the page asks for, as JSON, and events that say when to ask again;
//! - `page`: the page itself, embedded;
//! - `guard`: who may ask;
//! - `server`: the listener, one port for all of it;
//! - `place`: whether the page is in this process or in another one.
//!
//! Invariants:
//! - memory is bounded whatever comes in: each record is cut to size, the oldest go first, and what went is counted;
//! - no input is trusted: nothing panics, and nothing that was sent becomes part of the page but as text;
//! - only programs and pages of this machine are answered.
//!
//! gRPC is done here and not by tonic: it is one kind of call, a unary `Export`, in fifty lines; tonic's server looks at
//! the size of a message before it is decompressed and not after, and brings a second router beside the one of the page.

mod api;
mod guard;
mod intake;
mod page;
mod place;
mod server;
mod store;

pub use place::{Duty, Place};
pub use server::{Refused, Viewer, serve};
pub use store::workloads::{Report, Source};
pub use store::{Limits, Store};
