//! Components on the engine, from their bytes to their answers: real guests, no listener in front.
#![cfg(test)]
// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]

mod cache;
mod cancel;
mod commands;
mod compose;
mod egress;
mod guest_log;
mod identity;
mod limits;
mod linking;
mod reuse;
mod secrets;
mod serve;
mod services;
mod sockets;
mod support;
mod volumes;
