//! Whether requests should be sent to this host, and why not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What a host has come to. Changed by whoever runs it, read by the admin listener.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    started: AtomicBool,
    draining: AtomicBool,
    listeners: AtomicUsize,
}

/// Why requests should go elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// Not all that this host was told to run has been started.
    Starting,
    /// Everything was started, and no listener takes requests.
    NotListening,
    /// It was told to stop.
    Draining,
}

/// A listener that takes requests until this is dropped.
#[derive(Debug)]
pub(crate) struct Listening(Arc<Readiness>);

impl Readiness {
    /// All that the host was told to run at its start has been started.
    pub(crate) fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// The host was told to stop.
    pub(crate) fn set_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// A listener takes requests.
    pub(crate) fn listening(self: &Arc<Self>) -> Listening {
        self.listeners.fetch_add(1, Ordering::AcqRel);
        Listening(Arc::clone(self))
    }

    /// What speaks against sending requests here, if anything does.
    pub(crate) fn check(&self) -> Result<(), NotReady> {
        if self.draining.load(Ordering::Acquire) {
            Err(NotReady::Draining)
        } else if !self.started.load(Ordering::Acquire) {
            Err(NotReady::Starting)
        } else if self.listeners.load(Ordering::Acquire) == 0 {
            Err(NotReady::NotListening)
        } else {
            Ok(())
        }
    }
}

impl NotReady {
    /// A stable word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::NotListening => "not-listening",
            Self::Draining => "draining",
        }
    }

    /// The same for people.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Starting => "not all workloads have been started yet",
            Self::NotListening => "no listener takes requests",
            Self::Draining => "the host was told to stop and finishes what is in flight",
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::AcqRel);
    }
}
