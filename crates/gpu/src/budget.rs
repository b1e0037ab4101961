//! How much of a GPU's time may be had: a bucket of nanoseconds that fills with time. Work is let in while there is
//! something in it, and pays afterwards, when it is known what it cost: whoever took too long waits until the debt is paid.
//! Pure: the time is passed in.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bucket holds what comes in within this time: so much may be had in one go after a pause.
const BURST: Duration = Duration::from_secs(1);

/// A part of a GPU's time, in nanoseconds of it for each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

/// What is left of a share.
#[derive(Debug)]
pub(crate) struct Budget {
    share: Share,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Nanoseconds; below zero is a debt.
    left: f64,
    at: Instant,
}

/// It is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part of a GPU's time; write 25%, 0.25 or 250ms (of each second)")]
pub struct NoShare(String);

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self(1_000_000_000);

    /// GPU time in each second.
    pub fn per_second(self) -> Duration {
        Duration::from_nanos(self.0.into())
    }
}

impl FromStr for Share {
    type Err = NoShare;

    fn from_str(text: &str) -> Result<Self, NoShare> {
        let wrong = || NoShare(text.to_owned());
        let (number, whole) = if let Some(percent) = text.strip_suffix('%') {
            (percent, 100.0)
        } else if let Some(millis) = text.strip_suffix("ms/s").or(text.strip_suffix("ms")) {
            (millis, 1_000.0)
        } else {
            (text, 1.0)
        };
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let nanos = number / whole * 1e9;
        // At least a hundredth of a percent: less is a mistake, not a share.
        if !(1e5..=1e9).contains(&nanos) {
            return Err(wrong());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was just seen to be between 1e5 and 1e9"
        )]
        Ok(Self(nanos.round() as u32))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 1e7)
    }
}

impl Budget {
    pub(crate) fn new(share: Share, now: Instant) -> Self {
        Self {
            share,
            state: Mutex::new(State {
                left: full(share),
                at: now,
            }),
        }
    }

    /// When work is let in again; none if it is let in now.
    pub(crate) fn opens(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fill(self.share, now);
        // One nanosecond more, so that nobody wakes to find the bucket exactly empty.
        (state.left <= 0.0).then(|| {
            let wait = (1.0 - state.left) / f64::from(self.share.0);
            now + Duration::from_secs_f64(wait.min(3600.0))
        })
    }

    pub(crate) fn spend(&self, nanos: u64, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fill(self.share, now);
        state.left -= nanos as f64;
    }
}

impl State {
    fn fill(&mut self, share: Share, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * f64::from(share.0)).min(full(share));
        self.at = now;
    }
}

fn full(share: Share) -> f64 {
    BURST.as_secs_f64() * f64::from(share.0)
}

#[cfg(test)]
mod tests;
