//! What one request uses of an instance: the attributes of its span.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use weft_gpu::bill::Statement;
use weft_gpu::ledger::Account;
use weft_telemetry::Measure;
use weft_telemetry::value::{Value, nanos};

use crate::cpu::Meter;

/// What one request uses of an instance.
pub(super) struct Used {
    meter: Arc<Meter>,
    memory: Arc<AtomicU64>,
    /// What the instance had used before, in nanoseconds.
    before: u64,
    /// What it had used when the request was over; `RUNNING` until then.
    after: AtomicU64,
    /// What it uses of a GPU, if it may have one.
    gpu: Option<GpuUsed>,
    /// Another request ran in the same instance at the same time.
    shared: AtomicBool,
}

const RUNNING: u64 = u64::MAX;

impl Used {
    pub(super) fn new(
        meter: &Arc<Meter>,
        memory: &Arc<AtomicU64>,
        gpu: Option<&Arc<Account>>,
        alone: bool,
    ) -> Self {
        Self {
            before: meter.used(),
            meter: Arc::clone(meter),
            memory: Arc::clone(memory),
            after: AtomicU64::new(RUNNING),
            gpu: gpu.map(GpuUsed::new),
            shared: AtomicBool::new(!alone),
        }
    }

    /// From now on the instance works for others.
    pub(super) fn freeze(&self) {
        self.after.store(self.meter.used(), Ordering::Relaxed);
        if let Some(gpu) = &self.gpu {
            gpu.freeze();
        }
    }
}

impl Used {
    /// Another request runs in the same instance.
    pub(super) fn share(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }
}

impl Measure for Used {
    fn cpu(&self) -> Option<Duration> {
        if self.shared.load(Ordering::Relaxed) {
            return None;
        }
        let after = match self.after.load(Ordering::Relaxed) {
            RUNNING => self.meter.used(),
            after => after,
        };
        Some(Duration::from_nanos(after.saturating_sub(self.before)))
    }

    fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    fn others(&self) -> Vec<(&'static str, Value<'static>)> {
        let gpu = self.gpu.as_ref();
        let gpu = gpu.filter(|_| !self.shared.load(Ordering::Relaxed));
        gpu.map(GpuUsed::attributes).unwrap_or_default()
    }
}

/// What one request uses of a GPU.
struct GpuUsed {
    account: Arc<Account>,
    before: Statement,
    /// The bill when the request was over.
    after: OnceLock<Statement>,
}

impl GpuUsed {
    fn new(account: &Arc<Account>) -> Self {
        Self {
            account: Arc::clone(account),
            before: account.statement(),
            after: OnceLock::new(),
        }
    }

    fn freeze(&self) {
        let _ = self.after.set(self.account.statement());
    }

    /// Nothing if it did not use any.
    fn attributes(&self) -> Vec<(&'static str, Value<'static>)> {
        let now = self
            .after
            .get()
            .copied()
            .unwrap_or_else(|| self.account.statement());
        let used = now.since(&self.before);
        if used.submissions == 0 && used.uploaded == 0 && used.byte_seconds == 0.0 {
            return Vec::new();
        }
        vec![
            ("weft.gpu.time_ns", nanos(used.gpu_time).into()),
            ("weft.gpu.queue.time_ns", nanos(used.queue_wait).into()),
            ("weft.gpu.memory.byte_seconds", used.byte_seconds.into()),
            ("weft.gpu.dispatches", used.dispatches.into()),
            ("weft.gpu.uploaded_bytes", used.uploaded.into()),
            ("weft.gpu.downloaded_bytes", used.downloaded.into()),
        ]
    }
}
