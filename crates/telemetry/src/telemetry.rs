//! The one handle: everything that is said about this host goes through it, into queues from which tasks of the control
//! runtime send.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError, Destination, SignalConfig};
use crate::context::SpanContext;
use crate::export::Exporter;
use crate::id::TraceId;
use crate::limits::{GUEST_ITEM_BYTES, SpanLimits};
use crate::propagate::Propagators;
use crate::queue::Queue;
use crate::receiver::Receiver;
use crate::resource::Resource;
use crate::sampler::Sampler;
use crate::signal::{Item, Logs, Metrics, Scope, Signal, Traces};
use crate::span::SpanData;
use crate::stats::{Loss, SignalKind, Stats};
use crate::value::unix_nanos;
use crate::wire;
use crate::worker::{Sink, Worker};

/// Where a host tells what it does. Clones are the same.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    sampler: Sampler,
    propagators: Propagators,
    limits: SpanLimits,
    resource: Resource,
    traces: Routes,
    metrics: Routes,
    logs: Routes,
    metric_interval: Duration,
    started: SystemTime,
    stats: Arc<Stats>,
    closing: CancellationToken,
    /// Not started yet.
    idle: Mutex<Vec<Box<dyn Start>>>,
    running: Mutex<Vec<JoinHandle<()>>>,
    /// Those that read metrics, and what tells them to do so for the last time.
    watching: Mutex<Vec<JoinHandle<()>>>,
    last_look: CancellationToken,
    /// By `tenant/name`.
    workloads: RwLock<HashMap<String, Resource>>,
}

/// Where the data of one signal goes.
struct Routes {
    kind: SignalKind,
    host: Vec<Arc<Queue>>,
    guests: Vec<Arc<Queue>>,
}

/// Where metrics come from.
pub trait MetricSource: Send + Sync + 'static {
    /// All metrics at this moment. Those that only rise have risen since `start`; both in nanoseconds since 1970.
    fn metrics(&self, start: u64, now: u64) -> Vec<Metric>;
}

/// A task that can be started.
trait Start: Send {
    fn start(self: Box<Self>, on: &Handle) -> JoinHandle<()>;
}

impl<S: Signal> Start for Worker<S> {
    fn start(self: Box<Self>, on: &Handle) -> JoinHandle<()> {
        on.spawn(self.run())
    }
}

impl Telemetry {
    /// Takes data from now on. It is sent as soon as [`Telemetry::run_on`] was called.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let stats = Arc::<Stats>::default();
        let closing = CancellationToken::new();
        let mut make = Make {
            stats: &stats,
            closing: &closing,
            receiver: config.receiver.as_ref(),
            guests: config.guests.as_ref(),
            tasks: Vec::new(),
        };
        let traces = make.routes::<Traces>(&config.traces)?;
        let metrics = make.routes::<Metrics>(&config.metrics)?;
        let logs = make.routes::<Logs>(&config.logs)?;
        let tasks = make.tasks;
        Ok(Self(Arc::new(Inner {
            sampler: config.sampler,
            propagators: config.propagators,
            limits: config.limits,
            resource: config.resource,
            traces,
            metrics,
            logs,
            metric_interval: config.metric_interval,
            started: SystemTime::now(),
            stats,
            closing,
            idle: Mutex::new(tasks),
            running: Mutex::default(),
            watching: Mutex::default(),
            last_look: CancellationToken::new(),
            workloads: RwLock::default(),
        })))
    }

    /// Sends on this runtime from now on. Only the first call does anything.
    pub fn run_on(&self, runtime: &Handle) {
        let tasks = std::mem::take(&mut *lock(&self.0.idle));
        let started = tasks.into_iter().map(|task| task.start(runtime));
        lock(&self.0.running).extend(started);
    }

    /// Reads metrics regularly, on this runtime, until the end. `run_on` has to be called as well.
    pub fn watch(&self, source: Arc<dyn MetricSource>, runtime: &Handle) {
        if self.0.metrics.host.is_empty() {
            return;
        }
        let this = self.clone();
        let watching = runtime.spawn(async move {
            let last_look = this.0.last_look.clone();
            let mut ticks = tokio::time::interval(this.0.metric_interval);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            // The first comes at once, when there is nothing to tell.
            ticks.tick().await;
            loop {
                let last = last_look.run_until_cancelled(ticks.tick()).await.is_none();
                this.collect(source.as_ref());
                if last {
                    return;
                }
            }
        });
        lock(&self.0.watching).push(watching);
    }

    fn collect(&self, source: &dyn MetricSource) {
        let (start, now) = (self.0.started, SystemTime::now());
        for metric in source.metrics(unix_nanos(start), unix_nanos(now)) {
            let record = metric.encode_to_vec();
            self.say(&self.0.metrics, &self.0.resource, record);
        }
    }

    /// Sends what waits and ends. Returns after this time at the latest; what was not sent by then is counted as lost.
    pub async fn shutdown(&self, within: Duration) {
        let watching = std::mem::take(&mut *lock(&self.0.watching));
        let running = std::mem::take(&mut *lock(&self.0.running));
        let both = watching.iter().chain(&running);
        let aborts: Vec<_> = both.map(JoinHandle::abort_handle).collect();
        let all = async {
            self.0.last_look.cancel();
            // One that panicked or was aborted is over as well.
            for task in watching {
                let _ = task.await;
            }
            self.0.closing.cancel();
            for task in running {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(within, all).await.is_err() {
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }

    /// Whether a trace is to be recorded.
    pub(crate) fn samples(&self, parent: Option<&SpanContext>, trace: TraceId) -> bool {
        let wanted = !(self.0.traces.host.is_empty() && self.0.traces.guests.is_empty());
        wanted && self.0.sampler.records(parent, trace)
    }

    /// What is passed on from request to request.
    pub fn propagators(&self) -> Propagators {
        self.0.propagators
    }

    /// How much of what is said is kept.
    pub fn limits(&self) -> &SpanLimits {
        &self.0.limits
    }

    /// What was sent and lost.
    pub fn stats(&self) -> &Stats {
        &self.0.stats
    }

    /// This host.
    pub fn resource(&self) -> &Resource {
        &self.0.resource
    }

    /// Whether log records are wanted.
    pub(crate) fn takes_logs(&self) -> bool {
        !self.0.logs.host.is_empty()
    }

    /// Makes a workload known under the name `tenant/name`, so that what is logged about it is said to be of it.
    pub fn knows(&self, name: &str, resource: &Resource) {
        let mut workloads = self
            .0
            .workloads
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        workloads.insert(name.to_owned(), resource.clone());
    }

    /// Forgets a workload, unless another version of it took its place.
    pub fn forgets(&self, name: &str, resource: &Resource) {
        let mut workloads = self
            .0
            .workloads
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if workloads
            .get(name)
            .is_some_and(|known| known.key() == resource.key())
        {
            workloads.remove(name);
        }
    }

    /// A workload by its name.
    pub(crate) fn workload(&self, name: &str) -> Option<Resource> {
        let workloads = self
            .0
            .workloads
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        workloads.get(name).cloned()
    }

    /// Sends a span of the host.
    pub(crate) fn host_span(&self, resource: &Resource, span: &SpanData<'_>) {
        self.say(&self.0.traces, resource, span.encoded(&self.0.limits));
    }

    /// Sends a log record of the host, or of what a guest wrote to its log.
    pub(crate) fn host_log(&self, resource: &Resource, record: wire::Message) {
        self.say(&self.0.logs, resource, record.into_bytes());
    }

    /// Sends a span that a guest handed in.
    pub fn guest_span(&self, resource: &Resource, scope: Scope, span: &Span) {
        self.pass_on(&self.0.traces, resource, scope, span);
    }

    /// Sends a log record that a guest handed in.
    pub fn guest_log(&self, resource: &Resource, scope: Scope, record: &LogRecord) {
        self.pass_on(&self.0.logs, resource, scope, record);
    }

    /// Sends a metric that a guest handed in.
    pub fn guest_metric(&self, resource: &Resource, scope: Scope, metric: &Metric) {
        self.pass_on(&self.0.metrics, resource, scope, metric);
    }

    /// Counts what a guest may not hand in.
    pub fn refuse(&self, signal: SignalKind, items: u64) {
        self.0.stats.of(signal).count_lost(Loss::Limit, items);
    }

    /// Something of the host.
    fn say(&self, routes: &Routes, resource: &Resource, record: Vec<u8>) {
        let item = Item {
            resource: resource.clone(),
            scope: Scope::Weft,
            record,
        };
        self.push(routes.kind, &routes.host, item, false);
    }

    /// Something of a guest.
    fn pass_on(&self, routes: &Routes, resource: &Resource, scope: Scope, record: &impl Message) {
        if record.encoded_len() > GUEST_ITEM_BYTES {
            self.refuse(routes.kind, 1);
            return;
        }
        let item = Item {
            resource: resource.clone(),
            scope,
            record: record.encode_to_vec(),
        };
        self.push(routes.kind, &routes.guests, item, true);
    }

    fn push(&self, kind: SignalKind, queues: &[Arc<Queue>], item: Item, guest: bool) {
        if self.0.closing.is_cancelled() {
            self.0.stats.of(kind).count_lost(Loss::Shutdown, 1);
            return;
        }
        let Some((last, others)) = queues.split_last() else {
            return;
        };
        for queue in others {
            queue.push(item.clone(), guest);
        }
        last.push(item, guest);
    }
}

/// What routes are made with.
struct Make<'a> {
    stats: &'a Arc<Stats>,
    closing: &'a CancellationToken,
    receiver: Option<&'a Arc<dyn Receiver>>,
    /// Where the data of guests goes, if not where that of the host does.
    guests: Option<&'a Destination>,
    tasks: Vec<Box<dyn Start>>,
}

impl Make<'_> {
    fn routes<S: Signal>(&mut self, config: &SignalConfig) -> Result<Routes, ConfigError> {
        let mut host = Vec::new();
        if let Some(receiver) = self.receiver {
            host.push(self.queue::<S>(config, Sink::Receiver(Arc::clone(receiver))));
        }
        let mut guests = host.clone();
        if let Some(destination) = &config.destination {
            let exporter = Exporter::new(destination)?;
            let queue = self.queue::<S>(config, Sink::Collector(Box::new(exporter)));
            host.push(Arc::clone(&queue));
            if self.guests.is_none() {
                guests.push(queue);
            }
        }
        if let Some(base) = self.guests {
            let destination = base.for_signal(S::HTTP);
            let exporter = Exporter::new(&destination)?;
            guests.push(self.queue::<S>(config, Sink::Collector(Box::new(exporter))));
        }
        Ok(Routes {
            kind: S::KIND,
            host,
            guests,
        })
    }

    fn queue<S: Signal>(&mut self, config: &SignalConfig, sink: Sink) -> Arc<Queue> {
        // What somebody in this process gets is not what was sent.
        let stats = match sink {
            Sink::Receiver(_) => Arc::default(),
            Sink::Collector(_) => Arc::clone(self.stats),
        };
        let queue = Arc::new(Queue::new(S::KIND, config.room(), Arc::clone(&stats)));
        self.tasks.push(Box::new(Worker::<S> {
            signal: PhantomData,
            delay: match sink {
                // Whoever looks at a page does not wait for seconds.
                Sink::Receiver(_) => config.delay.min(Duration::from_millis(100)),
                Sink::Collector(_) => config.delay,
            },
            queue: Arc::clone(&queue),
            sink,
            stats,
            closing: self.closing.clone(),
        }));
        queue
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.last_look.cancel();
        self.closing.cancel();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}
