//! The crate from the outside: a real listener, real clients, targets that do what a test tells them.

#![cfg(test)]

mod bodies;
mod cancel;
mod drain;
mod grpc;
mod logged;
mod observed;
mod problems;
mod protocol;
mod routing;
mod slow;
mod streaming;
mod support;
mod swap;
