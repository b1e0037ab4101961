//! The composition root of a host: engine, ingress and workloads put together. `run`, `dev` and later the cluster host
//! all start workloads through the one function in `start`; they differ in configuration alone.
//!
//! Layout: `config` (what a host is made with), `image` (the bytes of a component), `start` (a workload's life, stage by
//! stage), `bridge` (a workload seen from the ingress), `host` (what is running).
//!
//! Invariants:
//! - a route is published last and removed first;
//! - a failed start leaves nothing behind;
//! - a swap has no gap: new requests see the new version the moment that it is ready, old ones finish on the old.

mod bridge;
mod config;
mod host;
mod image;
mod start;

pub use config::HostConfig;
pub use host::{Host, HostError, Running};
pub use start::{Prepared, StartError};
pub use weft_engine::command::CommandLine;
pub use weft_engine::config::EngineConfig;
pub use weft_engine::fault::Fault;
pub use weft_engine::inspect::{InspectError, Shape, inspect, looks_like_wasm};
pub use weft_engine::plan::{Granting, PlanErrors, Purpose};
pub use weft_ingress::{Drained, Limits};
