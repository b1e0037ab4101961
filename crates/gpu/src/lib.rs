//! `wasi:webgpu` for many tenants.
//!
//! `objects` has one file for each object of WebGPU, with its state and its rules, over wgpu-core; it knows no WIT. A
//! [`lease`] is a workload's hold on an adapter and has a wgpu-core of its own: tenants share no lock. What a guest does
//! wrong becomes an error of its device ([`error`]), what it uses is charged ([`ledger`]) below its [`quota`], and what it
//! submits passes the [`gate`] of the adapter. The [`broker`] knows which adapters there are and which is taken.

pub mod ask;
pub mod bound;
pub mod broker;
mod compile;
pub mod convert;
mod ctx;
pub mod descriptors;
pub mod error;
pub mod gate;
pub mod lease;
pub mod ledger;
pub mod objects;
pub mod quota;
mod timeline;
pub use ctx::{Ctx, Gpus, View};
pub mod v0;
pub mod v3;
pub mod values;
