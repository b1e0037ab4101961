//! Spans of the host: what is known of them is gathered by whoever makes them, and put into the form of OTLP later, by who
//! sends it.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry_proto::tonic::common::v1::KeyValue;
pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span as Sent, SpanFlags, Status, span};

use crate::context::SpanContext;
use crate::id::SpanId;
use crate::limits::SpanLimits;
use crate::value::{Value, unix_nanos};

/// A span that is over.
#[derive(Clone, Debug)]
pub struct SpanData {
    /// Its own place.
    pub context: SpanContext,
    /// The span that it belongs to.
    pub parent: Option<Parent>,
    /// What it is, of few different values.
    pub name: Cow<'static, str>,
    /// Its part in a conversation.
    pub kind: SpanKind,
    /// When it began.
    pub start: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// What went wrong, if anything did.
    pub error: Option<Cow<'static, str>>,
    /// Spans of other traces that it has to do with.
    pub links: Vec<SpanContext>,
}

/// The parent of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its id.
    pub span: SpanId,
    /// Whether it is in another process.
    pub remote: bool,
}

impl From<&SpanContext> for Parent {
    fn from(context: &SpanContext) -> Self {
        Self {
            span: context.span,
            remote: context.remote,
        }
    }
}

impl SpanData {
    pub(crate) fn sent(self, limits: &SpanLimits) -> Sent {
        let dropped = self.attributes.len().saturating_sub(limits.attributes);
        let longest = limits.value_length;
        let attributes = self.attributes.into_iter().take(limits.attributes);
        let attributes = attributes.map(|(key, value)| KeyValue {
            key: key.to_owned(),
            value: Some(value.sent(longest)),
            ..KeyValue::default()
        });
        Sent {
            trace_id: self.context.trace.to_bytes().to_vec(),
            span_id: self.context.span.to_bytes().to_vec(),
            trace_state: self.context.state.as_str().to_owned(),
            parent_span_id: self
                .parent
                .map(|parent| parent.span.to_bytes().to_vec())
                .unwrap_or_default(),
            flags: flags(self.context.sampled, self.parent),
            name: self.name.into_owned(),
            kind: self.kind.into(),
            start_time_unix_nano: unix_nanos(self.start),
            end_time_unix_nano: unix_nanos(self.end.max(self.start)),
            attributes: attributes.collect(),
            dropped_attributes_count: u32::try_from(dropped).unwrap_or(u32::MAX),
            links: self.links.iter().take(limits.links).map(link).collect(),
            status: self.error.map(|message| Status {
                message: message.into_owned(),
                code: StatusCode::Error.into(),
            }),
            ..Sent::default()
        }
    }
}

/// The flags of a span: those of W3C, and whether its parent is elsewhere.
pub fn flags(sampled: bool, parent: Option<Parent>) -> u32 {
    let known = SpanFlags::ContextHasIsRemoteMask as u32;
    let remote = match parent {
        Some(Parent { remote: true, .. }) => known | SpanFlags::ContextIsRemoteMask as u32,
        Some(Parent { remote: false, .. }) => known,
        None => 0,
    };
    u32::from(sampled) | remote
}

fn link(context: &SpanContext) -> span::Link {
    span::Link {
        trace_id: context.trace.to_bytes().to_vec(),
        span_id: context.span.to_bytes().to_vec(),
        trace_state: context.state.as_str().to_owned(),
        flags: flags(context.sampled, Some(context.into())),
        ..span::Link::default()
    }
}
