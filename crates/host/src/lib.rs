//! The composition root of a host: engine, ingress and workloads put together. `run`, `dev` and later the cluster host
//! all start workloads through the one function in `start`; they differ in configuration alone.
//!
//! Layout: `config` (what a host is made with), `image` (the bytes of a component), `start` (a workload's life, stage by
//! stage), `bridge` (a workload seen from the ingress), `publish` (ports of services, seen from outside), `host` (listeners
//! and what they share), `launch` (start and swap), `running` (a workload that runs), `secrets` (what providers keep for
//! one), `control` (the runtime for what must not wait for guests), `admin` (health, metrics and the list of workloads),
//! `overlap` (what two workloads of a file cannot both have), `registry`, `series` and `learned` (what these tell),
//! `readiness` (whether requests should come here).
//!
//! Invariants:
//! - a route is published last and removed first;
//! - a failed start leaves nothing behind;
//! - guests cannot delay what runs on the control runtime;
//! - counters of a workload never fall while it runs, whatever is swapped;
//! - a swap has no gap: new requests see the new version the moment that it is ready, old ones finish on the old.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]

mod about;
mod admin;
mod bridge;
mod config;
mod control;
mod host;
mod image;
mod launch;
mod learned;
mod overlap;
mod publish;
mod readiness;
mod registry;
mod running;
mod secrets;
mod series;
mod start;

pub use about::about;
pub use admin::AdminError;
pub use config::HostConfig;
pub use control::Control;
pub use host::{Host, HostError};
pub use learned::{ComponentPolicy, Learned};
pub use overlap::{Overlap, overlaps};
pub use publish::{ChosenAddress, Place, PublishConfig, PublishError, PublishedPort, UdpLimits};
pub use running::Running;
pub use secrets::ProvidedSecrets;
pub use start::{Foreseen, Prepared, StartError, Trouble};
pub use weft_engine::command::CommandLine;
pub use weft_engine::config::EngineConfig;
pub use weft_engine::fault::Fault;
pub use weft_engine::gpu;
pub use weft_engine::inspect::{InspectError, Shape, inspect, looks_like_wasm};
pub use weft_engine::limits::Limits as ProgramLimits;
pub use weft_engine::network::{NetworkConfig, PrivateRanges, RootsError, Trust};
pub use weft_engine::plan::{
    Granting, Needed, Outlook, PlanError, PlanErrors, Program, Prospect, Purpose, SERVICE, Server,
    Subject, Use, ValidWorkload,
};
pub use weft_engine::secrets::Store as SecretStore;
pub use weft_engine::service::ServiceConfig;
pub use weft_ingress::{CertificateFiles, Drained, Limits, Tls, TlsError, TlsFiles, listen};
