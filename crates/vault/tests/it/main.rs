//! Secrets out of a server that speaks Vault's API, over real sockets.
#![cfg(test)]

mod failing;
mod over_tls;
mod reading;
mod server;
