//! Whether somebody still waits for the answer to a request: shared by who waits and by the instance that works on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

const WAITING: u8 = 0;
const DELIVERED: u8 = 1;
const GONE: u8 = 2;

/// The end of a request, as its instance sees it.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    state: AtomicU8,
    /// The call into the guest, which ends when nobody waits.
    call: AtomicWaker,
    /// The instance, which may end when all its requests are over.
    instance: AtomicWaker,
}

/// Whoever waits for a response. Dropped before the response's end = gone.
#[derive(Debug)]
pub(crate) struct Patron {
    presence: Arc<Presence>,
    delivered: bool,
}

impl Presence {
    /// Whether the response has been delivered, or nobody waits for it.
    pub(crate) fn is_over(&self) -> bool {
        self.state.load(Ordering::Acquire) != WAITING
    }

    /// Whether nobody waits any more for what was not delivered.
    pub(crate) fn is_gone(&self) -> bool {
        self.state.load(Ordering::Acquire) == GONE
    }

    /// Resolves when nobody waits. For one task.
    pub(crate) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.call.register(cx.waker());
        if self.is_gone() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// The same as `is_over`; if not, the task is woken when it is. For one task.
    pub(crate) fn watch_over(&self, cx: &Context<'_>) -> bool {
        self.instance.register(cx.waker());
        self.is_over()
    }
}

impl Patron {
    /// Somebody waits; what it is waited for is told by the presence.
    pub(crate) fn new() -> (Self, Arc<Presence>) {
        let presence = Arc::new(Presence::default());
        let patron = Self {
            presence: Arc::clone(&presence),
            delivered: false,
        };
        (patron, presence)
    }

    /// The response was read to its end: what the guest does afterwards is not cut short.
    pub(crate) fn delivered(&mut self) {
        self.delivered = true;
    }
}

impl Drop for Patron {
    fn drop(&mut self) {
        let state = if self.delivered { DELIVERED } else { GONE };
        self.presence.state.store(state, Ordering::Release);
        self.presence.call.wake();
        self.presence.instance.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn one_who_waits_is_there() {
        let (_patron, presence) = Patron::new();
        assert!(!presence.is_over() && !presence.is_gone());
    }

    #[test]
    fn one_who_leaves_early_is_gone() {
        let (patron, presence) = Patron::new();
        drop(patron);
        assert!(presence.is_over() && presence.is_gone());
    }

    #[test]
    fn one_who_leaves_with_the_whole_answer_is_not_gone_but_done() {
        let (mut patron, presence) = Patron::new();
        patron.delivered();
        assert!(!presence.is_over());
        drop(patron);
        assert!(presence.is_over() && !presence.is_gone());
    }

    #[tokio::test]
    async fn both_sides_of_an_instance_are_woken() {
        for delivered in [false, true] {
            let (mut patron, presence) = Patron::new();
            if delivered {
                patron.delivered();
            }
            let over = std::future::poll_fn(|cx| match presence.watch_over(cx) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            });
            let mut over = Box::pin(over);
            let mut nobody = Context::from_waker(Waker::noop());
            assert!(over.as_mut().poll(&mut nobody).is_pending());
            let leave = async { drop(patron) };
            tokio::join!(over, leave);
        }
        let (patron, presence) = Patron::new();
        let gone = std::future::poll_fn(|cx| presence.poll_gone(cx));
        tokio::join!(gone, async { drop(patron) });
    }
}
