//! Values of attributes, and attributes in the form in which they are sent.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Sent;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Real(f64),
    /// Yes or no.
    Bool(bool),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    /// OTLP has no larger numbers than an `i64`.
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value {
    fn from(so: bool) -> Self {
        Self::Bool(so)
    }
}

impl Value {
    /// As it is sent, texts cut to so many characters.
    pub(crate) fn sent(self, longest: usize) -> AnyValue {
        let value = match self {
            Self::Text(text) => Sent::StringValue(cut(text.into_owned(), longest)),
            Self::Int(number) => Sent::IntValue(number),
            Self::Real(number) => Sent::DoubleValue(number),
            Self::Bool(so) => Sent::BoolValue(so),
        };
        AnyValue { value: Some(value) }
    }
}

/// An attribute as it is sent.
pub fn attribute(key: impl Into<String>, value: impl Into<Value>) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(value.into().sent(usize::MAX)),
        ..KeyValue::default()
    }
}

/// The beginning of a text, of so many characters at most.
pub(crate) fn cut(mut text: String, longest: usize) -> String {
    // There are never more characters than bytes.
    if text.len() > longest
        && let Some((end, _)) = text.char_indices().nth(longest)
    {
        text.truncate(end);
    }
    text
}

/// Nanoseconds since 1970, as OTLP has times.
pub fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    nanos(since.unwrap_or_default())
}

/// A time in nanoseconds.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("naïveté".to_owned(), 3), "naï");
        assert_eq!(cut("naïveté".to_owned(), 7), "naïveté");
        assert_eq!(cut("naïveté".to_owned(), 0), "");
    }
}
