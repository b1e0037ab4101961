//! Who is told when something changes.

use std::task::Waker;

/// One who waits, for as long as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(pub(super) u64);

impl Ticket {
    /// All callers of the `poll_` functions of one socket: of them the last is told, as usual for such functions.
    pub(super) const SHARED: Self = Self(0);
}

/// Those who wait for one thing. All are told at once and ask again.
#[derive(Debug, Default)]
pub(super) struct Waiters(Vec<(Ticket, Waker)>);

/// Wakers for whoever releases the lock. They are called and dropped without it: both may run any code.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    wake: Vec<Waker>,
    discard: Vec<Waker>,
}

impl Waiters {
    /// Puts one on the list, or renews its entry.
    pub(super) fn add(&mut self, ticket: Ticket, waker: &Waker, wakes: &mut Wakes) {
        match self.0.iter_mut().find(|(other, _)| *other == ticket) {
            Some((_, old)) if old.will_wake(waker) => {}
            Some((_, old)) => wakes.discard.push(std::mem::replace(old, waker.clone())),
            None => self.0.push((ticket, waker.clone())),
        }
    }

    /// Takes one off the list.
    pub(super) fn remove(&mut self, ticket: Ticket, wakes: &mut Wakes) {
        if let Some(at) = self.0.iter().position(|(other, _)| *other == ticket) {
            wakes.discard.push(self.0.swap_remove(at).1);
        }
    }

    /// Tells all, once the lock is released.
    pub(super) fn wake(&mut self, wakes: &mut Wakes) {
        wakes.wake.extend(self.0.drain(..).map(|(_, waker)| waker));
        self.0 = Vec::new();
    }
}

impl Wakes {
    /// To be called without the lock.
    pub(super) fn run(self) {
        for waker in self.wake {
            waker.wake();
        }
        drop(self.discard);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counter() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn all_who_wait_are_told_once() {
        let (mut waiters, mut wakes) = (Waiters::default(), Wakes::default());
        let ((one, one_waker), (other, other_waker)) = (counter(), counter());
        waiters.add(Ticket(1), &one_waker, &mut wakes);
        waiters.add(Ticket(1), &one_waker, &mut wakes);
        waiters.add(Ticket(2), &other_waker, &mut wakes);
        waiters.wake(&mut wakes);
        waiters.wake(&mut wakes);
        wakes.run();
        assert_eq!(one.0.load(Ordering::Relaxed), 1);
        assert_eq!(other.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn one_who_left_is_not_told() {
        let (mut waiters, mut wakes) = (Waiters::default(), Wakes::default());
        let (count, waker) = counter();
        waiters.add(Ticket(1), &waker, &mut wakes);
        waiters.remove(Ticket(1), &mut wakes);
        waiters.wake(&mut wakes);
        wakes.run();
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    #[test]
    fn of_those_with_one_ticket_the_last_is_told() {
        let (mut waiters, mut wakes) = (Waiters::default(), Wakes::default());
        let ((first, first_waker), (last, last_waker)) = (counter(), counter());
        waiters.add(Ticket::SHARED, &first_waker, &mut wakes);
        waiters.add(Ticket::SHARED, &last_waker, &mut wakes);
        waiters.wake(&mut wakes);
        wakes.run();
        assert_eq!(first.0.load(Ordering::Relaxed), 0);
        assert_eq!(last.0.load(Ordering::Relaxed), 1);
    }
}
