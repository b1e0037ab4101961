//! What a host tells of itself and of its guests: traces, metrics and logs, in the form of OpenTelemetry.
//!
//! There is one way for all data, whoever it is from:
//!
//! ```text
//! trace, logs, a guest's own data -> telemetry -> queue -> worker -> export -> collector
//!                                                               \-> receiver (in this process)
//! ```
//!
//! - `context`, `propagate`, `sampler`, `id`: where in a trace something is, how that is passed on, what is recorded;
//! - `trace`, `span`: the trace of one request, and spans of it;
//! - `logs`: events of `tracing` as log records; `resource`: who something is said about; `value`: attributes;
//! - `telemetry`: the handle that all goes through; `signal`: the three kinds of data; `wire`: how it is written; `queue`, `worker`: batches;
//! - `export`: OTLP by gRPC and HTTP; `receiver`: somebody in this process; `stats`: what was sent and lost;
//! - `config`: the variables of OpenTelemetry; `limits`: how much is kept.
//!
//! Invariants:
//!
//! - Whoever makes data never waits for whoever sends it. What does not fit is dropped and counted.
//! - What waits is bounded in number and in bytes, and a guest has a part of it only.
//! - No header that goes to a collector, and no value of a variable, is in a message or in `Debug`.
//! - Nothing that a peer or a collector sends makes this fail, or grow without bound.

pub mod config;
pub mod context;
mod export;
pub mod id;
pub mod limits;
pub mod logs;
pub mod propagate;
mod queue;
pub mod receiver;
pub mod resource;
pub mod sampler;
pub mod signal;
pub mod span;
pub mod stats;
mod telemetry;
pub mod trace;
pub mod value;
mod wire;
mod worker;

pub use opentelemetry_proto::tonic as proto;

pub use self::config::{Config, Destination, Environment, Protocol};
pub use self::receiver::Receiver;
pub use self::resource::Resource;
pub use self::telemetry::{MetricSource, Telemetry};
pub use self::trace::{Measure, Span, Trace};
