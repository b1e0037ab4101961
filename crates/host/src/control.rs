//! The control runtime: a thread of its own for everything that must not wait for guests.
//!
//! Guests run on the threads of the runtime that serves requests. However busy or stuck those are, health, metrics and
//! signals are answered here. Work on it must be short, or wait asynchronously: there is one thread.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The control runtime. Cheap to clone; it ends, with all that runs on it, when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Control {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: Handle,
    stop: CancellationToken,
}

impl Control {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread or no file descriptors left.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        std::thread::Builder::new()
            .name("weft-control".to_owned())
            .spawn(move || runtime.block_on(stopped.cancelled()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                runtime: handle,
                stop,
            }),
        })
    }

    /// Runs a task here. It may not hold a clone of the `Control`: that would keep both alive for good.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.runtime.spawn(task)
    }

    /// The runtime itself. Who keeps it does not keep it running.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    /// Makes this the runtime of what is created while the guard lives: timers, sockets, listeners for signals.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.inner.runtime.enter()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
