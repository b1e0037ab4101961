//! A cap on CPU time: a bucket that fills at the rate of the cap and is emptied by what is used.

use super::{CAP_WINDOW, Nanos};

/// What an account with a limit may still use.
///
/// A slice of computing is paid for when it is over, so that the bucket can be overdrawn by the slices that were under
/// way. That is paid back before the next turn: over any time `t` at most `t * rate + CAP_WINDOW * rate` is used, and
/// those slices.
#[derive(Clone, Debug)]
pub(super) struct Cap {
    /// Thousandths of a core.
    rate: u32,
    /// Thousandths of nanoseconds of CPU, so that the shortest time at the lowest rate counts.
    left: i128,
    filled: Nanos,
}

impl Cap {
    /// A full bucket of `rate` thousandths of a core.
    pub(super) fn new(rate: u32, now: Nanos) -> Self {
        let mut cap = Self {
            rate,
            left: 0,
            filled: now,
        };
        cap.left = cap.most();
        cap
    }

    pub(super) fn refill(&mut self, now: Nanos) {
        let time = now.saturating_sub(self.filled);
        let gained = i128::from(time).saturating_mul(i128::from(self.rate));
        self.left = self.left.saturating_add(gained).min(self.most());
        self.filled = now;
    }

    pub(super) fn charge(&mut self, used: Nanos) {
        let used = i128::from(used).saturating_mul(1000);
        self.left = self.left.saturating_sub(used);
    }

    /// Whether nothing may run.
    pub(super) fn is_empty(&self) -> bool {
        self.left <= 0
    }

    /// Whether so little is left that those who start have to ask.
    pub(super) fn is_low(&self) -> bool {
        self.left.saturating_mul(2) <= self.most()
    }

    /// Turns that may be held at the same time.
    pub(super) fn turns(&self) -> usize {
        usize::try_from(self.rate.div_ceil(1000).max(1)).unwrap_or(usize::MAX)
    }

    fn most(&self) -> i128 {
        i128::from(CAP_WINDOW).saturating_mul(i128::from(self.rate))
    }
}
