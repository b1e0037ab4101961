//! A log line that a flood must not repeat for each of its connections.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The least time between two lines about the same thing.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one line through in each interval and counts the others.
#[derive(Debug, Default)]
pub(crate) struct Notice(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    kept_back: u64,
}

impl Notice {
    /// If a line is due: how many were kept back since the last one.
    pub(crate) fn due(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now < last + INTERVAL) {
            state.kept_back += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::{INTERVAL, Notice};
    use tokio::time::Instant;

    #[test]
    fn one_line_in_an_interval_says_how_many_were_kept_back() {
        let (notice, start) = (Notice::default(), Instant::now());
        assert_eq!(notice.due(start), Some(0));
        assert_eq!(notice.due(start), None);
        assert_eq!(notice.due(start + INTERVAL / 2), None);
        assert_eq!(notice.due(start + INTERVAL), Some(2));
        assert_eq!(notice.due(start + INTERVAL * 2), Some(0));
    }
}
