//! The crate from the outside: the firewall and the HTTP client as the engine uses them, over real sockets on loopback and
//! with a resolver with a script; and the virtual network beside a real one.
#![cfg(test)]

mod bypass;
mod dial;
mod http;
mod learn;
mod loopback;
mod server;
mod sockets;
mod support;
mod tls;
