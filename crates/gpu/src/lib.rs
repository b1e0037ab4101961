//! `wasi:webgpu` for many tenants.
//!
//! `objects` has one file for each object of WebGPU, with its state and its rules, over wgpu-core; it knows no WIT. `v3` is
//! `wasi:webgpu@0.3.0-rc.2` and `v0` is 0.0.1 over them, with what they have alike in `methods` and `convert`. A [`lease`] is a workload's hold on an adapter and
//! has a wgpu-core of its own: tenants share no lock. What a guest does wrong becomes an error of its device ([`error`]),
//! what it uses is charged ([`ledger`]) below its [`quota`], which was settled from what it [`ask`]s for, and billed ([`bill`]);
//! what it submits passes the [`gate`] of the adapter, within its [`budget`] of GPU time. The [`broker`] knows which adapters there are and who has what of them.

pub mod ask;
pub mod bill;
pub mod bound;
pub mod broker;
pub mod budget;
mod compile;
mod convert;
mod ctx;
pub mod descriptors;
pub mod error;
mod fair;
pub mod gate;
pub mod lease;
pub mod ledger;
mod methods;
pub mod objects;
pub mod quota;
mod timeline;
pub mod v0;
pub mod v3;
pub mod values;

pub use convert::Unsupported;
pub use ctx::{Ctx, Gpus, View};
