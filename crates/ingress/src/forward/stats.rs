//! What happened to forwarded connections, as plain counters: nothing here decides by them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start. They order nothing else in memory, hence `Relaxed`.
#[derive(Debug, Default)]
pub struct ForwardStats {
    open: AtomicU64,
    accepted: AtomicU64,
    accept_errors: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    refused: [AtomicU64; ForwardRefusal::ALL.len()],
}

/// Why a connection was not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardRefusal {
    /// Its address has as many connections as it may have.
    PeerLimit,
    /// It did not begin with a ClientHello of TLS, or with one that is too long.
    Hello,
    /// Its ClientHello asks for no name.
    NoName,
    /// Nobody has the name that it asks for.
    UnknownName,
    /// The name has as many connections as it may have.
    NameLimit,
    /// The tenant whose name it is has as many connections as it may have.
    TenantLimit,
    /// The host has had as many connections as it may have for too long.
    HostLimit,
    /// The TLS handshake failed.
    TlsHandshake,
    /// ClientHello or handshake took too long.
    HandshakeTimeout,
    /// The service did not take it.
    Target,
}

impl ForwardRefusal {
    /// All of them, for whoever lists the counters.
    pub const ALL: [Self; 10] = [
        Self::PeerLimit,
        Self::Hello,
        Self::NoName,
        Self::UnknownName,
        Self::NameLimit,
        Self::TenantLimit,
        Self::HostLimit,
        Self::TlsHandshake,
        Self::HandshakeTimeout,
        Self::Target,
    ];

    /// A stable word, as a label of metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PeerLimit => "peer-limit",
            Self::Hello => "hello",
            Self::NoName => "no-name",
            Self::UnknownName => "unknown-name",
            Self::NameLimit => "name-limit",
            Self::TenantLimit => "tenant-limit",
            Self::HostLimit => "host-limit",
            Self::TlsHandshake => "tls-handshake",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::Target => "target",
        }
    }
}

impl ForwardStats {
    /// Connections that are open now.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections accepted.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Failures to accept a connection, such as too many open files.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Ordering::Relaxed)
    }

    /// Bytes that clients sent and services were to get, without those of TLS that ends here.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes that services sent and clients took.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Connections that were not forwarded for this reason.
    pub fn refused(&self, why: ForwardRefusal) -> u64 {
        let counter = self.refused.get(why as usize);
        counter.map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// Counts a connection in; it is open until the guard is dropped.
    pub(super) fn accept(self: &Arc<Self>) -> Open {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_accept_error(&self) {
        self.accept_errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_refusal(&self, why: ForwardRefusal) {
        if let Some(counter) = self.refused.get(why as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One open connection.
#[derive(Debug)]
pub(super) struct Open(Arc<ForwardStats>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_of_its_own() {
        let stats = ForwardStats::default();
        for (count, why) in ForwardRefusal::ALL.into_iter().enumerate() {
            (0..=count).for_each(|_| stats.count_refusal(why));
        }
        for (count, why) in ForwardRefusal::ALL.into_iter().enumerate() {
            assert_eq!(stats.refused(why), count as u64 + 1, "{}", why.as_str());
        }
    }
}
