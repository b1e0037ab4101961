//! From a name to addresses: what a resolver is. [`system`] asks the servers of the machine, [`cache`] remembers.

pub mod cache;
pub mod system;

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::host::Name;

/// Addresses of one answer that are used; a name with more is served by the first of them.
pub const MOST_ADDRESSES: usize = 32;

/// What finds the addresses of a name.
pub trait Resolver: Send + Sync + 'static {
    /// Looks the name up. It ends in bounded time, and a future that is dropped leaves nothing behind.
    fn resolve<'a>(&'a self, name: &'a Name) -> Resolving<'a>;
}

/// A look-up on its way.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = Result<Answer, ResolveError>> + Send + 'a>>;

/// The addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// In the order in which they should be tried; never empty.
    pub addresses: Arc<[IpAddr]>,
    /// How long the answer may be used.
    pub ttl: Duration,
}

/// Why a name has no addresses. None of these is a refusal by the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The servers say that there is no such name, or none with an address.
    #[error("there is no address for this name")]
    NotFound,
    /// No answer in time.
    #[error("no answer from the name servers in {0:?}")]
    TimedOut(Duration),
    /// The servers answered that they will not answer such a question, with this code of DNS. To ask again is no use.
    #[error("the name servers refused to answer: {0}")]
    Refused(&'static str),
    /// The servers could not be asked, or answered with an error.
    #[error("the name servers failed: {0}")]
    Failed(String),
}
