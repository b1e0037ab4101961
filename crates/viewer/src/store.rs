//! What was reported, in memory. One lock, held for a moment: what is read is cloned by reference.
//!
//! Each kind of data has room of its own, counted in bytes as an estimate from above. When it is full, the oldest goes:
//! the oldest trace as a whole, the oldest lines, the series that was silent for longest.

pub(crate) mod line;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod points;
pub(crate) mod resource;
pub(crate) mod traces;
pub(crate) mod value;
pub(crate) mod workloads;

use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde::Serialize;
use tokio::sync::watch;

use logs::Logs;
use metrics::Metrics;
use resource::Resources;
use traces::Traces;
use workloads::{Report, Workloads};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of traces.
    pub trace_bytes: usize,
    /// Traces.
    pub traces: usize,
    /// Spans of one trace; more are counted and not kept.
    pub spans_per_trace: usize,
    /// Bytes of log lines.
    pub log_bytes: usize,
    /// Log lines.
    pub logs: usize,
    /// Series of metrics: one for each set of attributes.
    pub series: usize,
    /// Points of a series; the last ones are kept.
    pub points: usize,
}

impl Default for Limits {
    /// About 120 MB when all of it is full.
    fn default() -> Self {
        Self {
            trace_bytes: 64 << 20,
            traces: 5_000,
            spans_per_trace: 5_000,
            log_bytes: 32 << 20,
            logs: 50_000,
            series: 2_000,
            points: 360,
        }
    }
}

/// What was reported.
#[derive(Debug)]
pub struct Store {
    inner: Mutex<Inner>,
    changes: watch::Sender<Versions>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) resources: Resources,
    pub(crate) traces: Traces,
    pub(crate) logs: Logs,
    pub(crate) metrics: Metrics,
    pub(crate) workloads: Workloads,
}

/// How often each kind of data has changed. Who sees a higher number asks again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Versions {
    pub(crate) traces: u64,
    pub(crate) logs: u64,
    pub(crate) metrics: u64,
    pub(crate) workloads: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Store {
    /// Nothing was reported yet.
    pub fn new(limits: Limits) -> Self {
        let inner = Inner {
            resources: Resources::default(),
            traces: Traces::new(limits),
            logs: Logs::new(limits),
            metrics: Metrics::new(limits),
            workloads: Workloads::default(),
        };
        Self {
            inner: Mutex::new(inner),
            changes: watch::Sender::default(),
        }
    }

    /// Takes spans.
    pub fn spans(&self, request: ExportTraceServiceRequest) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.traces.take(request, &mut inner.resources);
        drop(guard);
        self.changes.send_modify(|versions| versions.traces += 1);
    }

    /// Takes log records.
    pub fn logs(&self, request: ExportLogsServiceRequest) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.logs.take(request, &mut inner.resources);
        drop(guard);
        self.changes.send_modify(|versions| versions.logs += 1);
    }

    /// Takes metrics.
    pub fn metrics(&self, request: ExportMetricsServiceRequest) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.metrics.take(request, &mut inner.resources);
        drop(guard);
        self.changes.send_modify(|versions| versions.metrics += 1);
    }

    /// Takes what a process says about its workloads, in place of what it said before.
    pub fn report(&self, report: Report) {
        let changed = self.inner().workloads.take(report);
        if changed {
            self.changes.send_modify(|versions| versions.workloads += 1);
        }
    }

    /// Forgets traces, logs and metrics.
    pub fn clear(&self) {
        let mut inner = self.inner();
        inner.traces.clear();
        inner.logs.clear();
        inner.metrics.clear();
        drop(inner);
        self.changes.send_modify(|versions| {
            versions.traces += 1;
            versions.logs += 1;
            versions.metrics += 1;
        });
    }

    /// An estimate from above of the bytes that are held.
    pub fn bytes(&self) -> usize {
        let inner = self.inner();
        inner.traces.bytes() + inner.logs.bytes() + inner.metrics.bytes()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Versions> {
        self.changes.subscribe()
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
