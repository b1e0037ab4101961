//! The page of metrics, in the text format of OpenMetrics, which Prometheus reads, and the same for a collector of
//! OpenTelemetry. Everything is read when it is asked for; nothing is counted twice. `catalog` lists the metrics,
//! `exposition` writes them, `otlp` in the other form.
//!
//! No label comes from a client or a guest, and at most `HostConfig::metrics_workloads` workloads have labels of their
//! own, so that the page cannot grow without bound.

pub(super) mod catalog;
mod exposition;
mod gpu;
mod otlp;

use std::sync::Arc;
use std::time::SystemTime;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;
use weft_engine::usage::{EngineUsage, TenantUsage};
use weft_ingress::{Cut, ForwardRefusal, ForwardStats, Refusal, Stats, Tls};
use weft_telemetry::proto::metrics::v1::Metric;
use weft_telemetry::stats::{Counters, Loss, SignalKind};
use weft_telemetry::{MetricSource, Telemetry};

pub(super) use self::exposition::{Encoder, Value};
use self::otlp::Otlp;
use super::answer::Pages;
use super::process;
use crate::registry::Shown;
use crate::series::{Answer, Present, Totals};

/// The type of the page.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A metric, and how it is read from a `T`.
type Gauge<T> = (&'static catalog::Metric, fn(&T) -> u64);

/// The labels of what has no labels of its own.
const OTHER: &str = "_other";
/// The labels of requests that no route led anywhere.
const NONE: &str = "_none";

/// The page at this moment.
pub(super) fn page(pages: &Pages) -> Result<String, std::fmt::Error> {
    let mut weft = Registry::with_prefix("weft");
    weft.register_collector(Box::new(Snapshot::take(pages)));
    let mut process = Registry::with_prefix("process");
    process.register_collector(Box::new(process::Process));
    let mut text = String::new();
    encode_registry(&mut text, &weft)?;
    encode_registry(&mut text, &process)?;
    encode_eof(&mut text)?;
    Ok(text)
}

/// All that is shown, read at one moment.
#[derive(Debug)]
struct Snapshot {
    ready: bool,
    workloads: Shown,
    unrouted: Totals,
    engine: EngineUsage,
    /// How many tenants have labels of their own.
    labels_max: usize,
    connections: Arc<Stats>,
    forwarded: Arc<ForwardStats>,
    /// When the first of the certificates expires, in seconds since 1970.
    expiry: Option<u64>,
    telemetry: Option<Telemetry>,
}

/// A workload with the labels that it has on the page.
struct Labelled<'a> {
    tenant: &'a str,
    workload: &'a str,
    totals: &'a Totals,
    /// None for what is no workload.
    present: Option<&'a Present>,
}

impl Snapshot {
    fn take(pages: &Pages) -> Self {
        Self {
            ready: pages.readiness.check().is_ok(),
            workloads: pages.registry.scrape(),
            unrouted: pages.unrouted.read(),
            engine: pages.engine.usage(),
            labels_max: pages.registry.labels_max(),
            connections: Arc::clone(&pages.connections),
            forwarded: Arc::clone(&pages.forwarded),
            expiry: pages.tls.get().and_then(Tls::expires).map(unix_seconds),
            telemetry: pages.telemetry.clone(),
        }
    }

    /// Everything that has counters of requests.
    fn labelled(&self) -> Vec<Labelled<'_>> {
        let own = self.workloads.labelled.iter().map(|row| Labelled {
            tenant: row.tenant.as_str(),
            workload: row.workload.as_str(),
            totals: &row.reading.totals,
            present: Some(&row.reading.present),
        });
        let others = self.workloads.others.as_ref().map(|others| Labelled {
            tenant: OTHER,
            workload: OTHER,
            totals: &others.totals,
            present: Some(&others.present),
        });
        let none = Labelled {
            tenant: NONE,
            workload: NONE,
            totals: &self.unrouted,
            present: None,
        };
        own.chain(others).chain([none]).collect()
    }

    fn requests(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let all = self.labelled();
        // What never had a request shows nothing: a histogram takes twenty lines.
        let asked = || all.iter().filter(|one| one.totals.latency.count() > 0);
        encoder.family(
            &catalog::REQUESTS,
            all.iter().flat_map(|one| {
                let answers = one.totals.answers.iter();
                answers.map(|(answer, count)| (one.answer_labels(*answer), Value::Whole(*count)))
            }),
        )?;
        encoder.family(
            &catalog::DURATION,
            asked().map(|one| (one.labels(), Value::Times(&one.totals.latency))),
        )?;
        encoder.family(
            &catalog::RECEIVED,
            asked().map(|one| (one.labels(), Value::Whole(one.totals.received))),
        )?;
        encoder.family(
            &catalog::SENT,
            asked().map(|one| (one.labels(), Value::Whole(one.totals.sent))),
        )?;
        encoder.family(
            &catalog::FAILURES,
            all.iter().flat_map(|one| {
                let failures = one.totals.spent.failures.iter();
                failures.map(|(cause, count)| (one.with("cause", cause), Value::Whole(*count)))
            }),
        )?;
        encoder.family(
            &catalog::EGRESS_DENIED,
            all.iter().flat_map(|one| {
                let denied = one.totals.spent.denied.iter();
                denied.map(|(reason, count)| (one.with("reason", reason), Value::Whole(*count)))
            }),
        )?;
        // Most workloads have no service, or one that never failed.
        let restarted = all.iter().filter(|one| one.totals.spent.restarts > 0);
        encoder.family(
            &catalog::SERVICE_RESTARTS,
            restarted.map(|one| (one.labels(), Value::Whole(one.totals.spent.restarts))),
        )?;
        // Most workloads have no secrets.
        let looked = all.iter().filter(|one| one.totals.spent.reveals > 0);
        encoder.family(
            &catalog::SECRET_REVEALS,
            looked.map(|one| (one.labels(), Value::Whole(one.totals.spent.reveals))),
        )
    }

    fn use_of_workloads(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let all = self.labelled();
        let present = || all.iter().filter_map(|one| Some((one, one.present?)));
        let gauges: [Gauge<Present>; 5] = [
            (&catalog::IN_FLIGHT, |present| present.in_flight),
            (&catalog::QUEUED, |present| present.queued),
            (&catalog::INSTANCES, |present| present.instances),
            (&catalog::MEMORY, |present| present.memory),
            (&catalog::EGRESS_CONNECTIONS, |present| present.connections),
        ];
        for (metric, value) in gauges {
            let samples = present().map(|(one, now)| (one.labels(), Value::Whole(value(now))));
            encoder.family(metric, samples)?;
        }
        encoder.family(
            &catalog::CPU,
            present().map(|(one, _)| {
                let seconds = one.totals.spent.cpu.as_secs_f64();
                (one.labels(), Value::Real(seconds))
            }),
        )
    }

    fn tenants(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let mut tenants: Vec<&TenantUsage> = self.engine.tenants.iter().collect();
        tenants.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        let (own, others) = tenants.split_at(self.labels_max.min(tenants.len()));
        let gauges: [Gauge<TenantUsage>; 4] = [
            (&catalog::TENANT_IN_FLIGHT, |tenant| wide(tenant.in_flight)),
            (&catalog::TENANT_QUEUED, |tenant| u64::from(tenant.waiting)),
            (&catalog::TENANT_INSTANCES, |tenant| wide(tenant.instances)),
            (&catalog::TENANT_MEMORY, |tenant| tenant.memory),
        ];
        for (metric, value) in gauges {
            let one = |name, sum| ([("tenant", name)], Value::Whole(sum));
            let own = own
                .iter()
                .map(|tenant| one(tenant.tenant.as_str(), value(tenant)));
            let sum = others.iter().map(|tenant| value(tenant));
            let other = (!others.is_empty()).then(|| one(OTHER, sum.fold(0, u64::saturating_add)));
            encoder.family(metric, own.chain(other))?;
        }
        Ok(())
    }

    fn host(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let EngineUsage {
            capacity,
            instances,
            idle,
            waiting,
            memory,
            code,
            ..
        } = &self.engine;
        encoder.info(&catalog::BUILD, &[("version", env!("CARGO_PKG_VERSION"))])?;
        for (metric, value) in [
            (&catalog::READY, u64::from(self.ready)),
            (&catalog::WORKLOADS, wide(self.workloads.running)),
            (&catalog::HOST_INSTANCES, wide(*instances)),
            (&catalog::HOST_INSTANCES_IDLE, wide(*idle)),
            (&catalog::HOST_INSTANCES_MAX, u64::from(capacity.instances)),
            (&catalog::HOST_WAITING, wide(*waiting)),
            (&catalog::HOST_MEMORY, *memory),
            (&catalog::HOST_MEMORY_MAX, capacity.memory),
        ] {
            encoder.single(metric, Value::Whole(value))?;
        }
        let sources = [
            ("memory", code.in_memory),
            ("disk", code.on_disk),
            ("compiler", code.compiled),
        ];
        encoder.family(
            &catalog::CODE,
            sources.map(|(source, count)| ([("source", source)], Value::Whole(count))),
        )
    }

    fn connections(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let stats = &self.connections;
        for (metric, value) in [
            (&catalog::OPEN, stats.open()),
            (&catalog::ACCEPTED, stats.accepted()),
            (&catalog::ACCEPT_ERRORS, stats.accept_errors()),
        ] {
            encoder.single(metric, Value::Whole(value))?;
        }
        encoder.family(
            &catalog::REFUSED,
            Refusal::ALL.map(|why| ([("cause", why.as_str())], Value::Whole(stats.refused(why)))),
        )?;
        encoder.family(
            &catalog::CUT,
            Cut::ALL.map(|why| ([("cause", why.as_str())], Value::Whole(stats.cut(why)))),
        )?;
        let reloads = [("ok", stats.reloads()), ("failed", stats.failed_reloads())];
        encoder.family(
            &catalog::RELOADS,
            reloads.map(|(result, count)| ([("result", result)], Value::Whole(count))),
        )?;
        match self.expiry {
            Some(expiry) => encoder.single(&catalog::EXPIRY, Value::Whole(expiry)),
            None => Ok(()),
        }
    }
}

impl Snapshot {
    fn write(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        self.host(encoder)?;
        self.requests(encoder)?;
        self.use_of_workloads(encoder)?;
        self.gpu(encoder)?;
        self.tenants(encoder)?;
        self.connections(encoder)?;
        self.forwarded(encoder)?;
        self.telemetry(encoder)
    }

    /// Connections to ports of services, of all tenants together.
    fn forwarded(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let stats = &self.forwarded;
        for (metric, value) in [
            (&catalog::FORWARDED_OPEN, stats.open()),
            (&catalog::FORWARDED_ACCEPTED, stats.accepted()),
            (&catalog::FORWARDED_ACCEPT_ERRORS, stats.accept_errors()),
            (&catalog::FORWARDED_RECEIVED, stats.received()),
            (&catalog::FORWARDED_SENT, stats.sent()),
        ] {
            encoder.single(metric, Value::Whole(value))?;
        }
        encoder.family(
            &catalog::FORWARDED_REFUSED,
            ForwardRefusal::ALL
                .map(|why| ([("cause", why.as_str())], Value::Whole(stats.refused(why)))),
        )
    }

    /// What became of what was told. Nothing, where nothing is told.
    fn telemetry(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let Some(telemetry) = &self.telemetry else {
            return Ok(());
        };
        let stats = telemetry.stats();
        let each = |value: fn(&Counters) -> u64| {
            SignalKind::ALL.map(|signal| {
                let labels = [("signal", signal.as_str())];
                (labels, Value::Whole(value(stats.of(signal))))
            })
        };
        encoder.family(&catalog::TELEMETRY_SENT, each(Counters::sent))?;
        let lost = SignalKind::ALL.into_iter().flat_map(|signal| {
            Loss::ALL.map(|why| {
                let labels = [("signal", signal.as_str()), ("reason", why.as_str())];
                (labels, Value::Whole(stats.of(signal).lost(why)))
            })
        });
        encoder.family(&catalog::TELEMETRY_DROPPED, lost)?;
        encoder.family(&catalog::TELEMETRY_QUEUED, each(Counters::waiting))
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        self.write(&mut Encoder::Text(encoder))
    }
}

/// The same metrics, for a collector.
impl MetricSource for Pages {
    fn metrics(&self, start: u64, now: u64) -> Vec<Metric> {
        let mut weft = Otlp::new("weft.", start, now);
        let mut process = Otlp::new("process.", start, now);
        // Nothing of it can fail: it is written to memory.
        let _ = Snapshot::take(self).write(&mut Encoder::Otlp(&mut weft));
        let _ = process::Process.write(&mut Encoder::Otlp(&mut process));
        weft.done().chain(process.done()).collect()
    }
}

impl Labelled<'_> {
    fn labels(&self) -> [(&'static str, &str); 2] {
        [("tenant", self.tenant), ("workload", self.workload)]
    }

    fn answer_labels(&self, answer: Answer) -> [(&'static str, &str); 4] {
        let [tenant, workload] = self.labels();
        let status = match answer.class {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        };
        [tenant, workload, ("status", status), ("code", answer.code)]
    }

    fn with(&self, label: &'static str, value: &'static str) -> [(&'static str, &str); 3] {
        let [tenant, workload] = self.labels();
        [tenant, workload, (label, value)]
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
