//! Everything that a guest can reach outside its sandbox, and the policy that says what it may.
//!
//! Layout:
//! - `policy` (pure): the allow-list of a component and the decision for one destination;
//! - `loopback` (no I/O): the virtual network of a workload;
//! - `egress_http`: outbound `wasi:http`, both 0.2 and 0.3, asked against the policy before anything is dialled.
//!
//! Invariants:
//! - an empty policy reaches nothing;
//! - the decision is taken here and nowhere else.

pub mod egress_http;
pub mod loopback;
pub mod policy;
