//! How long a connection may stay without a request. No clock and no socket: it is told the time and what happened.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;
use crate::stats::Cut;

/// What one connection has been waiting for, and since when.
#[derive(Debug)]
pub(crate) struct Patience {
    header_read: Duration,
    idle: Duration,
    /// Set once the connection was asked to end: how long it may take without a request in flight.
    closing: Option<Duration>,
    /// Since when there is no request.
    since: Instant,
    /// When the first bytes of an unfinished head came.
    head: Option<Instant>,
    /// How many requests had started when this was told last.
    seen: u64,
    busy: bool,
}

/// What happened on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Requests that have ever started.
    pub started: u64,
    /// Requests that have not ended.
    pub in_flight: usize,
    /// Whether bytes came in since the last time.
    pub heard: bool,
    /// Whether the connection is known to speak HTTP/2, where bytes without a request are no head.
    pub http2: bool,
}

impl Patience {
    /// For a connection that is ready for its first request.
    pub(crate) fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            header_read: limits.header_read_timeout,
            idle: limits.idle_timeout,
            closing: None,
            since: now,
            head: None,
            seen: 0,
            busy: false,
        }
    }

    /// When it ends unless something happens before, and why. `None` while a request is in flight.
    pub(crate) fn deadline(&mut self, now: Instant, facts: Facts) -> Option<(Instant, Cut)> {
        if facts.in_flight > 0 {
            self.busy = true;
            return None;
        }
        if self.busy || facts.started != self.seen {
            self.busy = false;
            self.seen = facts.started;
            self.since = now;
            self.head = None;
        } else if facts.heard && !facts.http2 {
            self.head.get_or_insert(now);
        }
        Some(match (self.closing, self.head) {
            (Some(grace), _) => (self.since + grace, Cut::Idle),
            (None, _) if self.seen == 0 => (self.since + self.header_read, Cut::HeaderTimeout),
            (None, Some(head)) => (head + self.header_read, Cut::HeaderTimeout),
            (None, None) => (self.since + self.idle, Cut::Idle),
        })
    }

    /// From now on the connection may only finish what it does.
    pub(crate) fn close(&mut self, now: Instant, grace: Duration) {
        self.closing = Some(grace);
        self.since = now;
    }

    /// Whether the connection was asked to end.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }
}

#[cfg(test)]
mod tests;
