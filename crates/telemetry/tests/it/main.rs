//! Telemetry against a real collector: by gRPC and HTTP, up, down, slow and refusing.
#![cfg(test)]

mod delivery;
mod failure;
mod heap;
mod hostile;
mod logs;
mod support;
mod tls;
mod traces;
