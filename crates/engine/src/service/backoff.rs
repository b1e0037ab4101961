//! How often a service may be started again, and after which pause. Pure.

use std::time::Duration;

use super::ServiceConfig;

/// The restarts that a service has left.
pub(super) struct Budget {
    most: u32,
    left: u32,
    config: ServiceConfig,
}

impl Budget {
    /// All of them.
    pub(super) fn new(most: u32, config: ServiceConfig) -> Self {
        Self {
            most,
            left: most,
            config,
        }
    }

    /// The pause before the next start, after an incarnation that failed when it had lived for so long; none when there
    /// is no restart left.
    pub(super) fn after(&mut self, lived: Duration) -> Option<Duration> {
        if lived >= self.config.healthy_after {
            self.left = self.most;
        }
        let used = self.most.saturating_sub(self.left);
        self.left = self.left.checked_sub(1)?;
        let pause = self
            .config
            .first_pause
            .saturating_mul(2_u32.saturating_pow(used));
        Some(pause.min(self.config.longest_pause))
    }

    /// Restarts that are left.
    pub(super) fn left(&self) -> u32 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(1);

    fn budget(most: u32) -> Budget {
        Budget::new(most, ServiceConfig::default())
    }

    #[test]
    fn without_restarts_the_first_failure_is_the_last() {
        assert_eq!(budget(0).after(SHORT), None);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut budget = budget(12);
        let pauses: Vec<_> = std::iter::from_fn(|| budget.after(SHORT))
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(
            pauses,
            [
                100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000
            ]
        );
    }

    #[test]
    fn health_gives_all_restarts_back_and_the_short_pause() {
        let mut budget = budget(2);
        budget.after(SHORT);
        budget.after(SHORT);
        assert_eq!(budget.left(), 0);
        assert_eq!(
            budget.after(Duration::from_mins(1)),
            Some(Duration::from_millis(100))
        );
        assert_eq!(budget.left(), 1);
    }

    #[test]
    fn any_number_of_restarts_has_a_pause() {
        let mut budget = budget(u32::MAX);
        budget.left = 7;
        assert_eq!(budget.after(SHORT), Some(Duration::from_secs(30)));
    }
}
