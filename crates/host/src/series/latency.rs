//! How long requests took: a histogram that any thread adds to without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the buckets, in nanoseconds. The last bucket has none.
const BOUNDS: [u64; 16] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// Times as they come in.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    buckets: [AtomicU64; BUCKETS],
    /// The sum of all times, in nanoseconds. It has room for 584 years.
    nanos: AtomicU64,
}

/// The times up to one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Distribution {
    buckets: [u64; BUCKETS],
    nanos: u64,
}

impl Latency {
    /// Adds a time.
    pub(crate) fn observe(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let index = BOUNDS.partition_point(|bound| *bound < nanos);
        // There is one bucket more than bounds, so that the index is always one of them.
        if let Some(bucket) = self.buckets.get(index) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What came in so far.
    pub(crate) fn read(&self) -> Distribution {
        Distribution {
            buckets: self
                .buckets
                .each_ref()
                .map(|bucket| bucket.load(Ordering::Relaxed)),
            nanos: self.nanos.load(Ordering::Relaxed),
        }
    }
}

impl Distribution {
    /// Adds what another has.
    pub(crate) fn add(&mut self, other: &Self) {
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket = bucket.saturating_add(more);
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
    }

    /// How many times there are.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The sum of the times.
    pub(crate) fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Each bucket's upper end in seconds, infinite for the last, and how many times are in this bucket alone.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let ends = BOUNDS
            .iter()
            .map(|nanos| Duration::from_nanos(*nanos).as_secs_f64());
        ends.chain([f64::INFINITY]).zip(self.buckets)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BUCKETS, Distribution, Latency};

    fn of(times: &[u64]) -> Distribution {
        let latency = Latency::default();
        for micros in times {
            latency.observe(Duration::from_micros(*micros));
        }
        latency.read()
    }

    #[test]
    fn a_time_is_in_the_first_bucket_whose_end_it_does_not_pass() {
        let times = of(&[0, 500, 501, 1_000, 60_000_000, 60_000_001, 3_600_000_000]);
        let filled: Vec<_> = times.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(
            filled,
            [(0.0005, 2), (0.001, 2), (60.0, 1), (f64::INFINITY, 2)]
        );
    }

    #[test]
    fn count_and_sum_are_those_of_all_times() {
        let times = of(&[250, 750, 9_000_000]);
        assert_eq!(times.count(), 3);
        assert_eq!(times.sum(), Duration::from_micros(9_001_000));
    }

    #[test]
    fn two_distributions_add_up() {
        let mut times = of(&[1, 2_000]);
        times.add(&of(&[2, 100_000_000]));
        assert_eq!(times, of(&[1, 2, 2_000, 100_000_000]));
    }

    #[test]
    fn the_ends_rise_and_the_last_is_infinite() {
        let ends: Vec<f64> = Distribution::default()
            .buckets()
            .map(|(end, _)| end)
            .collect();
        assert_eq!(ends.len(), BUCKETS);
        assert!(ends.is_sorted());
        assert_eq!(ends.last(), Some(&f64::INFINITY));
    }

    #[test]
    fn times_from_many_threads_are_all_counted() {
        let latency = Latency::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| latency.observe(Duration::from_micros(n))));
            }
        });
        assert_eq!(latency.read().count(), 40_000);
    }
}
