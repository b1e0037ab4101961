//! Compiles of one workload: shader modules and pipelines. A compiler of a driver takes as long as it likes and cannot be
//! stopped; so it runs on threads of its own, few of them, with stacks that no shader that may be compiled overflows.
//! Who waits for longer than the budget is told so, and the place stays taken until the driver is back.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

/// Compiles of one workload that run at a time.
const PLACES: u32 = 2;
/// Bytes of stack; only what is used is backed by memory. [`crate::objects`] bounds how deep a shader is nested.
const STACK: usize = 256 << 20;

/// Where a workload's compiles wait and run.
#[derive(Default)]
pub(crate) struct Compiler(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    running: u32,
}

type Job = Box<dyn FnOnce() + Send>;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "the compiler did not end within {0:?}: make the shader smaller, or ask for a longer compile time"
    )]
    Late(Duration),
    #[error("the compiler failed")]
    Crashed,
}

impl Compiler {
    /// Runs this on a thread for compiles, and waits for it here.
    pub(crate) fn run<R: Send + 'static>(
        self: &Arc<Self>,
        budget: Duration,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let (reply, answer) = mpsc::sync_channel(1);
        let patience = self.enqueue(
            budget,
            Box::new(move || {
                // Whoever asked has given up; what was made is dropped.
                let _ = reply.send(job());
            }),
        );
        let waited = without_holding_up_others(|| answer.recv_timeout(patience));
        waited.map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Failure::Late(budget),
            mpsc::RecvTimeoutError::Disconnected => Failure::Crashed,
        })
    }

    /// The same without a thread that waits. The job is in line when this returns.
    pub(crate) fn start<R: Send + 'static, J: FnOnce() -> R + Send + 'static>(
        self: &Arc<Self>,
        budget: Duration,
        job: J,
    ) -> impl Future<Output = Result<R, Failure>> + Send + use<R, J> {
        let (reply, answer) = oneshot::channel();
        let patience = self.enqueue(
            budget,
            Box::new(move || {
                // As above.
                let _ = reply.send(job());
            }),
        );
        async move {
            match tokio::time::timeout(patience, answer).await {
                Ok(Ok(made)) => Ok(made),
                Ok(Err(_)) => Err(Failure::Crashed),
                Err(_) => Err(Failure::Late(budget)),
            }
        }
    }

    /// How long to wait: a budget for the job and for each before it, so that one that waits does not pay for others.
    fn enqueue(self: &Arc<Self>, budget: Duration, job: Job) -> Duration {
        let mut state = self.state();
        let before = u32::try_from(state.waiting.len()).unwrap_or(u32::MAX);
        let full = state.running >= PLACES;
        state.waiting.push_back(job);
        if full {
            return budget.saturating_mul(before.saturating_add(2));
        }
        state.running += 1;
        drop(state);
        let this = Arc::clone(self);
        let started = std::thread::Builder::new()
            .name("gpu compile".to_owned())
            .stack_size(STACK)
            .spawn(move || this.work());
        if let Err(error) = started {
            tracing::error!(error = %error, "the machine has no thread for a GPU compile");
            let mut state = self.state();
            state.running -= 1;
            if state.running == 0 {
                // Nobody would take them: who waits is told.
                state.waiting.clear();
            }
        }
        budget.saturating_mul(before.saturating_add(1))
    }

    fn work(&self) {
        loop {
            let mut state = self.state();
            let Some(job) = state.waiting.pop_front() else {
                state.running -= 1;
                return;
            };
            drop(state);
            // A fault of the compiler ends this compile and nothing else; its caller sees that nothing was sent.
            if std::panic::catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a GPU compile panicked");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits on a thread of a runtime while another takes over what else that thread had to do: a guest that compiles on every
/// thread of the host would otherwise hold up all requests.
#[expect(
    clippy::disallowed_methods,
    reason = "WebGPU makes this call wait; the worker's other tasks move to another thread, and nothing else shares this one"
)]
fn without_holding_up_others<R>(wait: impl FnOnce() -> R) -> R {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

#[cfg(test)]
mod tests;
