//! Everything that a guest can reach outside its sandbox, and the policy that says what it may.
//!
//! Layout:
//! - `firewall`: every decision about what leaves, and the dialling of what may;
//! - `loopback` (no I/O): the virtual network of a workload;
//! - `outbound`: HTTP over connections that the firewall dialled;
//! - `sockets`: `wasi:sockets` for guests, over `firewall` and `loopback`;
//! - `virtual_stream`: a connection on the virtual network as the host uses it.
//!
//! Invariants:
//! - an empty policy reaches nothing;
//! - the decision is taken here and nowhere else.

pub mod firewall;
pub mod loopback;
pub mod outbound;
pub mod sockets;
pub mod virtual_stream;
