//! How much of what is said is kept.

/// The limits of a span, a log record and their attributes: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and its sisters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanLimits {
    /// Attributes of one span, event, link, data point or log record.
    pub attributes: usize,
    /// Characters of one value.
    pub value_length: usize,
    /// Events of one span.
    pub events: usize,
    /// Links of one span.
    pub links: usize,
}

impl Default for SpanLimits {
    /// As OpenTelemetry has them, but for the length of values, which it leaves open: here the values are a guest's.
    fn default() -> Self {
        Self {
            attributes: 128,
            value_length: 4096,
            events: 128,
            links: 128,
        }
    }
}

/// Spans that the host makes for one request beside that of the request itself. A guest may call the host a million times.
pub const SPANS_PER_REQUEST: u32 = 200;

/// Spans, log records and data points that guests may hand in for one request.
pub const GUEST_ITEMS_PER_REQUEST: u32 = 1000;

/// Bytes of one thing that a guest hands in, at most. Larger ones are dropped.
pub const GUEST_ITEM_BYTES: usize = 64 << 10;
