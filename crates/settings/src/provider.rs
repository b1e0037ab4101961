//! What all places of values have in common. Further ones (a server of secrets) implement [`Provider`] elsewhere.

pub mod dir;
pub mod env;
pub mod file;
pub mod inline;

use std::fmt;
use std::pin::Pin;

use crate::secret::Secret;

/// What an asynchronous call of a provider gives.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A place that values come from.
///
/// Nothing is remembered beyond a change: a read gives what is there now. The providers of this crate read local files
/// in the call itself, after a look at their metadata; one that asks a server waits without holding a thread.
pub trait Provider: Send + Sync + fmt::Debug {
    /// The names that this place has or is to have, in order. A name of these that [`Provider::read`] has nothing for
    /// is missing: somebody asked for it by name.
    fn names(&self) -> Answer<'_, Vec<String>>;

    /// The present value of a name; none if there is no such name.
    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>>;

    /// The place in words, for messages: ``the file `.env` ``.
    fn origin(&self) -> String;
}

/// A value as it was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The value.
    pub value: Secret,
    /// Differs from that of an earlier reading if the value may be another.
    pub version: Version,
    /// Where exactly it comes from, such as `.env:3`; never the value.
    pub origin: String,
}

/// Tells one state of a value from another, and says nothing about the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// A version by any text that changes with the value and does not depend on it alone: a number of changes, or the
    /// identity of a file with its time. Never a digest of the value, which could be guessed from it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why values could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure.
    pub kind: FailureKind,
    /// What happened, to which thing: no part of a value.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Names that the values refer to and that nothing has.
    pub unset: Vec<Unset>,
}

/// A name that a value refers to and that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unset {
    /// The name.
    pub name: String,
    /// Where it is referred to: `app.env:3`.
    pub place: String,
}

/// Sorts of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The file or folder is not there.
    NotFound,
    /// It is there, and must not be used as it is: others can read it, it is outside the project, it is a link.
    Refused,
    /// What is in it cannot be understood.
    Malformed,
    /// The machine could not read it.
    Io,
    /// The server that has the values could not answer.
    Upstream,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
            unset: Vec::new(),
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// An answer that is there already.
pub(crate) fn ready<'a, T: Send + 'a>(result: Result<T, Failure>) -> Answer<'a, T> {
    Box::pin(std::future::ready(result))
}

#[cfg(test)]
pub(crate) mod tests;
