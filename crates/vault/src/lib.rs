//! Secrets out of HashiCorp Vault and what speaks its API (OpenBao): one secret of the key-value engine, version 2, whose
//! fields are values by name.
//!
//! Layout: `config` says where the secret is and how long what was read is good, `token` reads the token, `request` is one
//! request, `response` what its answer means, `vault` remembers what was read and asks again.
//!
//! Invariants:
//! - neither the token nor a value is in an error, a log line or a `Debug`;
//! - one request is on its way at a time, whoever waits for it, and after a failure none for a moment;
//! - nothing is remembered for a name that the secret does not have.

mod config;
mod request;
mod response;
mod token;
mod vault;

pub use config::Config;
pub use token::TokenFrom;
pub use vault::Vault;
