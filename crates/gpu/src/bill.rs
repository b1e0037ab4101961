//! What was used up of a GPU, for whoever pays for it. Beside the ledger, which says what is in use now, an account adds up
//! what it has had: the bill of an instance goes into that of its workload, its tenant and the adapter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Billed {
    /// Nanoseconds of the GPU: from when a submission could run to when its fence was seen.
    GpuTime,
    /// Nanoseconds that submissions waited for their turn.
    QueueWait,
    /// Submissions.
    Submissions,
    /// Dispatches and draws of what was submitted.
    Dispatches,
    /// Bytes that guests wrote into buffers and textures.
    Uploaded,
    /// Bytes that guests read out of mapped buffers.
    Downloaded,
    /// Devices that were lost at the deadline of a submission.
    Overdue,
}

const BILLED: usize = 7;

/// Everything that an account has used up.
#[derive(Debug)]
pub(crate) struct Bill {
    cells: [AtomicU64; BILLED],
    memory: Mutex<Occupied>,
}

/// How much memory for how long.
#[derive(Debug)]
struct Occupied {
    now: u64,
    since: Instant,
    /// In bytes times nanoseconds.
    total: u128,
}

/// A bill at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statement {
    /// How long the GPU worked for it.
    pub gpu_time: Duration,
    /// How long its submissions waited for their turn, added up.
    pub queue_wait: Duration,
    /// Bytes of GPU memory times the seconds for which they were held.
    pub byte_seconds: f64,
    /// Submissions.
    pub submissions: u64,
    /// Dispatches and draws.
    pub dispatches: u64,
    /// Bytes to the GPU.
    pub uploaded: u64,
    /// Bytes from the GPU.
    pub downloaded: u64,
    /// Devices that were lost at the deadline of a submission.
    pub overdue: u64,
}

/// A time as the bill counts it.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Default for Bill {
    fn default() -> Self {
        Self {
            cells: Default::default(),
            memory: Mutex::new(Occupied {
                now: 0,
                since: Instant::now(),
                total: 0,
            }),
        }
    }
}

impl Bill {
    pub(crate) fn add(&self, what: Billed, amount: u64) {
        if let Some(cell) = self.cells.get(what as usize) {
            cell.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// From now on so many bytes more are held, or fewer.
    pub(crate) fn holds(&self, more: u64, fewer: u64) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.settle(Instant::now());
        memory.now = memory.now.saturating_add(more).saturating_sub(fewer);
    }

    pub(crate) fn read(&self) -> Statement {
        let of = |what: Billed| {
            self.cells
                .get(what as usize)
                .map_or(0, |cell| cell.load(Ordering::Relaxed))
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.settle(Instant::now());
        Statement {
            gpu_time: Duration::from_nanos(of(Billed::GpuTime)),
            queue_wait: Duration::from_nanos(of(Billed::QueueWait)),
            byte_seconds: memory.total as f64 / 1e9,
            submissions: of(Billed::Submissions),
            dispatches: of(Billed::Dispatches),
            uploaded: of(Billed::Uploaded),
            downloaded: of(Billed::Downloaded),
            overdue: of(Billed::Overdue),
        }
    }
}

impl Occupied {
    fn settle(&mut self, now: Instant) {
        let held = now.saturating_duration_since(self.since).as_nanos();
        self.total = self
            .total
            .saturating_add(held.saturating_mul(self.now.into()));
        self.since = now;
    }
}

impl Statement {
    /// What was used up since an earlier statement of the same account.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            gpu_time: self.gpu_time.saturating_sub(earlier.gpu_time),
            queue_wait: self.queue_wait.saturating_sub(earlier.queue_wait),
            byte_seconds: (self.byte_seconds - earlier.byte_seconds).max(0.0),
            submissions: self.submissions.saturating_sub(earlier.submissions),
            dispatches: self.dispatches.saturating_sub(earlier.dispatches),
            uploaded: self.uploaded.saturating_sub(earlier.uploaded),
            downloaded: self.downloaded.saturating_sub(earlier.downloaded),
            overdue: self.overdue.saturating_sub(earlier.overdue),
        }
    }

    /// Two accounts together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            gpu_time: self.gpu_time.saturating_add(other.gpu_time),
            queue_wait: self.queue_wait.saturating_add(other.queue_wait),
            byte_seconds: self.byte_seconds + other.byte_seconds,
            submissions: self.submissions.saturating_add(other.submissions),
            dispatches: self.dispatches.saturating_add(other.dispatches),
            uploaded: self.uploaded.saturating_add(other.uploaded),
            downloaded: self.downloaded.saturating_add(other.downloaded),
            overdue: self.overdue.saturating_add(other.overdue),
        }
    }
}

#[cfg(test)]
mod tests;
