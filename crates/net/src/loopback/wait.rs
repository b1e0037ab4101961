//! The lock around a network's state, and waiting for what it cannot give yet.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use super::Error;
use super::limits::Limits;
use super::memory::Memory;
use super::state::{Place, State};
use super::waiters::Ticket;

/// What the sockets of one network share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    last_ticket: AtomicU64,
}

/// One who waits. It leaves the list when it is dropped.
struct Waiting<'a> {
    shared: &'a Shared,
    place: Place,
    ticket: Ticket,
    listed: bool,
}

impl Shared {
    pub(super) fn new(limits: Limits, memory: Memory) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(limits, memory)),
            last_ticket: AtomicU64::new(Ticket::SHARED.0),
        })
    }

    /// Changes the state, and tells whom it concerns when the lock is released: a waker may run anything, also what
    /// takes this lock. Poison is used on: no transition panics half way.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let wakes = std::mem::take(&mut state.wakes);
        drop(state);
        wakes.run();
        result
    }

    /// Tries; if it would block, the task is woken when it may not any more. Of several tasks that poll one place, the
    /// last is.
    pub(super) fn poll<T>(
        &self,
        place: Place,
        cx: &Context<'_>,
        attempt: impl FnOnce(&mut State) -> Result<T, Error>,
    ) -> Poll<Result<T, Error>> {
        self.poll_as(Ticket::SHARED, place, cx, attempt)
    }

    /// Tries until it does not block. Any number of tasks may wait for one place.
    pub(super) async fn wait<T>(
        &self,
        place: Place,
        mut attempt: impl FnMut(&mut State) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut waiting = Waiting {
            shared: self,
            place,
            ticket: Ticket(self.last_ticket.fetch_add(1, Ordering::Relaxed) + 1),
            listed: false,
        };
        std::future::poll_fn(|cx| {
            let poll = self.poll_as(waiting.ticket, place, cx, &mut attempt);
            // An entry may be left from before when it is ready now.
            waiting.listed |= poll.is_pending();
            poll
        })
        .await
    }

    fn poll_as<T>(
        &self,
        ticket: Ticket,
        place: Place,
        cx: &Context<'_>,
        attempt: impl FnOnce(&mut State) -> Result<T, Error>,
    ) -> Poll<Result<T, Error>> {
        self.with(|state| match attempt(state) {
            Err(Error::WouldBlock) => {
                if let Some((waiters, wakes)) = state.waiters(place) {
                    waiters.add(ticket, cx.waker(), wakes);
                }
                Poll::Pending
            }
            result => Poll::Ready(result),
        })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.listed {
            return;
        }
        self.shared.with(|state| {
            if let Some((waiters, wakes)) = state.waiters(self.place) {
                waiters.remove(self.ticket, wakes);
            }
        });
    }
}
