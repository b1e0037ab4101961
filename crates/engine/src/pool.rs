//! Instances of one HTTP program: made when needed, kept warm as far as the manifest says.
//!
//! wasmtime's `ProxyHandler` hands requests to instances; this is what it asks: how to make an instance, whether one
//! takes another request, and when one is over.

mod expiry;

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyPre, ShouldAccept, WorkerState,
};
use weft_api::spec::Reuse;
use weft_telemetry::Trace;
use weft_telemetry::span::SpanKind;

use crate::admission::room::{Place, Room};
use crate::answer::Answer;
use crate::cpu::Meter;
use crate::fault::{self, Circumstances, Fault, FaultKind};
use crate::host_state::HostState;
use crate::presence::Presence;
use crate::store::StoreTemplate;
use crate::traces::run::Run;
use crate::traces::{self, Call};
use crate::usage::{Counted, Tally};
pub(crate) use expiry::Expiry;

/// How long to wait for other instances to end when there is a place, but not enough of what an instance is made of.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// How long the next instance of a service waits for the one before it to end.
const TAKES_OVER: Duration = Duration::from_secs(1);

/// Makes instances of a program.
pub(crate) struct Pool {
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<HostState>,
    pub(crate) template: Arc<StoreTemplate>,
    pub(crate) reuse: Reuse,
    pub(crate) idle: Duration,
    /// There is one instance at a time, however many requests come.
    pub(crate) resident: bool,
    /// How long making an instance may take, a start function included.
    pub(crate) patience: Duration,
    /// How long to wait for room for an instance.
    pub(crate) room_wait: Duration,
    pub(crate) room: Arc<Room>,
    /// Whose instances these are.
    pub(crate) tenant: Arc<str>,
    pub(crate) tally: Arc<Tally>,
    /// One permit for each instance that may be kept.
    pub(crate) warm: Arc<Semaphore>,
    /// Cancelled when no more requests will come: idle instances end then.
    pub(crate) closed: CancellationToken,
}

/// What travels with a request from the workload to the instance that serves it.
pub(crate) struct Ticket {
    /// Whether somebody waits for the response.
    pub(crate) presence: Arc<Presence>,
    /// Told how the instance ended, if it ends before the request does.
    pub(crate) ended: oneshot::Sender<LastWords>,
    /// The body of the response.
    pub(crate) answer: Arc<Answer>,
    /// The request's trace, if telemetry is on.
    pub(crate) trace: Option<Trace>,
    /// The span of the work on it, if that is recorded.
    pub(crate) run: Option<Arc<Run>>,
    /// When it was handed over.
    pub(crate) handed: Instant,
}

/// How an instance came about.
struct Made {
    /// When it was asked for.
    asked: Instant,
    /// When there was room for it.
    placed: Instant,
    /// When it was there.
    done: Instant,
}

/// What an instance leaves behind for the requests that it has not finished.
pub(crate) struct LastWords {
    /// Why it failed, if the failure was of the whole instance.
    pub(crate) fault: Option<Arc<Fault>>,
    pub(crate) circumstances: Circumstances,
}

/// The requests that one instance has taken and not finished.
type Taken = Arc<Mutex<Vec<TakenRequest>>>;

struct TakenRequest {
    presence: Arc<Presence>,
    ended: oneshot::Sender<LastWords>,
    answer: Arc<Answer>,
    /// Set when the handler is done with the call, also when it is so because the instance failed.
    left: Arc<AtomicBool>,
    /// Whether the guest's function is known to have returned.
    returned: bool,
    /// The span of the work on it, until then.
    run: Option<Arc<Run>>,
}

/// Sets a flag when it is dropped.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Gives the turn to compute to another when a request is over.
struct Done(Arc<Meter>, Option<Arc<Run>>);

/// Room that is found within this time was not waited for.
const AT_ONCE: Duration = Duration::from_micros(100);

impl Made {
    /// Tells a request what it had to wait for; what was done before it came it did not wait for.
    fn tell(&self, trace: &Trace, handed: Instant) {
        if !trace.is_sampled() {
            return;
        }
        let asked = self.asked.max(handed);
        if self.placed.saturating_duration_since(asked) > AT_ONCE {
            traces::queued(trace, "room", asked, self.placed);
        }
        let from = self.placed.max(handed);
        if from < self.done
            && let Some(span) = trace.span_since("weft.instantiate", SpanKind::Internal, from)
        {
            span.end_at(self.done);
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        self.0.done();
        if let Some(run) = &self.1 {
            run.over();
        }
    }
}

impl HandlerState for Pool {
    type StoreData = HostState;
    type WorkerExpiration = Expiry;
    type WorkerState = Member;

    async fn instantiate(&self) -> wasmtime::Result<Instance<HostState, Expiry, Member>> {
        // Beyond the instances that may be kept, more are made as needed and serve one request each. Of a service there
        // is only one: who would make another waits, and the one that there is takes the request meanwhile.
        let warm = Arc::clone(&self.warm);
        let warm = if self.resident {
            let free = tokio::time::timeout(TAKES_OVER, warm.acquire_owned()).await;
            Some(free.map_err(|_| full("the service has an instance already"))??)
        } else {
            warm.try_acquire_owned().ok()
        };
        let asked = Instant::now();
        let (place, store, proxy, placed) = self.make().await?;
        let made = Made {
            asked,
            placed,
            done: Instant::now(),
        };
        let place = Arc::new(place);
        let taken = Taken::default();
        let expiration = Expiry {
            kept: warm.is_some(),
            resident: self.resident,
            idle: self.idle,
            patience: self.patience,
            meter: Arc::clone(&store.data().cpu),
            closed: Box::pin(self.closed.clone().cancelled_owned()),
            taken: Arc::clone(&taken),
            timer: None,
            place: Arc::clone(&place),
            wanted: None,
        };
        let state = Member {
            reuse: self.reuse,
            sync: matches!(self.pre, ProxyPre::P2(_)),
            warm,
            taken,
            _place: place,
            counted: self.tally.instance(),
            resident: self.resident,
            made: Mutex::new(Some(made)),
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

impl Pool {
    /// Makes an instance as soon as there is room and, for who has used up more than its share of time, a turn. Says when
    /// there was room.
    pub(crate) async fn make(&self) -> wasmtime::Result<(Place, Store<HostState>, Proxy, Instant)> {
        let until = tokio::time::Instant::now() + self.room_wait;
        let place = self.place(until).await?;
        let placed = Instant::now();
        loop {
            let mut store = self.template.store(&self.engine);
            let meter = Arc::clone(&store.data().cpu);
            meter.start().await;
            let made = metered(&meter, self.pre.instantiate_async(&mut store));
            let made = tokio::time::timeout(self.patience, made).await;
            let error = match made {
                Ok(Ok(proxy)) => return Ok((place, store, proxy, placed)),
                Ok(Err(error)) => error,
                Err(_) => return Err(self.too_slow(&store)),
            };
            // There is a place, but not enough of what this component has many of: memories, tables, stacks.
            if !error.is::<wasmtime::PoolConcurrencyLimitError>() {
                return Err(fault::not_made(&error, &store.data().circumstances()).into());
            }
            drop(store);
            if tokio::time::Instant::now() >= until {
                return Err(full(format!("{error:#}")).into());
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }

    async fn place(&self, until: tokio::time::Instant) -> wasmtime::Result<Place> {
        Ok(self.room.place(&self.tenant, until).await.map_err(full)?)
    }

    fn too_slow(&self, store: &Store<HostState>) -> wasmtime::Error {
        let detail = fault::timed_out(self.patience, &store.data().circumstances());
        Fault::new(FaultKind::Timeout, detail).into()
    }
}

/// Guest code that may have to wait, which is not charged to it.
async fn metered<T>(meter: &Meter, guest: impl Future<Output = T>) -> T {
    let mut guest = std::pin::pin!(guest);
    std::future::poll_fn(|cx| {
        let polled = guest.as_mut().poll(cx);
        meter.pause();
        polled
    })
    .await
}

fn full(refused: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Full, refused.to_string())
}

/// One instance's say in how it is used.
pub(crate) struct Member {
    reuse: Reuse,
    /// Whether a response is whole when the guest's function returns: 0.2.
    sync: bool,
    warm: Option<OwnedSemaphorePermit>,
    taken: Taken,
    /// Given back after the store: dropped with the member, which outlives it.
    _place: Arc<Place>,
    counted: Counted,
    resident: bool,
    /// Until the first request has heard of it.
    made: Mutex<Option<Made>>,
}

impl WorkerState for Member {
    type StoreData = HostState;
    type RequestData = Ticket;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        // Asked after each call that ended well, and not after a failure.
        let mut runs = Vec::new();
        for request in &mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner) {
            if request.left.load(Ordering::Relaxed) {
                request.returned = true;
                runs.extend(request.run.take());
            }
        }
        // Their spans are sent without the lock.
        drop(runs);
        let used_up =
            self.reuse.max_invocations > 0 && total >= self.reuse.max_invocations as usize;
        if used_up || (self.warm.is_none() && total > 0) {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.max_concurrency.max(1) as usize {
            ShouldAccept::No
        } else {
            if self.resident {
                self.counted.accepts();
            }
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, HostState>,
        ticket: Ticket,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let Ticket {
            presence,
            ended,
            answer,
            trace,
            run,
            handed,
        } = ticket;
        let made = self
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let (Some(trace), Some(made)) = (&trace, made) {
            made.tell(trace, handed);
        }
        // A new slice of time. Who has used up more than its share waits for a turn before it computes.
        let must_ask = store.data().cpu.begin();
        store.set_epoch_deadline(u64::from(!must_ask));
        let (waiting, left) = (Arc::clone(&presence), Arc::new(AtomicBool::new(false)));
        let leaving = Leaving(Arc::clone(&left));
        let current = store.data().current.as_ref().zip(trace.as_ref());
        let span = current.and_then(|(current, trace)| {
            let call = Call {
                task,
                presence: Arc::clone(&presence),
                // A guest of 0.3 goes on after its response.
                left: self.sync.then(|| Arc::clone(&left)),
            };
            current.takes(call, trace, &store.data().cpu)
        });
        if let Some(run) = &run {
            run.begins(span);
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|request| !request.presence.is_over());
        taken.push(TakenRequest {
            presence,
            ended,
            answer,
            left,
            returned: false,
            run: run.clone(),
        });
        drop(taken);
        let done = Done(Arc::clone(&store.data().cpu), run);
        Box::pin(async move {
            let (_leaving, _done) = (leaving, done);
            std::future::poll_fn(|cx| waiting.poll_gone(cx)).await;
        })
    }

    fn drop(&self, store: Store<HostState>, result: Result<(), wasmtime::Error>) {
        let mut taken =
            std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        taken.retain(|request| result.is_err() || !request.presence.is_over());
        if taken.is_empty() {
            return;
        }
        let circumstances = store.data().circumstances();
        let fault = result
            .err()
            .map(|error| Arc::new(fault::trap(&error, &circumstances)));
        if let Some(fault) = &fault {
            for request in &taken {
                request.answer.cut(fault, !(self.sync && request.returned));
                if let Some(run) = request.run.as_ref().filter(|_| !request.presence.is_gone()) {
                    run.fails(fault);
                }
            }
        }
        // The store goes first: by the time a request hears of the failure, everything of the instance is freed.
        drop(store);
        let mut told = false;
        for request in taken {
            told |= !request.presence.is_over();
            let words = LastWords {
                fault: fault.clone(),
                circumstances: circumstances.clone(),
            };
            told |= request.ended.send(words).is_ok();
        }
        if let Some(fault) = fault.filter(|_| !told) {
            tracing::debug!(
                detail = fault.detail,
                "an instance ended after its requests were over"
            );
        }
    }
}
