//! Whether a soak passed: memory and latency flat, within what they vary by anyway.

use crate::bench::stats::{Line, mean, median, percentile};
use anyhow::{Result, bail};
use std::fmt::{self, Display};
use std::time::Duration;

/// One look at the memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Seconds since the load began.
    pub(crate) at: f64,
    /// KiB.
    pub(crate) resident: f64,
}

/// A stretch of the soak.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Good requests a second.
    pub(crate) per_second: f64,
    /// Milliseconds, of the good requests.
    pub(crate) p99: f64,
    /// KiB, the mean.
    pub(crate) resident: f64,
}

impl Window {
    /// Sums a stretch up: how long its good requests took, and what its looks at memory saw.
    pub(crate) fn of(millis: &[f64], samples: &[Sample], time: Duration) -> Self {
        let resident: Vec<f64> = samples.iter().map(|sample| sample.resident).collect();
        Self {
            per_second: millis.len() as f64 / time.as_secs_f64(),
            p99: percentile(millis, 99.0),
            resident: mean(&resident),
        }
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.0} req/s  p99 {:>7.3} ms  memory {:>7.1} MiB",
            self.per_second,
            self.p99,
            self.resident / 1024.0
        )
    }
}

/// Latency may grow by this much from the second quarter to the last.
const SLOWER: f64 = 1.5;
/// A rise of the memory below this share of it is flat, however little it varies.
const SHARE: f64 = 0.01;

/// What was found.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// How far the line through the second half rises over its length, in KiB.
    rise: f64,
    /// How far it may rise.
    allowed: f64,
    /// Median of the windows' p99, in milliseconds, of the second quarter and of the last.
    p99: (f64, f64),
}

impl Verdict {
    pub(crate) fn of(windows: &[Window], samples: &[Sample]) -> Self {
        let half = samples.get(samples.len() / 2..).unwrap_or_default();
        let points: Vec<(f64, f64)> = half
            .iter()
            .map(|sample| (sample.at, sample.resident))
            .collect();
        let line = Line::through(&points);
        let span = match (half.first(), half.last()) {
            (Some(first), Some(last)) => last.at - first.at,
            _ => 0.0,
        };
        let resident: Vec<f64> = half.iter().map(|sample| sample.resident).collect();
        let quarter = |index: usize| {
            let bounds = (windows.len() * index / 4)..(windows.len() * (index + 1) / 4);
            let windows = windows.get(bounds).unwrap_or_default();
            median(&windows.iter().map(|window| window.p99).collect::<Vec<_>>())
        };
        Self {
            rise: line.slope * span,
            allowed: (2.0 * line.noise).max(SHARE * mean(&resident)),
            p99: (quarter(1), quarter(3)),
        }
    }

    fn memory_is_flat(&self) -> bool {
        self.rise <= self.allowed
    }

    fn latency_is_flat(&self) -> bool {
        self.p99.1 <= SLOWER * self.p99.0
    }

    /// An error that names what was not flat.
    pub(crate) fn into_result(self) -> Result<()> {
        if self.memory_is_flat() && self.latency_is_flat() {
            Ok(())
        } else {
            bail!("the soak did not pass: {self}")
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |flat: bool| if flat { "flat" } else { "NOT flat" };
        write!(
            f,
            "Memory is {}: over the second half it rose by {:.0} KiB by least squares, where {:.0} KiB are within noise. \
             Latency is {}: the p99 was {:.2} ms in the second quarter and {:.2} ms in the last.",
            word(self.memory_is_flat()),
            self.rise,
            self.allowed,
            word(self.latency_is_flat()),
            self.p99.0,
            self.p99.1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(resident: impl Fn(u32) -> f64) -> Vec<Sample> {
        let sample = |at: u32| Sample {
            at: f64::from(at),
            resident: resident(at),
        };
        (0..600).map(sample).collect()
    }

    fn windows(p99: impl Fn(u32) -> f64) -> Vec<Window> {
        let window = |at: u32| Window {
            per_second: 1.0,
            p99: p99(at),
            resident: 1.0,
        };
        (0..60).map(window).collect()
    }

    fn wobble(at: u32) -> f64 {
        f64::from(at * 7919 % 200)
    }

    #[test]
    fn memory_that_only_wobbles_is_flat() {
        let samples = samples(|at| 100_000.0 + wobble(at));
        let verdict = Verdict::of(&windows(|_| 2.0), &samples);
        assert!(verdict.into_result().is_ok());
    }

    #[test]
    fn memory_that_grows_at_first_and_then_stays_is_flat() {
        let samples = samples(|at| 50_000.0 + f64::from(at.min(250)) * 200.0 + wobble(at));
        assert!(Verdict::of(&windows(|_| 2.0), &samples).memory_is_flat());
    }

    #[test]
    fn a_slow_leak_is_found() {
        let samples = samples(|at| 100_000.0 + 10.0 * f64::from(at) + wobble(at));
        let error = Verdict::of(&windows(|_| 2.0), &samples)
            .into_result()
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("Memory is NOT flat: over the second half it rose by 29"),
            "{error}"
        );
    }

    #[test]
    fn latency_that_grows_is_found_and_one_bad_window_is_not_that() {
        let steady = samples(|_| 1.0);
        assert!(!Verdict::of(&windows(|at| 1.0 + f64::from(at) / 10.0), &steady).latency_is_flat());
        let spike = windows(|at| if at == 50 { 90.0 } else { 2.0 });
        assert!(Verdict::of(&spike, &steady).latency_is_flat());
    }

    #[test]
    fn a_window_has_the_rate_the_percentile_and_the_mean() {
        let millis: Vec<f64> = (1..=100).map(f64::from).collect();
        let samples = samples(|at| f64::from(at % 2) * 10.0);
        let window = Window::of(&millis, &samples, Duration::from_secs(10));
        assert_eq!(
            (window.per_second, window.p99, window.resident),
            (10.0, 99.0, 5.0)
        );
    }
}
