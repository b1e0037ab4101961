//! Fault step: why a call into a guest failed, in words, and who is to blame.

mod trap;

use std::fmt;

use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, TrapOrPanicError};
use weft_api::fault::Blame;

pub(crate) use trap::{Circumstances, not_made, timed_out, trap};

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
    /// A short stable word for why: `memory`, `stack-overflow`, `timeout`, ..; for programs and metrics.
    pub cause: &'static str,
    /// Everything known, for the log; never for a client.
    pub detail: String,
}

/// Kinds of failure that callers treat differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The guest trapped: unreachable code, out of bounds, stack overflow, and so on.
    Trap,
    /// The guest ended its own process.
    Exit,
    /// The guest returned without a response.
    NoResponse,
    /// The guest answered with an error of `wasi:http`.
    GuestError,
    /// The guest took longer than it may.
    Timeout,
    /// The request was given up before the guest answered.
    Abandoned,
    /// The workload or its tenant has as many requests as it may have.
    Busy,
    /// The host has no room for another instance; trying again later helps.
    Full,
    /// No instance could be made for another reason.
    Instantiate,
    /// The code could not be loaded.
    Load,
    /// The service of the workload has failed for good.
    ServiceFailed,
}

impl FaultKind {
    /// A short name for problem documents.
    pub fn code(self) -> &'static str {
        match self {
            Self::Trap => "guest-trap",
            Self::Exit => "guest-exit",
            Self::NoResponse => "guest-no-response",
            Self::GuestError => "guest-error",
            Self::Timeout => "timeout",
            Self::Abandoned => "abandoned",
            Self::Busy | Self::Full => "overloaded",
            Self::Instantiate => "instantiate",
            Self::Load => "load",
            Self::ServiceFailed => "service-failed",
        }
    }

    /// Whose change would have avoided it.
    pub fn blame(self) -> Blame {
        match self {
            Self::Trap
            | Self::Exit
            | Self::NoResponse
            | Self::GuestError
            | Self::Timeout
            | Self::Instantiate
            | Self::ServiceFailed => Blame::Guest,
            // More came in than the manifest lets it take.
            Self::Busy => Blame::Manifest,
            Self::Abandoned => Blame::Network,
            Self::Full | Self::Load => Blame::Host,
        }
    }

    /// What a client may know.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Trap => "the component failed while it handled the request",
            Self::Exit => "the component ended itself instead of answering",
            Self::NoResponse => "the component returned without an answer",
            Self::GuestError => "the component reported an error instead of answering",
            Self::Timeout => "the component took longer than a request may take",
            Self::Abandoned => "the request was given up before the component answered",
            Self::Busy => "the workload has as many requests as it takes at a time",
            Self::Full => "there is no room for another instance at the moment",
            Self::Instantiate => "the component could not be started",
            Self::Load => "the component's code could not be loaded",
            Self::ServiceFailed => "a part of the workload has failed",
        }
    }

    /// The cause, where the kind alone says it.
    fn cause(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Exit => "exit",
            Self::NoResponse => "no-response",
            kind => kind.code(),
        }
    }
}

impl Fault {
    /// A failure whose kind says why.
    pub(crate) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            cause: kind.cause(),
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.reason(), self.detail)
    }
}

impl std::error::Error for Fault {}

/// Tells what kind of failure an error of the request handler is. `T` is the data that travels with a request.
pub(crate) fn classify<T: Send + Sync + 'static>(error: &wasmtime::Error) -> Fault {
    if let Some(failed) = error.downcast_ref::<InstantiationError<T>>() {
        return instantiation(&failed.error);
    }
    if error.is::<ExpirationError>() {
        return Fault::new(FaultKind::Abandoned, "the client went away");
    }
    if error.is::<TrapOrPanicError>() {
        return Fault::new(FaultKind::Trap, "the instance ended before it answered");
    }
    trap(error, &Circumstances::default())
}

/// Why an instance could not be made. Those who make it say so with a [`Fault`].
pub(crate) fn instantiation(error: &wasmtime::Error) -> Fault {
    match error.downcast_ref::<Fault>() {
        Some(fault) => fault.clone(),
        None => Fault::new(FaultKind::Instantiate, format!("{error:?}")),
    }
}
