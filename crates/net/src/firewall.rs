//! The firewall: what a component may reach outside, decided in one place for `wasi:http`, `wasi:sockets` and every
//! capability that dials.
//!
//! ```text
//! what was asked -> ask     scheme, host and port in the form that is compared, or refused as unreadable
//!                -> policy  is the name, or the address, in a list?
//!                -> resolve addresses of the name, once
//!                -> ranges  each address: public, private or special
//!                -> dial    an address that passed
//! ```
//!
//! Pure parts: `ask`, `block`, `denial`, `entry`, `host`, `loopback_ports`, `policy`, `ranges`. With a state of their own:
//! `grants`, `learn`, `observe`, `quota`. With I/O: `resolve`, `gate`, `dial`.
//!
//! Invariants:
//! - a special address is never dialled, whatever the policy says, in learn mode neither; the loopback of the machine is
//!   reached under a name and an address of its own, by listed ports, where the operator allows it;
//! - what is dialled was checked, and nothing is looked up between the check and the dial;
//! - every table is bounded, and nothing is shared between tenants.

pub mod ask;
pub mod block;
pub mod denial;
pub mod dial;
pub mod entry;
pub mod gate;
pub mod grants;
pub mod host;
pub mod learn;
pub mod loopback_ports;
pub mod observe;
pub mod policy;
pub mod quota;
pub mod ranges;
pub mod resolve;
