//! The firewall and the HTTP client as the engine uses them: real sockets on loopback, a resolver with a script.
#![cfg(test)]

mod bypass;
mod dial;
mod http;
mod learn;
mod server;
mod sockets;
mod support;
mod tls;
