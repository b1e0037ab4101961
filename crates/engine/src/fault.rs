//! Fault step: why a call into a guest failed, in words, and who is to blame.

use std::fmt;

use wasmtime::Trap;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, TrapOrPanicError};
use weft_api::fault::Blame;

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
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
    /// The request was given up before the guest answered.
    Abandoned,
    /// No instance could be made for want of room; trying again later helps.
    Overloaded,
    /// No instance could be made for another reason.
    Instantiate,
    /// The code could not be loaded.
    Load,
}

impl FaultKind {
    /// A short name for metrics and problem documents.
    pub fn code(self) -> &'static str {
        match self {
            Self::Trap => "guest-trap",
            Self::Exit => "guest-exit",
            Self::NoResponse => "guest-no-response",
            Self::GuestError => "guest-error",
            Self::Abandoned => "abandoned",
            Self::Overloaded => "overloaded",
            Self::Instantiate => "instantiate",
            Self::Load => "load",
        }
    }

    /// Whose change would have avoided it.
    pub fn blame(self) -> Blame {
        match self {
            Self::Trap | Self::Exit | Self::NoResponse | Self::GuestError | Self::Instantiate => {
                Blame::Guest
            }
            Self::Abandoned => Blame::Network,
            Self::Overloaded | Self::Load => Blame::Host,
        }
    }

    /// What a client may know.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Trap => "the component failed while it handled the request",
            Self::Exit => "the component ended itself instead of answering",
            Self::NoResponse => "the component returned without an answer",
            Self::GuestError => "the component reported an error instead of answering",
            Self::Abandoned => "the request was given up before the component answered",
            Self::Overloaded => "there is no room for another instance at the moment",
            Self::Instantiate => "the component could not be started",
            Self::Load => "the component's code could not be loaded",
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
        return Fault {
            kind: FaultKind::Abandoned,
            detail: "the client went away".to_owned(),
        };
    }
    if error.is::<TrapOrPanicError>() {
        return Fault {
            kind: FaultKind::Trap,
            detail: "the instance ended before it answered".to_owned(),
        };
    }
    trap(error)
}

/// Why an instance could not be made.
pub(crate) fn instantiation(error: &wasmtime::Error) -> Fault {
    let overloaded = error.is::<wasmtime::PoolConcurrencyLimitError>();
    let kind = if overloaded {
        FaultKind::Overloaded
    } else {
        FaultKind::Instantiate
    };
    Fault {
        kind,
        detail: format!("{error:?}"),
    }
}

/// What a guest's own failure was.
pub(crate) fn trap(error: &wasmtime::Error) -> Fault {
    // `Debug` of a wasmtime error has the causes and the guest's backtrace with function names.
    let detail = format!("{error:?}");
    let kind = if error.is::<Trap>() {
        FaultKind::Trap
    } else if error.is::<I32Exit>() {
        FaultKind::Exit
    } else if detail.contains("never invoked `response-outparam::set`") {
        FaultKind::NoResponse
    } else if error.is::<wasmtime_wasi_http::p2::bindings::http::types::ErrorCode>()
        || error.is::<wasmtime_wasi_http::p3::bindings::http::types::ErrorCode>()
    {
        FaultKind::GuestError
    } else {
        FaultKind::Trap
    };
    Fault { kind, detail }
}
