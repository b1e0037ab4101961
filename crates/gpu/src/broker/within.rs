//! Calls into drivers that may hang: on a thread of their own, with a time after which nobody waits for it. A thread that
//! hangs stays: nothing but the end of the process takes it out of the driver.

use std::sync::mpsc;
use std::time::Duration;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It takes too long.
    Late,
    /// It panicked, or no thread can be had.
    Gone,
}

/// An answer that is on its way.
pub(super) struct Pending<T>(mpsc::Receiver<T>);

/// Begins a call.
pub(super) fn begin<T: Send + 'static>(
    name: &str,
    call: impl FnOnce() -> T + Send + 'static,
) -> Pending<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name(name.to_owned());
    // Without a thread the sender is dropped, which the receiver sees.
    if let Err(error) = thread.spawn(move || sender.send(call())) {
        tracing::warn!(error = %error, "no thread for a call into a GPU driver");
    }
    Pending(receiver)
}

impl<T> Pending<T> {
    /// Waits for the answer.
    pub(super) fn within(self, patience: Duration) -> Result<T, NoAnswer> {
        self.0.recv_timeout(patience).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => NoAnswer::Late,
            mpsc::RecvTimeoutError::Disconnected => NoAnswer::Gone,
        })
    }
}
