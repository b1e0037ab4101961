//! What a capability `wasmcloud:secrets` is built on: a value, a place that has values by name, and whoever is told that
//! a guest looked at one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use wasmtime::component::{ComponentType, Lower};
use zeroize::Zeroize;

/// The value of a secret. Copies share it, and the last one that goes overwrites it. No `Debug` shows it.
#[derive(Clone)]
pub struct Value(Bytes);

#[derive(Clone)]
enum Bytes {
    Text(Arc<str>),
    Other(Arc<[u8]>),
}

/// Why there is no value. The texts are for the guest: they must not hold a value, a token or an address of the host.
#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lower)]
#[component(variant)]
pub enum Error {
    /// What keeps the secrets answered with an error, or not at all.
    #[component(name = "upstream")]
    Upstream(String),
    /// The secret could not be read.
    #[component(name = "io")]
    Io(String),
    /// There is no secret of this name.
    #[component(name = "not-found")]
    NotFound,
}

/// What a [`Store`] answers with.
pub type Got<'a> = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send + 'a>>;

/// Where the secrets of one workload are.
pub trait Store: Send + Sync + 'static {
    /// The value of a secret as it is now. Has to end within a bounded time, and must not keep anything for a name that
    /// does not exist: guests choose the names.
    fn get<'a>(&'a self, key: &'a str) -> Got<'a>;
}

/// Who is told that a component looked at a value.
pub trait Watcher: Send + Sync + 'static {
    /// A component has looked at the secret of this name; must not block.
    fn revealed(&self, key: &str);
}

/// A value as a guest gets it: straight out of the shared bytes, so that the host makes no copy that nobody overwrites.
#[derive(ComponentType, Lower)]
#[component(variant)]
pub(super) enum Revealed {
    #[component(name = "string")]
    String(Arc<str>),
    #[component(name = "bytes")]
    Bytes(Arc<[u8]>),
}

impl Value {
    /// A copy of these bytes: text if they are UTF-8.
    pub fn new(bytes: &[u8]) -> Self {
        Self(match std::str::from_utf8(bytes) {
            Ok(text) => Bytes::Text(text.into()),
            Err(_) => Bytes::Other(bytes.into()),
        })
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        match &self.0 {
            Bytes::Text(text) => text.as_bytes(),
            Bytes::Other(bytes) => bytes,
        }
    }

    pub(super) fn reveal(&self) -> Revealed {
        match &self.0 {
            Bytes::Text(text) => Revealed::String(Arc::clone(text)),
            Bytes::Other(bytes) => Revealed::Bytes(Arc::clone(bytes)),
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // Only the last one has the bytes for itself.
        match &mut self.0 {
            Bytes::Text(text) => {
                if let Some(text) = Arc::get_mut(text) {
                    text.zeroize();
                }
            }
            Bytes::Other(bytes) => {
                if let Some(bytes) = Arc::get_mut(bytes) {
                    bytes.zeroize();
                }
            }
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}
