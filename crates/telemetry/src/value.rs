//! Values of attributes, and attributes in the form in which they are sent.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Sent;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Real(f64),
    /// Yes or no.
    Bool(bool),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value<'_> {
    /// OTLP has no larger numbers than an `i64`.
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(so: bool) -> Self {
        Self::Bool(so)
    }
}

impl Value<'_> {
    /// As it is sent.
    fn sent(self) -> AnyValue {
        let value = match self {
            Self::Text(text) => Sent::StringValue(text.into_owned()),
            Self::Int(number) => Sent::IntValue(number),
            Self::Real(number) => Sent::DoubleValue(number),
            Self::Bool(so) => Sent::BoolValue(so),
        };
        AnyValue { value: Some(value) }
    }
}

/// An attribute as it is sent.
pub fn attribute(key: impl Into<String>, value: impl Into<Value<'static>>) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(value.into().sent()),
        ..KeyValue::default()
    }
}

/// Nanoseconds since 1970, as OTLP has times.
pub fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    nanos(since.unwrap_or_default())
}

/// A time in nanoseconds.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
