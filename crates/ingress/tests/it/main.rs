//! The crate from the outside: a real listener, real clients, targets that do what a test tells them.

#![cfg(test)]

mod bodies;
mod cancel;
mod connections;
mod drain;
mod forward;
mod grpc;
mod hostile;
mod logged;
mod observed;
mod problems;
mod protocol;
mod proxy_protocol;
mod routing;
mod slow;
mod streaming;
mod support;
mod swap;
mod tls;
