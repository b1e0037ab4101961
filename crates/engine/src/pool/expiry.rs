//! When an instance is over: its requests are done or given up, nobody needs it, or its place is needed.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;
use wasmtime_wasi_http::handler::{WorkerExpiration, WorkerStatus};

use super::Taken;
use crate::admission::room::{Place, Wanted};
use crate::cpu::Meter;

/// How long an instance is idle before its room may be given to another. Under load none is idle for so long, and the
/// books of the room are left alone.
const IN_USE: Duration = Duration::from_millis(10);

/// How long a guest may go on working once all its requests are answered.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// When an instance is over.
pub(crate) struct Expiry {
    pub(super) kept: bool,
    /// It is the only instance of a service, which is never given up.
    pub(super) resident: bool,
    pub(super) idle: Duration,
    pub(super) patience: Duration,
    pub(super) meter: Arc<Meter>,
    pub(super) closed: Pin<Box<WaitForCancellationFutureOwned>>,
    pub(super) taken: Taken,
    pub(super) timer: Option<Pin<Box<Sleep>>>,
    pub(super) place: Arc<Place>,
    /// Resolves when another instance needs the place; there while this one is idle.
    pub(super) wanted: Option<Wanted>,
}

impl Expiry {
    /// Whether every request that the instance took is over, and whether one was given up.
    fn requests(&self, cx: &Context<'_>) -> (bool, bool) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken
            .iter()
            .fold((true, false), |(over, given_up), request| {
                let presence = &request.presence;
                // Each one that is not over has to wake the instance when it is.
                (
                    presence.watch_over(cx) && over,
                    given_up || presence.is_gone(),
                )
            })
    }

    /// Keeps an idle instance until it has been idle for long, its place is needed, or no more requests will come.
    fn stay(&mut self, cx: &mut Context<'_>, since: Instant) -> Poll<()> {
        if self.closed.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if self.resident {
            return Poll::Pending;
        }
        if self.wanted.is_none() {
            ready!(self.wait(cx, since, IN_USE.min(self.idle)));
            self.wanted = Some(self.place.wanted());
        }
        let wanted = self.wanted.as_mut().map(Pin::new);
        if wanted.is_some_and(|wanted| wanted.poll(cx).is_ready()) {
            return Poll::Ready(());
        }
        self.wait(cx, since, self.idle)
    }

    fn wait(&mut self, cx: &mut Context<'_>, since: Instant, time: Duration) -> Poll<()> {
        let until = tokio::time::Instant::from(since.checked_add(time).unwrap_or(since));
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        // A timer that is set for earlier is left alone: to be woken once more costs less than to set it with each
        // request.
        ready!(timer.as_mut().poll(cx));
        if timer.deadline() < until {
            timer.as_mut().reset(until);
            return timer.as_mut().poll(cx);
        }
        Poll::Ready(())
    }
}

impl WorkerExpiration for Expiry {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        // This is asked whenever the instance waits for something: another may compute.
        self.meter.waits();
        let (over, given_up) = self.requests(cx);
        let patience = self.patience;
        if status != WorkerStatus::Idle {
            self.wanted = None;
        }
        if self.resident && !given_up && status != WorkerStatus::Idle {
            // What a service goes on with after an answer is its own business.
            return Poll::Pending;
        }
        match status {
            WorkerStatus::Idle if self.kept => self.stay(cx, since),
            WorkerStatus::Idle => Poll::Ready(()),
            // Nobody waits: wasm cannot be told to stop, so the instance goes.
            WorkerStatus::Requests | WorkerStatus::PostReturn if over && given_up => {
                Poll::Ready(())
            }
            WorkerStatus::PostReturn => {
                if over {
                    self.wait(cx, since, AFTERWARDS.min(patience))
                } else {
                    Poll::Pending
                }
            }
            // Every answer is delivered, and a guest goes on computing or waiting in a call: as long as a request may.
            WorkerStatus::Requests if over => self.wait(cx, since, patience),
            WorkerStatus::Requests => Poll::Pending,
        }
    }
}
