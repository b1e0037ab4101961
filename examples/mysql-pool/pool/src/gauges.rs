//! What the page shows: how many of what there are, and how many there were.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whole seconds that the rate of statements is taken over.
const SECONDS: usize = 5;

/// Counts since the service started, and what is so right now.
pub(crate) struct Gauges {
    pub(crate) waiters: AtomicU32,
    pub(crate) clients: AtomicU32,
    pub(crate) transactions: AtomicU32,
    pub(crate) queries: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) opened: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) reconnects: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) healthy: AtomicBool,
    /// The last attempt to connect failed.
    failing: AtomicBool,
    /// What the next random number is made of.
    random: AtomicU64,
    started: Instant,
    /// Milliseconds after `started` at which a connection was last found to be lost.
    last_loss: AtomicU64,
    rate: Mutex<Rate>,
}

impl Gauges {
    pub(crate) fn new() -> Self {
        Self {
            waiters: AtomicU32::new(0),
            clients: AtomicU32::new(0),
            transactions: AtomicU32::new(0),
            queries: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            healthy: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            random: AtomicU64::new(seed()),
            started: Instant::now(),
            last_loss: AtomicU64::new(0),
            rate: Mutex::new(Rate::default()),
        }
    }

    /// One more statement was run.
    pub(crate) fn query(&self, now: Instant) {
        self.queries.fetch_add(1, Relaxed);
        let second = now.saturating_duration_since(self.started).as_secs();
        self.rate().count(second);
    }

    /// Statements in a second, in thousandths.
    pub(crate) fn queries_per_second_milli(&self) -> u64 {
        let second = self.started.elapsed().as_secs();
        self.rate().milli(second)
    }

    /// A database connection broke: all that are older than this moment are to be looked at before they are lent.
    pub(crate) fn lose(&self) {
        self.lost.fetch_add(1, Relaxed);
        self.healthy.store(false, Relaxed);
        self.last_loss.store(self.now_ms(), Relaxed);
    }

    /// A database connection was opened, in the place of a lost one if there is one.
    pub(crate) fn open(&self) {
        self.opened.fetch_add(1, Relaxed);
        self.healthy.store(true, Relaxed);
        self.failing.store(false, Relaxed);
        if self.reconnects.load(Relaxed) < self.lost.load(Relaxed) {
            self.reconnects.fetch_add(1, Relaxed);
        }
    }

    /// No database connection could be opened.
    pub(crate) fn fail(&self) {
        self.healthy.store(false, Relaxed);
        self.failing.store(true, Relaxed);
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Relaxed)
    }

    /// A factor from a half to one and a half, another each time and in each pool.
    pub(crate) fn jitter(&self) -> f64 {
        // Xorshift: no secret, only different.
        let mut number = self.random.load(Relaxed);
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        self.random.store(number, Relaxed);
        0.5 + (number % 1024) as f64 / 1024.0
    }

    /// Whether a connection of this age was there when one broke.
    pub(crate) fn is_suspect(&self, age: Duration) -> bool {
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let loss = self.last_loss.load(Relaxed);
        loss > 0 && self.now_ms().saturating_sub(age_ms) <= loss
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn rate(&self) -> std::sync::MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one up for as long as it lives.
pub(crate) struct Counted<'a>(&'a AtomicU32);

impl<'a> Counted<'a> {
    pub(crate) fn one(gauge: &'a AtomicU32) -> Self {
        gauge.fetch_add(1, Relaxed);
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Statements in each of the last seconds; a slot says which second it is about.
#[derive(Default)]
struct Rate([(u64, u64); SECONDS + 1]);

impl Rate {
    fn count(&mut self, second: u64) {
        let slots = self.0.len() as u64;
        let slot = usize::try_from(second % slots).unwrap_or(0);
        if let Some((of, count)) = self.0.get_mut(slot) {
            if *of != second {
                (*of, *count) = (second, 0);
            }
            *count += 1;
        }
    }

    fn milli(&self, second: u64) -> u64 {
        let seconds = SECONDS as u64;
        let recent = |of: u64| of < second && of + seconds >= second;
        let counts = self.0.iter().filter(|(of, _)| recent(*of));
        counts.map(|(_, count)| count).sum::<u64>() * 1000 / seconds
    }
}

/// Another number in each process, never 0.
fn seed() -> u64 {
    use std::hash::BuildHasher as _;
    std::collections::hash_map::RandomState::new().hash_one(0) | 1
}
