//! The one way of all errors: what a call did wrong becomes an error of the device, and goes to the guest's innermost error
//! scope that wants its kind, else to whoever listens for uncaptured errors. Nothing here ends a guest.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};
use wgpu_types::error::{ErrorType, WebGpuError};

/// Scopes that a device keeps; a guest that opens more gets nothing from the ones beyond.
const SCOPES: usize = 1024;
/// Uncaptured errors that wait for a listener; the oldest go first.
const UNCAPTURED: usize = 64;
/// Uncaptured errors of one device that are logged; a guest chooses how many it makes.
const LOGGED: u64 = 8;

/// What kind of error the specification says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The guest broke a rule of WebGPU.
    Validation,
    /// There is not enough memory, or the workload has used what it may have.
    OutOfMemory,
    /// The implementation or the driver could not do it.
    Internal,
}

/// An error as a guest sees it: `GPUError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuError {
    /// Which of the three classes of `GPUError`.
    pub kind: ErrorKind,
    /// What happened, for people.
    pub message: String,
}

/// Why a device is lost: `GPUDeviceLostReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostReason {
    /// The driver, a deadline or a fault.
    Unknown,
    /// The guest destroyed it.
    Destroyed,
}

/// That a device is lost: `GPUDeviceLostInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLostInfo {
    /// Who ended it.
    pub reason: LostReason,
    /// What happened, for people.
    pub message: String,
}

/// There is no scope to pop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no error scope to pop: each needs a push-error-scope before it")]
pub struct NoScope;

/// The errors of one device.
#[derive(Debug)]
pub struct Errors {
    state: Mutex<State>,
    uncaptured: broadcast::Sender<GpuError>,
    lost: watch::Sender<Option<DeviceLostInfo>>,
}

#[derive(Debug, Default)]
struct State {
    scopes: Vec<Scope>,
    /// Scopes that were opened beyond the bound and are still open.
    beyond: u64,
    logged: u64,
}

#[derive(Debug)]
struct Scope {
    filter: ErrorKind,
    first: Option<GpuError>,
}

impl GpuError {
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Validation,
            message: message.into(),
        }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Internal,
            message: message.into(),
        }
    }

    pub(crate) fn out_of_memory(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::OutOfMemory,
            message: message.into(),
        }
    }

    /// What wgpu says went wrong; `None` if it says that the device is lost, which is told in another way.
    pub(crate) fn of(error: &dyn WebGpuError) -> Option<Self> {
        let kind = match error.webgpu_error_type() {
            ErrorType::Validation => ErrorKind::Validation,
            ErrorType::OutOfMemory => ErrorKind::OutOfMemory,
            ErrorType::Internal => ErrorKind::Internal,
            ErrorType::DeviceLost => return None,
        };
        Some(Self {
            kind,
            message: chain(error),
        })
    }
}

impl Default for Errors {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            uncaptured: broadcast::Sender::new(UNCAPTURED),
            lost: watch::Sender::new(None),
        }
    }
}

impl Errors {
    /// Tells the guest what wgpu says. The one funnel.
    pub(crate) fn report<E: WebGpuError>(&self, error: Option<E>) {
        if let Some(error) = error.and_then(|error| GpuError::of(&error)) {
            self.push(error);
        }
    }

    /// Gives an error to the innermost scope for its kind, or to the listeners. A lost device has no errors any more.
    pub(crate) fn push(&self, error: GpuError) {
        if self.lost.borrow().is_some() {
            return;
        }
        let mut state = self.state();
        let scope = state
            .scopes
            .iter_mut()
            .rev()
            .find(|scope| scope.filter == error.kind);
        if let Some(scope) = scope {
            scope.first.get_or_insert(error);
            return;
        }
        state.logged += 1;
        let logged = state.logged;
        drop(state);
        if logged <= LOGGED {
            tracing::warn!(kind = ?error.kind, message = error.message, "a GPU error that the guest did not capture");
        }
        // Nobody listens: the guest did not ask.
        let _ = self.uncaptured.send(error);
    }

    /// Opens a scope that keeps the first error of this kind.
    pub fn push_scope(&self, filter: ErrorKind) {
        let mut state = self.state();
        if state.scopes.len() < SCOPES && state.beyond == 0 {
            state.scopes.push(Scope {
                filter,
                first: None,
            });
        } else {
            state.beyond += 1;
        }
    }

    /// Closes the innermost scope: the first error that it kept.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn pop_scope(&self) -> Result<Option<GpuError>, NoScope> {
        let mut state = self.state();
        if state.beyond > 0 {
            state.beyond -= 1;
            return Ok(None);
        }
        state.scopes.pop().map(|scope| scope.first).ok_or(NoScope)
    }

    /// Uncaptured errors from now on; the oldest are lost to who does not read them.
    pub fn uncaptured(&self) -> broadcast::Receiver<GpuError> {
        self.uncaptured.subscribe()
    }

    /// Loses the device, once: later reasons change nothing.
    pub(crate) fn lose(&self, reason: LostReason, message: impl Into<String>) {
        self.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            if first {
                *lost = Some(DeviceLostInfo {
                    reason,
                    message: message.into(),
                });
            }
            first
        });
    }

    /// Why the device is lost, if it is.
    pub fn is_lost(&self) -> Option<DeviceLostInfo> {
        self.lost.borrow().clone()
    }

    /// Waits until the device is lost.
    pub fn lost(&self) -> impl Future<Output = DeviceLostInfo> + Send + use<> {
        let mut lost = self.lost.subscribe();
        async move {
            let info = lost.wait_for(Option::is_some).await;
            // Whoever waits may outlive the device, which then ends as one that its guest gave up.
            info.ok()
                .and_then(|info| info.clone())
                .unwrap_or_else(|| DeviceLostInfo {
                    reason: LostReason::Destroyed,
                    message: "the device was dropped".to_owned(),
                })
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error and all that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // Writing to a string does not fail.
        let _ = write!(text, ": {source}");
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests;
