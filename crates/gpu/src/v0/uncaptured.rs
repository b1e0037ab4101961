//! `onuncapturederror-subscribe`: a pollable that is ready once for each error that no scope captured since. What the error was
//! cannot be asked in this version; the host has logged it.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use wasmtime_wasi_io::poll::Pollable;

use crate::error::GpuError;

/// Waits for one error after the other.
pub(super) struct Uncaptured(Receiver<GpuError>);

impl Uncaptured {
    pub(super) fn new(errors: Receiver<GpuError>) -> Self {
        Self(errors)
    }
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Uncaptured {
    async fn ready(&mut self) {
        match self.0.recv().await {
            // Of those that were missed it is only told that there were some.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            // The device is gone and has no errors any more.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    //! When it is ready, and when it is not.

    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::error::{ErrorKind, Errors};

    fn is_ready(pollable: &mut Uncaptured) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        matches!(
            pin!(pollable.ready()).as_mut().poll(&mut cx),
            Poll::Ready(())
        )
    }

    #[test]
    fn it_is_ready_once_for_each_error_that_nobody_captured() {
        let errors = Errors::default();
        let mut pollable = Uncaptured::new(errors.uncaptured());
        assert!(!is_ready(&mut pollable));
        errors.push(GpuError::validation("one"));
        assert!(is_ready(&mut pollable));
        assert!(!is_ready(&mut pollable));
    }

    #[test]
    fn an_error_that_a_scope_captures_does_not_make_it_ready() {
        let errors = Errors::default();
        let mut pollable = Uncaptured::new(errors.uncaptured());
        errors.push_scope(ErrorKind::Validation);
        errors.push(GpuError::validation("one"));
        assert!(!is_ready(&mut pollable));
    }

    #[test]
    fn a_device_that_is_gone_has_no_more_errors() {
        let errors = Errors::default();
        let mut pollable = Uncaptured::new(errors.uncaptured());
        drop(errors);
        assert!(!is_ready(&mut pollable));
    }
}
