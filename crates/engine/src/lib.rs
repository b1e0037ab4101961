//! Compiles, plans, links and runs WebAssembly components.
//!
//! The stages of a workload's start, each a module and most of them pure:
//! `inspect` (what is this file) -> `plan` (who provides each import; all refusals) -> `compose` (fuse what is linked)
//! -> `compile` -> `link` (bind the host's side, prepare volumes) -> `workload` (answers requests) or `command` (runs
//! once). `engine` strings them together.
//!
//! What a guest can touch is in `host_state`; what it may import, in `grants`. `pool` says how instances are used
//! again, `store` what is in each,
//! `secrets` where secrets are and who looked, `answer` what becomes of a body when its instance fails, `stdio` where its output goes, `fault` why a call failed,
//! `traces` which request an instance works for.
//!
//! Invariants:
//! - identity comes from the store and the linked name, never from a mutable "current component";
//! - a store dropped is everything freed;
//! - only `cache` loads native code;
//! - no panic is reachable from a guest or a file.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]

mod admission;
mod answer;
pub mod cache;
pub mod command;
pub mod compile;
pub mod compose;
pub mod config;
mod cpu;
pub mod engine;
pub mod fault;
pub mod gpu;
pub mod grants;
mod host_state;
pub mod inspect;
pub mod limits;
pub mod link;
pub mod linked;
mod machine;
mod memory;
pub mod network;
pub mod plan;
mod pool;
mod presence;
pub mod secrets;
pub mod service;
pub mod stdio;
mod store;
mod traces;
pub mod usage;
pub mod volume;
pub mod workload;

pub use engine::Engine;
