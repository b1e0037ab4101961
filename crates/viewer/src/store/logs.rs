//! Log lines, in the order of their arrival.

use std::collections::VecDeque;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::Limits;
use super::resource::{Resource, Resources};
use super::traces::{SpanId, TraceId, span_id, trace_id};
use super::value::{Attributes, NAME_MAX, cut, text};

/// What a line costs beside its texts.
const LINE_BYTES: usize = 250;

/// All lines.
#[derive(Debug)]
pub(crate) struct Logs {
    limits: Limits,
    lines: VecDeque<Arc<Line>>,
    /// The number of the last line.
    last: u64,
    bytes: usize,
    /// Lines that are not kept any more.
    pub(crate) dropped: u64,
}

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    /// Counts up with each arrival, from 1.
    pub(crate) number: u64,
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) level: &'static str,
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: String,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    pub(crate) trace: Option<TraceId>,
    pub(crate) span: Option<SpanId>,
}

impl Logs {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            lines: VecDeque::new(),
            last: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    pub(super) fn take(&mut self, request: ExportLogsServiceRequest, resources: &mut Resources) {
        for batch in request.resource_logs {
            let resource = resources.intern(batch.resource);
            for scoped in batch.scope_logs {
                let scope = scoped.scope.map(|scope| scope.name).unwrap_or_default();
                let scope = cut(scope, NAME_MAX);
                for record in scoped.log_records {
                    self.add(record, &resource, &scope);
                }
            }
        }
    }

    fn add(&mut self, record: LogRecord, resource: &Arc<Resource>, scope: &str) {
        self.last += 1;
        let time = match record.time_unix_nano {
            0 => record.observed_time_unix_nano,
            time => time,
        };
        let line = Line {
            number: self.last,
            time,
            level: level(record.severity_number),
            resource: Arc::clone(resource),
            scope: scope.to_owned(),
            body: record.body.map(text).unwrap_or_default(),
            attributes: Attributes::new(record.attributes),
            trace: trace_id(&record.trace_id),
            span: span_id(&record.span_id),
        };
        self.bytes += line.bytes();
        self.lines.push_back(Arc::new(line));
        while self.bytes > self.limits.log_bytes || self.lines.len() > self.limits.logs {
            let Some(oldest) = self.lines.pop_front() else {
                return;
            };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self {
            last: self.last,
            ..Self::new(self.limits)
        };
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All, the latest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.lines.iter().rev()
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The number of the last line.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }
}

impl Line {
    pub(crate) fn bytes(&self) -> usize {
        LINE_BYTES + self.scope.len() + self.body.len() + self.attributes.bytes()
    }

    /// Whether a person who looks for a text, in lower case, means this line.
    pub(crate) fn contains(&self, text: &str) -> bool {
        super::value::contains(&self.body, text)
            || super::value::contains(&self.resource.service, text)
            || self.attributes.contain(text)
    }
}

/// The levels that people know, in order.
pub(crate) const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];

/// Numbers of severity: 1 to 24, four for each level; 0 if nobody said.
fn level(severity: i32) -> &'static str {
    match severity {
        1..=4 => "trace",
        5..=8 => "debug",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => "info",
    }
}
