//! The three kinds of data, as far as they differ: what they consist of, and what is sent of a batch of them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::limits::SpanLimits;
use crate::receiver::Receiver;
use crate::resource::Resource;
use crate::span::SpanData;
use crate::stats::SignalKind;

/// What made the data.
#[derive(Clone, Debug, Default)]
pub enum Scope {
    /// This program.
    #[default]
    Weft,
    /// A library in a guest, and the schema that it says it follows.
    Guest(Arc<(InstrumentationScope, String)>),
}

/// A piece of data on its way.
#[derive(Clone, Debug)]
pub(crate) struct Item<R> {
    pub(crate) resource: Resource,
    pub(crate) scope: Scope,
    pub(crate) record: R,
    /// Bytes that it takes, about.
    pub(crate) size: usize,
}

/// A span on its way.
#[derive(Clone, Debug)]
pub(crate) enum SpanRecord {
    Host(Box<SpanData>),
    Guest(Box<Span>),
}

/// One of the three kinds.
pub(crate) trait Signal: 'static {
    type Record: Clone + Send + 'static;
    type Request: Message + Clone + Default + 'static;

    const KIND: SignalKind;
    /// Where it goes by gRPC.
    const GRPC: &'static str;
    /// Where it goes by HTTP, below the endpoint.
    const HTTP: &'static str;

    /// What is sent of a batch.
    fn request(batch: Vec<Item<Self::Record>>, limits: &SpanLimits) -> Self::Request;

    /// How many items of a batch the collector did not want, and why.
    fn refused(response: Bytes) -> (u64, String);

    /// Hands a batch to somebody in this process.
    fn give(receiver: &dyn Receiver, request: Self::Request);
}

pub(crate) struct Traces;
pub(crate) struct Metrics;
pub(crate) struct Logs;

/// How many items a collector says that it refused.
fn refusal(count: i64, why: String) -> (u64, String) {
    (u64::try_from(count).unwrap_or(0), why)
}

impl Scope {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Weft, Self::Weft) => true,
            (Self::Guest(one), Self::Guest(two)) => Arc::ptr_eq(one, two) || one == two,
            _ => false,
        }
    }

    /// Bytes that a guest's own takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Weft => 0,
            Self::Guest(both) => both.0.encoded_len().saturating_add(both.1.len()),
        }
    }

    fn sent(&self) -> (InstrumentationScope, String) {
        match self {
            Self::Weft => {
                let scope = InstrumentationScope {
                    name: "weft".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    ..InstrumentationScope::default()
                };
                (scope, String::new())
            }
            Self::Guest(both) => both.as_ref().clone(),
        }
    }
}

/// What one resource has said: by scope.
struct Group<R> {
    resource: Resource,
    scopes: Vec<(Scope, Vec<R>)>,
}

/// Puts together what is of the same source.
fn grouped<R, S>(batch: Vec<Item<R>>, convert: impl Fn(R) -> S) -> Vec<Group<S>> {
    let mut groups: Vec<Group<S>> = Vec::new();
    let mut known: HashMap<usize, usize> = HashMap::new();
    for item in batch {
        let Item {
            resource,
            scope,
            record,
            ..
        } = item;
        let index = *known.entry(resource.key()).or_insert_with(|| {
            let same = |group: &Group<S>| group.resource.is_same(&resource);
            // Equal ones are only looked for among the latest: what a guest says of itself anew each time.
            let from = groups.len().saturating_sub(8);
            let recent = groups.get(from..).unwrap_or_default();
            recent.iter().position(same).map_or_else(
                || {
                    groups.push(Group {
                        resource: resource.clone(),
                        scopes: Vec::new(),
                    });
                    groups.len().saturating_sub(1)
                },
                |at| from.saturating_add(at),
            )
        });
        let Some(group) = groups.get_mut(index) else {
            continue;
        };
        let record = convert(record);
        match group.scopes.iter_mut().find(|(one, _)| one.is_same(&scope)) {
            Some((_, records)) => records.push(record),
            None => group.scopes.push((scope, vec![record])),
        }
    }
    groups
}

impl Signal for Traces {
    type Record = SpanRecord;
    type Request = ExportTraceServiceRequest;

    const KIND: SignalKind = SignalKind::Traces;
    const GRPC: &'static str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const HTTP: &'static str = "v1/traces";

    fn request(batch: Vec<Item<SpanRecord>>, limits: &SpanLimits) -> Self::Request {
        let groups = grouped(batch, |record| match record {
            SpanRecord::Host(span) => span.sent(limits),
            SpanRecord::Guest(span) => *span,
        });
        let resource_spans = groups.into_iter().map(|group| ResourceSpans {
            resource: Some(group.resource.sent()),
            scope_spans: group
                .scopes
                .into_iter()
                .map(|(scope, spans)| {
                    let (scope, schema_url) = scope.sent();
                    ScopeSpans {
                        scope: Some(scope),
                        spans,
                        schema_url,
                    }
                })
                .collect(),
            ..ResourceSpans::default()
        });
        ExportTraceServiceRequest {
            resource_spans: resource_spans.collect(),
        }
    }

    fn refused(response: Bytes) -> (u64, String) {
        let response = ExportTraceServiceResponse::decode(response).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        refusal(partial.rejected_spans, partial.error_message)
    }

    fn give(receiver: &dyn Receiver, request: Self::Request) {
        receiver.spans(request);
    }
}

impl Signal for Metrics {
    type Record = Metric;
    type Request = ExportMetricsServiceRequest;

    const KIND: SignalKind = SignalKind::Metrics;
    const GRPC: &'static str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    const HTTP: &'static str = "v1/metrics";

    fn request(batch: Vec<Item<Metric>>, _: &SpanLimits) -> Self::Request {
        let groups = grouped(batch, |metric| metric);
        let resource_metrics = groups.into_iter().map(|group| ResourceMetrics {
            resource: Some(group.resource.sent()),
            scope_metrics: group
                .scopes
                .into_iter()
                .map(|(scope, metrics)| {
                    let (scope, schema_url) = scope.sent();
                    ScopeMetrics {
                        scope: Some(scope),
                        metrics,
                        schema_url,
                    }
                })
                .collect(),
            ..ResourceMetrics::default()
        });
        ExportMetricsServiceRequest {
            resource_metrics: resource_metrics.collect(),
        }
    }

    fn refused(response: Bytes) -> (u64, String) {
        let response = ExportMetricsServiceResponse::decode(response).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        refusal(partial.rejected_data_points, partial.error_message)
    }

    fn give(receiver: &dyn Receiver, request: Self::Request) {
        receiver.metrics(request);
    }
}

impl Signal for Logs {
    type Record = Box<LogRecord>;
    type Request = ExportLogsServiceRequest;

    const KIND: SignalKind = SignalKind::Logs;
    const GRPC: &'static str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    const HTTP: &'static str = "v1/logs";

    fn request(batch: Vec<Item<Box<LogRecord>>>, _: &SpanLimits) -> Self::Request {
        let groups = grouped(batch, |record| *record);
        let resource_logs = groups.into_iter().map(|group| ResourceLogs {
            resource: Some(group.resource.sent()),
            scope_logs: group
                .scopes
                .into_iter()
                .map(|(scope, log_records)| {
                    let (scope, schema_url) = scope.sent();
                    ScopeLogs {
                        scope: Some(scope),
                        log_records,
                        schema_url,
                    }
                })
                .collect(),
            ..ResourceLogs::default()
        });
        ExportLogsServiceRequest {
            resource_logs: resource_logs.collect(),
        }
    }

    fn refused(response: Bytes) -> (u64, String) {
        let response = ExportLogsServiceResponse::decode(response).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        refusal(partial.rejected_log_records, partial.error_message)
    }

    fn give(receiver: &dyn Receiver, request: Self::Request) {
        receiver.logs(request);
    }
}
