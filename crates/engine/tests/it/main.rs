//! Components on the engine, from their bytes to their answers: real guests, no listener in front.
#![cfg(test)]

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
