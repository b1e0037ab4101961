//! What happened to connections, as plain counters: the metrics page reads them, nothing here decides by them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one listener since its start. The counters order nothing else in memory, hence `Relaxed`.
#[derive(Debug, Default)]
pub struct Stats {
    open: AtomicU64,
    accepted: AtomicU64,
    accept_errors: AtomicU64,
    peer_limit: AtomicU64,
    proxy_header: AtomicU64,
    tls_handshake: AtomicU64,
    handshake_timeout: AtomicU64,
    header_timeout: AtomicU64,
    idle: AtomicU64,
    write_stall: AtomicU64,
    resets: AtomicU64,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
}

/// Why a connection was turned away before it could send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its address has as many connections as it may have.
    PeerLimit,
    /// It did not begin with a valid header of the PROXY protocol.
    ProxyHeader,
    /// The TLS handshake failed.
    TlsHandshake,
    /// PROXY header and TLS handshake took too long.
    HandshakeTimeout,
}

/// Why the server ended a connection that it had let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// No request, or not the whole head of one, came in time.
    HeaderTimeout,
    /// No further request came in time. Nobody's fault.
    Idle,
    /// The client did not read.
    WriteStall,
    /// The client reset too many requests before they were answered.
    Resets,
}

impl Stats {
    /// Connections that are open now, those in their handshake included.
    pub fn open(&self) -> u64 {
        get(&self.open)
    }

    /// Connections accepted.
    pub fn accepted(&self) -> u64 {
        get(&self.accepted)
    }

    /// Failures to accept a connection, such as too many open files.
    pub fn accept_errors(&self) -> u64 {
        get(&self.accept_errors)
    }

    /// Connections turned away for this reason.
    pub fn refused(&self, why: Refusal) -> u64 {
        get(self.refusals(why))
    }

    /// Connections ended by the server for this reason.
    pub fn cut(&self, why: Cut) -> u64 {
        get(self.cuts(why))
    }

    /// How often certificates were exchanged for new ones.
    pub fn reloads(&self) -> u64 {
        get(&self.reloads)
    }

    /// How often the files of certificates were changed to something that cannot be used.
    pub fn failed_reloads(&self) -> u64 {
        get(&self.failed_reloads)
    }

    /// Counts a connection in; it is open until the guard is dropped.
    pub(crate) fn accept(self: &Arc<Self>) -> Open {
        add(&self.accepted);
        add(&self.open);
        Open(Arc::clone(self))
    }

    pub(crate) fn count_accept_error(&self) {
        add(&self.accept_errors);
    }

    pub(crate) fn count_reload(&self) {
        add(&self.reloads);
    }

    pub(crate) fn count_failed_reload(&self) {
        add(&self.failed_reloads);
    }

    pub(crate) fn count_refusal(&self, why: Refusal) {
        add(self.refusals(why));
    }

    pub(crate) fn count_cut(&self, why: Cut) {
        add(self.cuts(why));
    }

    fn refusals(&self, why: Refusal) -> &AtomicU64 {
        match why {
            Refusal::PeerLimit => &self.peer_limit,
            Refusal::ProxyHeader => &self.proxy_header,
            Refusal::TlsHandshake => &self.tls_handshake,
            Refusal::HandshakeTimeout => &self.handshake_timeout,
        }
    }

    fn cuts(&self, why: Cut) -> &AtomicU64 {
        match why {
            Cut::HeaderTimeout => &self.header_timeout,
            Cut::Idle => &self.idle,
            Cut::WriteStall => &self.write_stall,
            Cut::Resets => &self.resets,
        }
    }
}

impl Refusal {
    /// All of them, for whoever lists the counters.
    pub const ALL: [Self; 4] = [
        Self::PeerLimit,
        Self::ProxyHeader,
        Self::TlsHandshake,
        Self::HandshakeTimeout,
    ];

    /// A stable word, as a label of metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PeerLimit => "peer-limit",
            Self::ProxyHeader => "proxy-header",
            Self::TlsHandshake => "tls-handshake",
            Self::HandshakeTimeout => "handshake-timeout",
        }
    }
}

impl Cut {
    /// All of them, for whoever lists the counters.
    pub const ALL: [Self; 4] = [
        Self::HeaderTimeout,
        Self::Idle,
        Self::WriteStall,
        Self::Resets,
    ];

    /// A stable word, as a label of metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HeaderTimeout => "header-timeout",
            Self::Idle => "idle",
            Self::WriteStall => "write-stall",
            Self::Resets => "resets",
        }
    }
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct Open(Arc<Stats>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
