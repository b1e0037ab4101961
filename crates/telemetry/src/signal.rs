//! The three kinds of data, as far as they differ: what they consist of, and what is sent of a batch of them.

use std::borrow::Cow;
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
use prost::Message;

use crate::receiver::Receiver;
use crate::resource::Resource;
use crate::stats::SignalKind;
use crate::wire;

/// What made the data.
#[derive(Clone, Debug, Default)]
pub enum Scope {
    /// This program.
    #[default]
    Weft,
    /// A library in a guest, and the schema that it says it follows.
    Guest(Arc<(InstrumentationScope, String)>),
}

/// A piece of data on its way: a span, a metric or a log record as it is sent, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) resource: Resource,
    pub(crate) scope: Scope,
    pub(crate) record: Vec<u8>,
}

/// One of the three kinds.
pub(crate) trait Signal: Send + 'static {
    const KIND: SignalKind;
    /// Where it goes by gRPC.
    const GRPC: &'static str;
    /// Where it goes by HTTP, below the endpoint.
    const HTTP: &'static str;

    /// How many items of a batch the collector did not want, and why.
    fn refused(response: Bytes) -> (u64, String);

    /// Hands a message to somebody in this process.
    fn give(receiver: &dyn Receiver, message: Bytes);
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

    fn sent(&self) -> (Cow<'_, InstrumentationScope>, &str) {
        match self {
            Self::Weft => {
                let scope = InstrumentationScope {
                    name: "weft".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    ..InstrumentationScope::default()
                };
                (Cow::Owned(scope), "")
            }
            Self::Guest(both) => (Cow::Borrowed(&both.0), both.1.as_str()),
        }
    }
}

impl Item {
    /// Bytes that it takes while it waits.
    pub(crate) fn size(&self) -> usize {
        self.record.capacity().saturating_add(size_of::<Self>())
    }
}

/// What one resource has said: by scope.
struct Group<'a> {
    resource: &'a Resource,
    scopes: Vec<(&'a Scope, Vec<&'a [u8]>)>,
}

/// Puts together what is of the same source.
fn grouped(batch: &[Item]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<usize, usize> = HashMap::new();
    for item in batch {
        let resource = &item.resource;
        let index = *known.entry(resource.key()).or_insert_with(|| {
            let same = |group: &Group<'_>| group.resource.is_same(resource);
            // Equal ones are only looked for among the latest: what a guest says of itself anew each time.
            let from = groups.len().saturating_sub(8);
            let recent = groups.get(from..).unwrap_or_default();
            recent.iter().position(same).map_or_else(
                || {
                    groups.push(Group {
                        resource,
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
        let same = |(scope, _): &&mut (&Scope, Vec<&[u8]>)| scope.is_same(&item.scope);
        match group.scopes.iter_mut().find(same) {
            Some((_, records)) => records.push(&item.record),
            None => group.scopes.push((&item.scope, vec![&item.record])),
        }
    }
    groups
}

/// What is sent of a batch: an `Export…ServiceRequest` of OTLP. Those of the three kinds have the same shape.
pub(crate) fn message(batch: &[Item]) -> Bytes {
    let mut request = wire::Message::new();
    for group in grouped(batch) {
        request.nested(1, |of_resource| {
            of_resource.bytes(1, &group.resource.sent().encode_to_vec());
            for (scope, records) in group.scopes {
                of_resource.nested(2, |of_scope| {
                    let (scope, schema_url) = scope.sent();
                    of_scope.bytes(1, &scope.encode_to_vec());
                    for record in records {
                        of_scope.bytes(2, record);
                    }
                    if !schema_url.is_empty() {
                        of_scope.text(3, schema_url);
                    }
                });
            }
        });
    }
    Bytes::from(request.into_bytes())
}

impl Signal for Traces {
    const KIND: SignalKind = SignalKind::Traces;
    const GRPC: &'static str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const HTTP: &'static str = "v1/traces";

    fn refused(response: Bytes) -> (u64, String) {
        let response = ExportTraceServiceResponse::decode(response).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        refusal(partial.rejected_spans, partial.error_message)
    }

    fn give(receiver: &dyn Receiver, message: Bytes) {
        // What this crate writes can be read.
        receiver.spans(ExportTraceServiceRequest::decode(message).unwrap_or_default());
    }
}

impl Signal for Metrics {
    const KIND: SignalKind = SignalKind::Metrics;
    const GRPC: &'static str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    const HTTP: &'static str = "v1/metrics";

    fn refused(response: Bytes) -> (u64, String) {
        let response = ExportMetricsServiceResponse::decode(response).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        refusal(partial.rejected_data_points, partial.error_message)
    }

    fn give(receiver: &dyn Receiver, message: Bytes) {
        // What this crate writes can be read.
        receiver.metrics(ExportMetricsServiceRequest::decode(message).unwrap_or_default());
    }
}

impl Signal for Logs {
    const KIND: SignalKind = SignalKind::Logs;
    const GRPC: &'static str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    const HTTP: &'static str = "v1/logs";

    fn refused(response: Bytes) -> (u64, String) {
        let response = ExportLogsServiceResponse::decode(response).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        refusal(partial.rejected_log_records, partial.error_message)
    }

    fn give(receiver: &dyn Receiver, message: Bytes) {
        // What this crate writes can be read.
        receiver.logs(ExportLogsServiceRequest::decode(message).unwrap_or_default());
    }
}
