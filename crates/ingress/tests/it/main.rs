//! The crate from the outside: a real listener, real clients, targets that do what a test tells them.

#![cfg(test)]

mod cancel;
mod connections;
mod drain;
mod hostile;
mod logged;
mod problems;
mod protocol;
mod proxy_protocol;
mod slow;
mod streaming;
mod support;
mod swap;
mod tls;
