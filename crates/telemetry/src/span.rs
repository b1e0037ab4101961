//! Spans of the host: what is known of them is gathered by whoever makes them, and put into the form of OTLP when they are
//! over.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry_proto::tonic::trace::v1::SpanFlags;
pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::context::SpanContext;
use crate::id::SpanId;
use crate::limits::SpanLimits;
use crate::value::{Value, unix_nanos};
use crate::wire::Message;

/// A span that is over.
#[derive(Clone, Debug)]
pub(crate) struct SpanData<'a> {
    /// Its own place.
    pub(crate) context: SpanContext,
    /// The span that it belongs to.
    pub(crate) parent: Option<Parent>,
    /// What it is, of few different values.
    pub(crate) name: Cow<'static, str>,
    /// Its part in a conversation.
    pub(crate) kind: SpanKind,
    /// When it began.
    pub(crate) start: SystemTime,
    /// When it ended.
    pub(crate) end: SystemTime,
    /// What is known of it.
    pub(crate) attributes: Vec<(&'static str, Value<'a>)>,
    /// What went wrong, if anything did.
    pub(crate) error: Option<Cow<'static, str>>,
    /// Spans of other traces that it has to do with.
    pub(crate) links: Vec<SpanContext>,
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

impl SpanData<'_> {
    /// A `Span` of OTLP.
    pub(crate) fn encoded(&self, limits: &SpanLimits) -> Vec<u8> {
        let mut span = Message::new();
        span.bytes(1, &self.context.trace.to_bytes());
        span.bytes(2, &self.context.span.to_bytes());
        let state = self.context.state.as_str();
        if !state.is_empty() {
            span.text(3, state);
        }
        if let Some(parent) = self.parent {
            span.bytes(4, &parent.span.to_bytes());
        }
        span.text(5, &self.name);
        span.varint(6, u64::from(i32::from(self.kind).unsigned_abs()));
        span.fixed64(7, unix_nanos(self.start));
        span.fixed64(8, unix_nanos(self.end.max(self.start)));
        for (key, value) in self.attributes.iter().take(limits.attributes) {
            span.attribute(9, key, value, limits.value_length);
        }
        let dropped = self.attributes.len().saturating_sub(limits.attributes);
        if dropped > 0 {
            span.varint(10, u64::try_from(dropped).unwrap_or(u64::MAX));
        }
        for link in self.links.iter().take(limits.links) {
            span.nested(13, |one| {
                one.bytes(1, &link.trace.to_bytes());
                one.bytes(2, &link.span.to_bytes());
                one.text(3, link.state.as_str());
                one.fixed32(6, flags(link.sampled, Some(link.into())));
            });
        }
        if let Some(message) = &self.error {
            span.nested(15, |status| {
                status.text(2, message);
                status.varint(3, u64::from(i32::from(StatusCode::Error).unsigned_abs()));
            });
        }
        span.fixed32(16, flags(self.context.sampled, self.parent));
        span.into_bytes()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;
    use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::Link};
    use prost::Message as _;

    use super::*;
    use crate::context::TraceState;
    use crate::id::TraceId;
    use crate::value::attribute;

    fn context() -> SpanContext {
        SpanContext {
            trace: TraceId::random(),
            span: SpanId::random(),
            sampled: true,
            remote: false,
            state: TraceState::of(&HeaderValue::from_static("a=1,b=2")),
        }
    }

    #[test]
    fn a_library_reads_in_it_what_was_said() {
        let (own, parent, other) = (context(), context(), context());
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let data = SpanData {
            context: own.clone(),
            parent: Some(Parent::from(&parent)),
            name: "weft.run".into(),
            kind: SpanKind::Internal,
            start,
            end: start + Duration::from_nanos(17),
            attributes: vec![
                ("a", "text".into()),
                ("b", (-3_i64).into()),
                ("c", true.into()),
            ],
            error: Some("it failed".into()),
            links: vec![other.clone()],
        };
        let limits = SpanLimits {
            attributes: 2,
            value_length: 3,
            ..SpanLimits::default()
        };
        let read = Span::decode(data.encoded(&limits).as_slice()).unwrap();
        let expected = Span {
            trace_id: own.trace.to_bytes().to_vec(),
            span_id: own.span.to_bytes().to_vec(),
            trace_state: "a=1,b=2".to_owned(),
            parent_span_id: parent.span.to_bytes().to_vec(),
            flags: 0x101,
            name: "weft.run".to_owned(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: 1_800_000_000_000_000_000,
            end_time_unix_nano: 1_800_000_000_000_000_017,
            attributes: vec![attribute("a", "tex"), attribute("b", -3_i64)],
            dropped_attributes_count: 1,
            links: vec![Link {
                trace_id: other.trace.to_bytes().to_vec(),
                span_id: other.span.to_bytes().to_vec(),
                trace_state: "a=1,b=2".to_owned(),
                flags: 0x101,
                ..Link::default()
            }],
            status: Some(Status {
                message: "it failed".to_owned(),
                code: StatusCode::Error.into(),
            }),
            ..Span::default()
        };
        assert_eq!(read, expected);
    }
}
