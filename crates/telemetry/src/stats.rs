//! What became of the data: sent, or lost and why. Plain counters that metrics are made of.

use std::sync::atomic::{AtomicU64, Ordering};

/// What kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignalKind {
    /// Spans.
    Traces,
    /// Data points.
    Metrics,
    /// Log records.
    Logs,
}

/// Why data was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// More came than could be sent, and the queue was full.
    QueueFull,
    /// A workload had taken its part of the queue.
    Share,
    /// A guest handed in more than it may, or something too large or not sound.
    Limit,
    /// The collector did not want it.
    Refused,
    /// The collector could not be reached, or not in time, for as long as is waited.
    Unreachable,
    /// It was not sent when the host ended.
    Shutdown,
}

impl SignalKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    /// The word for it in the names of variables and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::QueueFull,
        Self::Share,
        Self::Limit,
        Self::Refused,
        Self::Unreachable,
        Self::Shutdown,
    ];

    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue-full",
            Self::Share => "share",
            Self::Limit => "limit",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Shutdown => "shutdown",
        }
    }
}

/// The counters of one signal. They order nothing else in memory, hence `Relaxed`.
#[derive(Debug, Default)]
pub struct Counters {
    sent: AtomicU64,
    waiting: AtomicU64,
    queue_full: AtomicU64,
    share: AtomicU64,
    limit: AtomicU64,
    refused: AtomicU64,
    unreachable: AtomicU64,
    shutdown: AtomicU64,
}

/// The counters of all signals.
#[derive(Debug, Default)]
pub struct Stats {
    traces: Counters,
    metrics: Counters,
    logs: Counters,
}

impl Stats {
    /// The counters of a signal.
    pub fn of(&self, signal: SignalKind) -> &Counters {
        match signal {
            SignalKind::Traces => &self.traces,
            SignalKind::Metrics => &self.metrics,
            SignalKind::Logs => &self.logs,
        }
    }
}

impl Counters {
    /// What was accepted by a collector.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// What waits to be sent, or is on its way.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// What was lost for this reason.
    pub fn lost(&self, why: Loss) -> u64 {
        self.losses(why).load(Ordering::Relaxed)
    }

    pub(crate) fn enters(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn leave(&self, items: u64) {
        self.waiting.fetch_sub(items, Ordering::Relaxed);
    }

    pub(crate) fn count_sent(&self, items: u64) {
        self.sent.fetch_add(items, Ordering::Relaxed);
    }

    pub(crate) fn count_lost(&self, why: Loss, items: u64) {
        self.losses(why).fetch_add(items, Ordering::Relaxed);
    }

    fn losses(&self, why: Loss) -> &AtomicU64 {
        match why {
            Loss::QueueFull => &self.queue_full,
            Loss::Share => &self.share,
            Loss::Limit => &self.limit,
            Loss::Refused => &self.refused,
            Loss::Unreachable => &self.unreachable,
            Loss::Shutdown => &self.shutdown,
        }
    }
}
