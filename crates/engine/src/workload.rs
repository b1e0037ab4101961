//! A running workload: takes HTTP requests, loads its code when it is needed and drops it when it is not.

mod watched;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ProxyHandler, ProxyPre};

use crate::admission::{Admission, Gate, Scope};
use crate::answer::Answer;
use crate::compile::{Code, Source};
use crate::compose::Scoped;
use crate::engine::Engine;
use crate::fault::{self, Circumstances, Fault, FaultKind};
use crate::limits::Limits;
use crate::link::{self, Linked};
use crate::linked::{Identity, LinkedProgram, Shared};
use crate::plan::{Entry, Program};
use crate::pool::{LastWords, Pool, Ticket};
use crate::presence::Patron;
use crate::service::Service;
use crate::store::StoreTemplate;
use crate::traces::run::Run;
use crate::traces::{self, Known, Wait};
use crate::usage::{self, GpuUsage, Observed, Tally, WorkloadUsage};
use watched::Watched;
use weft_gpu::broker::Hold;
use weft_telemetry::Trace;

/// How long the instance of a service waits for a request: longer than any host runs.
const FOR_EVER: Duration = Duration::from_hours(24 * 365 * 10);

/// What the body of a request or response can fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request or response.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A workload that answers HTTP. Dropping it ends its idle instances and removes its volumes; requests in flight hold
/// what they need until they are done.
pub struct Workload {
    name: String,
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    identity: Identity,
    pub(crate) program: Program,
    limits: Limits,
    admission: Arc<Admission>,
    tally: Arc<Tally>,
    pub(crate) source: Source,
    pub(crate) scoped: Vec<Scoped>,
    pub(crate) template: Arc<StoreTemplate>,
    pub(crate) shared: Shared,
    observed: Observed,
    /// What runs beside it.
    service: Option<Service>,
    /// The code that the start has made, if it would have to be made again for the first request: until it has lain
    /// unused for long, or for good if there is no cache on disk.
    held: ArcSwapOption<Code>,
    loaded: ArcSwapOption<Loaded>,
    /// Held by the request that the instance of a service is made for, until that takes others.
    arriving: tokio::sync::Mutex<()>,
    /// Held while code is loaded, so that it is loaded once.
    loading: tokio::sync::Mutex<()>,
    started: Instant,
    /// Milliseconds after `started` of the last request.
    last_used: AtomicU64,
    /// Ends the watch over idle code.
    watched: CancellationToken,
    /// Its name in telemetry.
    _known: Option<Known>,
}

/// Code in memory, and the instances that run it.
struct Loaded {
    handler: ProxyHandler<Pool>,
    _code: Arc<Code>,
    /// Ends the idle instances: they hold on to the handler themselves.
    _closing: DropGuard,
}

/// How long a request waits to hear why its instance ended. It ends at once; this bounds the wait should it not.
const LAST_WORDS: Duration = Duration::from_millis(200);

impl Workload {
    pub(crate) fn new(
        engine: Engine,
        identity: Identity,
        shared: Shared,
        front: LinkedProgram,
        service: Option<Service>,
    ) -> Self {
        let LinkedProgram {
            program,
            limits,
            built,
            template,
            observed,
        } = front;
        let name = identity.label();
        let known = template.reporting();
        let known = known.map(|reporting| reporting.known_as(&name));
        let gate = Gate::new(Scope::Workload(name.as_str().into()), limits.requests);
        let admission = Admission::new(gate, engine.tenants().gate(identity.tenant.as_str()));
        let idle = engine.config().code_idle;
        let inner = Arc::new(Inner {
            engine,
            identity,
            program,
            limits,
            admission,
            tally: Arc::default(),
            source: built.source,
            scoped: built.scoped,
            held: ArcSwapOption::from(Some(built.code).filter(|code| !code.is_cached())),
            template: Arc::new(template),
            shared,
            observed,
            service,
            loaded: ArcSwapOption::empty(),
            arriving: tokio::sync::Mutex::new(()),
            loading: tokio::sync::Mutex::new(()),
            started: Instant::now(),
            last_used: AtomicU64::new(0),
            watched: CancellationToken::new(),
            _known: known,
        });
        if inner.source.on_disk() && !inner.program.is_resident() {
            let watch = drop_when_idle(Arc::downgrade(&inner), idle);
            let watched = inner.watched.clone();
            tokio::spawn(async move { watched.run_until_cancelled(watch).await });
        }
        Self { name, inner }
    }

    /// `tenant/workload`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Host names it answers to; empty = every name.
    pub fn hosts(&self) -> &[String] {
        &self.inner.identity.hosts
    }

    /// Who its requests are said to be answered by; none if telemetry is off.
    pub fn resource(&self) -> Option<&weft_telemetry::Resource> {
        let reporting = self.inner.template.reporting()?;
        Some(&reporting.resource)
    }

    /// Whether its code is in memory at the moment.
    pub fn is_loaded(&self) -> bool {
        self.inner.loaded.load().is_some()
    }

    /// Makes an instance as for a request that gets one of its own, and ends it: to find out whether there can be one,
    /// and what it costs. Loads the code if it is not in memory.
    ///
    /// # Errors
    /// The failure that a request would have met.
    pub async fn instantiate(&self) -> Result<(), Fault> {
        let loaded = self.inner.load().await?;
        let made = loaded.handler.state().make().await;
        made.map(drop).map_err(|error| fault::instantiation(&error))
    }

    /// What it uses of the host at the moment.
    pub fn usage(&self) -> WorkloadUsage {
        let inner = &self.inner;
        // A service counts its network itself.
        let network = match &inner.service {
            Some(_) => 0,
            None => usage::bytes(inner.shared.network.usage().charged),
        };
        WorkloadUsage {
            in_flight: inner.admission.workload().in_flight(),
            waiting: inner.admission.workload().waiting(),
            instances: inner.tally.instances(),
            memory: inner.template.shares().used().saturating_add(network),
            network,
            cpu: inner.template.account().used(),
            failures: inner.tally.failures(),
            loaded: self.is_loaded(),
            restarts: 0,
            denied: inner.observed.denials.counts(),
            reveals: inner.observed.reveals.count(),
            connections: inner.shared.way_out.connections(),
            gpu: inner.gpu().map(|hold| GpuUsage::of(hold)),
            limits: inner.limits,
        }
    }

    /// Answers one request. Dropping the future, or the response's body before its end, cancels the guest.
    pub async fn http(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Fault> {
        let mut request = request;
        let trace = traces::of(&mut request);
        let run = Run::of(trace.as_ref());
        let answered = self
            .inner
            .admit_and_answer(request, trace, run.clone())
            .await;
        if let Err(fault) = &answered {
            self.inner.tally.failed(fault.cause);
            if let Some(run) = &run {
                run.fails(fault);
            }
        }
        answered
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watched.cancel();
    }
}

impl Inner {
    /// What it has of a GPU, unless its service has the same and tells of it.
    fn gpu(&self) -> Option<&Arc<Hold>> {
        let service = self.service.as_ref().and_then(Service::gpu);
        let hold = self.shared.gpu.as_ref();
        hold.filter(|hold| service.is_none_or(|service| !Arc::ptr_eq(hold, service)))
    }

    async fn admit_and_answer(
        &self,
        request: http::Request<Body>,
        trace: Option<Trace>,
        run: Option<Arc<Run>>,
    ) -> Result<http::Response<Body>, Fault> {
        if let Some(why) = self.service.as_ref().and_then(Service::failure) {
            return Err(Fault::new(FaultKind::ServiceFailed, why));
        }
        let entering = self.admission.enter();
        let permit = traces::waits(trace.as_ref(), Wait::Queue("workload"), entering)
            .await
            .map_err(|refused| Fault::new(FaultKind::Busy, refused.to_string()))?;
        let (patron, presence) = Patron::new();
        let (ended, mut last_words) = oneshot::channel();
        let answer = Arc::new(Answer::default());
        let ticket = Ticket {
            presence,
            ended,
            answer: Arc::clone(&answer),
            trace,
            run: run.clone(),
            handed: Instant::now(),
        };
        let mut alarm = Box::pin(tokio::time::sleep(self.limits.request_timeout));
        let answered = tokio::select! {
            biased;
            answered = self.answer(ticket, request, &mut last_words) => answered?,
            () = &mut alarm => {
                // The instance goes before the client hears of it.
                drop(patron);
                return Err(self.too_late(last_words).await);
            }
        };
        Ok(answered.map(|body| {
            answer.arrived(body);
            let watched = Watched {
                answer,
                patron,
                _permit: permit,
                alarm,
                limit: self.limits.request_timeout,
                tally: Arc::clone(&self.tally),
                run,
            };
            watched.boxed_unsync()
        }))
    }

    async fn answer(
        &self,
        ticket: Ticket,
        request: http::Request<Body>,
        last_words: &mut oneshot::Receiver<LastWords>,
    ) -> Result<http::Response<WasiBody>, Fault> {
        let loaded = traces::waits(ticket.trace.as_ref(), Wait::Load, self.load()).await?;
        let request = request.map(|body| body.map_err(|error| from_client(&error)).boxed_unsync());
        let error = match self.handle(&loaded, ticket, request).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let fault = fault::classify::<Ticket>(&error);
        if !matches!(fault.kind, FaultKind::Trap | FaultKind::NoResponse) {
            return Err(fault);
        }
        // The instance tells more than the handler does.
        let told = tokio::time::timeout(LAST_WORDS, last_words).await;
        let Ok(Ok(words)) = told else {
            return Err(fault);
        };
        Err(match words.fault {
            Some(fault) => Arc::unwrap_or_clone(fault),
            None => fault::trap(&error, &words.circumstances),
        })
    }

    /// Hands a request to an instance. The handler makes one for each request that finds none which takes requests; of
    /// a service there is to be one, so the requests that come before it does wait for the first of them.
    async fn handle(
        &self,
        loaded: &Loaded,
        ticket: Ticket,
        request: http::Request<WasiBody>,
    ) -> wasmtime::Result<http::Response<WasiBody>> {
        let handled = loaded.handler.handle(ticket, request);
        if !self.program.is_resident() || self.tally.is_accepting() {
            return handled.await;
        }
        let first = self.arriving.lock().await;
        let mut handled = std::pin::pin!(handled);
        tokio::select! {
            biased;
            answered = &mut handled => return answered,
            () = self.tally.until_accepting() => drop(first),
        }
        handled.await
    }

    /// The failure of a request whose time was over before it was answered.
    async fn too_late(&self, last_words: oneshot::Receiver<LastWords>) -> Fault {
        let told = tokio::time::timeout(LAST_WORDS, last_words).await;
        let circumstances = match told {
            Ok(Ok(words)) => words.circumstances,
            Ok(Err(_)) | Err(_) => Circumstances::default(),
        };
        let detail = fault::timed_out(self.limits.request_timeout, &circumstances);
        Fault::new(FaultKind::Timeout, detail)
    }

    async fn load(&self) -> Result<Arc<Loaded>, Fault> {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_used.store(now, Ordering::Relaxed);
        if let Some(loaded) = self.loaded.load_full() {
            return Ok(loaded);
        }
        let _loading = self.loading.lock().await;
        if let Some(loaded) = self.loaded.load_full() {
            return Ok(loaded);
        }
        let failed = |detail: String| Fault::new(FaultKind::Load, detail);
        let code = self
            .code()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let linked = self
            .link(&code)
            .map_err(|error| failed(error.to_string()))?;
        let pool = self.pool(linked);
        let pool = pool.map_err(|error| failed(format!("{error:#}")))?;
        let loaded = Arc::new(Loaded {
            _closing: pool.closed.clone().drop_guard(),
            handler: ProxyHandler::new(pool),
            _code: code,
        });
        self.loaded.store(Some(Arc::clone(&loaded)));
        Ok(loaded)
    }

    pub(crate) async fn code(&self) -> Result<Arc<Code>, crate::compile::CompileError> {
        if let Some(code) = self.held.load_full() {
            return Ok(code);
        }
        let label = self.identity.label();
        self.engine.compiler().code(&self.source, &label).await
    }

    pub(crate) fn link(&self, code: &Arc<Code>) -> Result<Linked, link::LinkError> {
        link::link(self.engine.linker(), code, &self.scoped)
    }

    fn pool(&self, linked: Linked) -> wasmtime::Result<Pool> {
        let pre = match self.program.entry {
            Entry::Http3 | Entry::Command3 => {
                ProxyPre::P3(wasmtime_wasi_http::p3::bindings::ServicePre::new(linked)?)
            }
            Entry::Http2 | Entry::Command2 => {
                ProxyPre::P2(wasmtime_wasi_http::p2::bindings::ProxyPre::new(linked)?)
            }
        };
        let reuse = self.program.reuse;
        Ok(Pool {
            engine: self.engine.wasmtime().clone(),
            pre,
            template: Arc::clone(&self.template),
            reuse,
            idle: if self.program.is_resident() {
                FOR_EVER
            } else {
                self.engine.config().instance_idle
            },
            resident: self.program.is_resident(),
            patience: self.limits.request_timeout,
            room_wait: self.limits.requests.queue_wait,
            room: Arc::clone(self.engine.room()),
            tenant: self.identity.tenant.as_str().into(),
            tally: Arc::clone(&self.tally),
            warm: Arc::new(Semaphore::new(reuse.pool_size as usize)),
            closed: CancellationToken::new(),
        })
    }

    fn idle_for(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(
            self.last_used.load(Ordering::Relaxed),
        ))
    }
}

/// Drops a workload's code each time it has lain unused for `idle`. Ends with the workload.
async fn drop_when_idle(inner: std::sync::Weak<Inner>, idle: Duration) {
    let mut wait = idle;
    loop {
        tokio::time::sleep(wait).await;
        let Some(inner) = inner.upgrade() else { return };
        let unused = inner.idle_for();
        if unused < idle {
            wait = idle.saturating_sub(unused);
        } else {
            inner.loaded.store(None);
            inner.held.store(None);
            wait = idle;
        }
    }
}

fn from_client(error: &BoxError) -> wasmtime_wasi_http::Error {
    tracing::debug!(%error, "the body of a request broke off");
    wasmtime_wasi_http::Error::ConnectionTerminated
}
