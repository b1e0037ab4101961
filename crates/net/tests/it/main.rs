//! The crate from the outside.

#![cfg(test)]

mod loopback;
