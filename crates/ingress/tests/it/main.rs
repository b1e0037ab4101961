//! The crate from the outside: a real listener, real clients, targets that do what a test tells them.

#![cfg(test)]

mod bodies;
mod cancel;
mod drain;
mod logged;
mod problems;
mod protocol;
mod slow;
mod streaming;
mod support;
mod swap;
