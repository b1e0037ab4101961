//! A bound on what is in flight, with a bounded queue before it. First come, first served.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::limits::Bounds;

/// Whose requests a gate counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// By the name of the workload, with its tenant.
    Workload(Arc<str>),
    /// By the name of the tenant.
    Tenant(Arc<str>),
}

/// Why a request was not let in. Its words are for the log, not for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// As many wait as may.
    #[error(
        "{} requests of {scope} are in flight and {} wait; {} set this",
        bounds.max_in_flight, bounds.max_queue, scope.sizes()
    )]
    Full { scope: Scope, bounds: Bounds },
    /// It waited as long as it may.
    #[error(
        "waited {} ms while {} requests of {scope} were in flight; {} set this",
        waited.as_millis(), bounds.max_in_flight, scope.patience()
    )]
    Late {
        scope: Scope,
        bounds: Bounds,
        waited: Duration,
    },
}

/// Lets requests through as far as its bounds go.
#[derive(Debug)]
pub(crate) struct Gate {
    scope: Scope,
    bounds: Bounds,
    free: Semaphore,
    waiting: AtomicU32,
}

/// A place behind one gate.
pub(super) struct Place<'a>(SemaphorePermit<'a>);

/// One request in the queue.
struct Waiting<'a>(&'a AtomicU32);

impl Gate {
    /// A gate that nothing has passed yet.
    pub(crate) fn new(scope: Scope, bounds: Bounds) -> Self {
        Self {
            scope,
            bounds,
            free: Semaphore::new(places(&bounds)),
            waiting: AtomicU32::new(0),
        }
    }

    /// Requests that were let in and are not over.
    pub(crate) fn in_flight(&self) -> usize {
        places(&self.bounds).saturating_sub(self.free.available_permits())
    }

    /// Requests that wait to be let in.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// What it lets through.
    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Whose requests it counts.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// A place, if one is free. Nobody is overtaken by this: a place that others wait for is given to the first of
    /// them when it is left, and is never free in between.
    pub(super) fn try_enter(&self) -> Option<Place<'_>> {
        self.free.try_acquire().ok().map(Place)
    }

    /// Queues for a place until `patience` after `began`, which is when the request began to wait anywhere.
    pub(super) async fn wait(
        &self,
        began: Instant,
        patience: Duration,
    ) -> Result<Place<'_>, Refused> {
        let max = self.bounds.max_queue;
        let queued = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                (waiting < max).then(|| waiting.saturating_add(1))
            });
        if queued.is_err() {
            return Err(Refused::Full {
                scope: self.scope.clone(),
                bounds: self.bounds,
            });
        }
        let _waiting = Waiting(&self.waiting);
        let place = match began.checked_add(patience) {
            Some(until) => tokio::time::timeout_at(until, self.free.acquire()).await,
            // Later than the clock can tell.
            None => Ok(self.free.acquire().await),
        };
        // The semaphore is never closed, so that an error here is only ever the time.
        match place {
            Ok(Ok(place)) => Ok(Place(place)),
            Ok(Err(_)) | Err(_) => Err(Refused::Late {
                scope: self.scope.clone(),
                bounds: self.bounds,
                waited: began.elapsed(),
            }),
        }
    }

    /// Gives back a place that was kept.
    pub(super) fn leave(&self) {
        self.free.add_permits(1);
    }
}

fn places(bounds: &Bounds) -> usize {
    usize::try_from(bounds.max_in_flight)
        .unwrap_or(usize::MAX)
        .min(Semaphore::MAX_PERMITS)
}

impl Place<'_> {
    /// Whoever calls this promises to call `Gate::leave`.
    pub(super) fn keep(self) {
        self.0.forget();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Scope {
    /// The workload with its tenant, or the tenant.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Workload(name) | Self::Tenant(name) => name,
        }
    }

    /// What sets how many may come in.
    fn sizes(&self) -> &'static str {
        match self {
            Self::Workload(_) => "weft.dev/max-in-flight and weft.dev/max-queue",
            Self::Tenant(_) => "--tenant-max-in-flight and --tenant-max-queue",
        }
    }

    /// What sets how long one waits.
    fn patience(&self) -> &'static str {
        match self {
            Self::Workload(_) => "weft.dev/queue-wait and weft.dev/max-in-flight",
            Self::Tenant(_) => {
                "weft.dev/queue-wait, --tenant-queue-wait and --tenant-max-in-flight"
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(name) => write!(f, "workload {name}"),
            Self::Tenant(name) => write!(f, "tenant {name}"),
        }
    }
}
