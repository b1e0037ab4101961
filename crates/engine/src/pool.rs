//! Instances of one HTTP program: made when needed, kept warm as far as the manifest says.
//!
//! wasmtime's `ProxyHandler` hands requests to instances; this is what it asks: how to make an instance, whether one
//! takes another request, and when one is over.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use weft_api::spec::Reuse;

use crate::answer::Answer;
use crate::fault::{self, Fault};
use crate::host_state::HostState;
use crate::store::StoreTemplate;

/// How long making an instance may take, a start function included.
const INSTANTIATE: Duration = Duration::from_secs(30);

/// How long a guest may go on working once all its requests are answered.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// Makes instances of a program.
pub(crate) struct Pool {
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<HostState>,
    pub(crate) template: Arc<StoreTemplate>,
    pub(crate) reuse: Reuse,
    pub(crate) idle: Duration,
    /// One permit for each instance that may be kept.
    pub(crate) warm: Arc<Semaphore>,
    /// Cancelled when no more requests will come: idle instances end then.
    pub(crate) closed: CancellationToken,
}

/// What travels with a request from the workload to the instance that serves it.
pub(crate) struct Ticket {
    /// Cancelled when nobody waits for the response any more.
    pub(crate) gone: CancellationToken,
    /// Cancelled when the response has been delivered or nobody waits for it.
    pub(crate) over: CancellationToken,
    /// Told why the instance failed, if it does.
    pub(crate) failed: oneshot::Sender<Arc<Fault>>,
    /// The body of the response.
    pub(crate) answer: Arc<Answer>,
}

/// The requests that one instance has taken and not finished.
type Taken = Arc<Mutex<Vec<TakenRequest>>>;

struct TakenRequest {
    gone: CancellationToken,
    over: CancellationToken,
    failed: oneshot::Sender<Arc<Fault>>,
    answer: Arc<Answer>,
    /// Set when the handler is done with the call, also when it is so because the instance failed.
    left: Arc<AtomicBool>,
    /// Whether the guest's function is known to have returned.
    returned: bool,
}

/// Sets a flag when it is dropped.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl HandlerState for Pool {
    type StoreData = HostState;
    type WorkerExpiration = Expiry;
    type WorkerState = Member;

    async fn instantiate(&self) -> wasmtime::Result<Instance<HostState, Expiry, Member>> {
        let mut store = self.template.store(&self.engine);
        let proxy =
            tokio::time::timeout(INSTANTIATE, self.pre.instantiate_async(&mut store)).await??;
        // Beyond the instances that may be kept, more are made as needed and serve one request each.
        let warm = Arc::clone(&self.warm).try_acquire_owned().ok();
        let taken = Taken::default();
        let expiration = Expiry {
            kept: warm.is_some(),
            idle: self.idle,
            closed: Box::pin(self.closed.clone().cancelled_owned()),
            taken: Arc::clone(&taken),
            timer: None,
        };
        let state = Member {
            reuse: self.reuse,
            sync: matches!(self.pre, ProxyPre::P2(_)),
            warm,
            taken,
        };
        Ok(Instance {
            store,
            proxy,
            view: HostState::http,
            expiration,
            state,
        })
    }
}

/// One instance's say in how it is used.
pub(crate) struct Member {
    reuse: Reuse,
    /// Whether a response is whole when the guest's function returns: 0.2.
    sync: bool,
    warm: Option<OwnedSemaphorePermit>,
    taken: Taken,
}

impl WorkerState for Member {
    type StoreData = HostState;
    type RequestData = Ticket;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        // Asked after each call that ended well, and not after a failure.
        for request in &mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner) {
            request.returned |= request.left.load(Ordering::Relaxed);
        }
        let used_up =
            self.reuse.max_invocations > 0 && total >= self.reuse.max_invocations as usize;
        if used_up || (self.warm.is_none() && total > 0) {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.max_concurrency.max(1) as usize {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, HostState>,
        ticket: Ticket,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let Ticket {
            gone,
            over,
            failed,
            answer,
        } = ticket;
        let (gone_too, left) = (gone.clone(), Arc::new(AtomicBool::new(false)));
        let leaving = Leaving(Arc::clone(&left));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|request| !request.over.is_cancelled());
        taken.push(TakenRequest {
            gone,
            over,
            failed,
            answer,
            left,
            returned: false,
        });
        Box::pin(async move {
            let _leaving = leaving;
            gone_too.cancelled().await;
        })
    }

    fn drop(&self, store: Store<HostState>, result: Result<(), wasmtime::Error>) {
        let taken = std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        let Err(error) = result else {
            drop(store);
            return;
        };
        let fault = Arc::new(fault::trap(&error));
        for request in &taken {
            request.answer.cut(&fault, !(self.sync && request.returned));
        }
        // The store goes first: by the time a request hears of the failure, everything of the instance is freed.
        drop(store);
        let mut told = false;
        for request in taken {
            let waiting =
                !request.gone.is_cancelled() && request.failed.send(Arc::clone(&fault)).is_ok();
            told |= waiting || !request.over.is_cancelled();
        }
        if !told {
            tracing::debug!(
                detail = fault.detail,
                "an instance ended after its requests were over"
            );
        }
    }
}

/// When an instance is over.
pub(crate) struct Expiry {
    kept: bool,
    idle: Duration,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
    taken: Taken,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Expiry {
    /// Whether every request that the instance took is over, and whether one was given up.
    fn requests(&self) -> (bool, bool) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let over = taken.iter().all(|request| request.over.is_cancelled());
        (
            over,
            taken.iter().any(|request| request.gone.is_cancelled()),
        )
    }

    fn wait(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        if self.timer.as_ref().is_none_or(|(at, _)| *at != until) {
            self.timer = Some((until, Box::pin(tokio::time::sleep_until(until.into()))));
        }
        self.timer
            .as_mut()
            .map_or(Poll::Pending, |(_, timer)| timer.as_mut().poll(cx))
    }
}

impl WorkerExpiration for Expiry {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let (over, given_up) = self.requests();
        match status {
            WorkerStatus::Idle if self.kept && self.closed.as_mut().poll(cx).is_pending() => {
                let until = since.checked_add(self.idle).unwrap_or(since);
                self.wait(cx, until)
            }
            WorkerStatus::Idle => Poll::Ready(()),
            // Nobody waits: wasm cannot be told to stop, so the instance goes.
            WorkerStatus::Requests | WorkerStatus::PostReturn if over && given_up => {
                Poll::Ready(())
            }
            WorkerStatus::PostReturn => {
                let until = since.checked_add(AFTERWARDS).unwrap_or(since);
                if over {
                    self.wait(cx, until)
                } else {
                    Poll::Pending
                }
            }
            WorkerStatus::Requests => Poll::Pending,
        }
    }
}
