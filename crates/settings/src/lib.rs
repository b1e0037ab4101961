//! Where configuration values and secrets come from.
//!
//! Layout: `dotenv` reads `.env` files (pure), `secret` is a value that is wiped when it is dropped, `provider` is the
//! trait that all places of values share, with those on this machine (`inline`, `env`, `file`, `dir`), `open` opens
//! their files safely, `gitignore` says whether a file would be committed, `source` puts the providers of one source in
//! their order, and `resolve` the sources of one component.

pub mod dotenv;
mod gitignore;
mod open;
pub mod provider;
pub mod resolve;
mod secret;
pub mod source;

pub use self::gitignore::would_be_committed;
pub use self::open::Place;
pub use self::provider::dir::Dir;
pub use self::provider::env::{Env, Variables};
pub use self::provider::file::EnvFile;
pub use self::provider::inline::Inline;
pub use self::provider::{Answer, Failure, FailureKind, Provider, Reading, Version};
pub use self::secret::Secret;
pub use self::source::{Given, Kind, Source};
