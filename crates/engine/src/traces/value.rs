//! Values of attributes as guests write them: JSON, since WIT has no types that contain themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use weft_caps::otel::types;
use weft_telemetry::limits::SpanLimits;
use weft_telemetry::proto::common::v1::any_value::Value;
use weft_telemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};

/// Lists and mappings in each other. Decoders of protobuf give up at a hundred messages in each other, of which each of
/// these is two or three, and with one value they would refuse all that is sent together, that of others too.
const DEPTH: usize = 16;

/// What a string with bytes begins with.
const BYTES: &str = "{base64}:";

/// Attributes within their limits, and how many were left out.
pub(super) fn attributes(given: Vec<types::KeyValue>, limits: &SpanLimits) -> (Vec<KeyValue>, u32) {
    let left_out = given.len().saturating_sub(limits.attributes);
    let kept = given.into_iter().take(limits.attributes);
    let kept = kept.map(|attribute| KeyValue {
        key: text(attribute.key, limits),
        value: Some(value(attribute.value, limits)),
        ..KeyValue::default()
    });
    (kept.collect(), u32::try_from(left_out).unwrap_or(u32::MAX))
}

/// A text within its limit.
pub(super) fn text(mut text: String, limits: &SpanLimits) -> String {
    if text.len() > limits.value_length
        && let Some((end, _)) = text.char_indices().nth(limits.value_length)
    {
        text.truncate(end);
        // A copy of megabytes is not kept for what is left of it.
        text.shrink_to_fit();
    }
    text
}

/// A value; what is no JSON is the text that it is.
pub(super) fn value(given: String, limits: &SpanLimits) -> AnyValue {
    // A document that is much longer than a value may be is not worth reading.
    let worth = given.len() <= limits.value_length.saturating_mul(4).max(64);
    let parsed = worth.then(|| serde_json::from_str(&given).ok()).flatten();
    match parsed {
        Some(json) => any(json, limits, DEPTH),
        None => AnyValue {
            value: Some(Value::StringValue(text(given, limits))),
        },
    }
}

/// A value; what is deeper than so many levels is text.
fn any(json: Json, limits: &SpanLimits, depth: usize) -> AnyValue {
    let Some(below) = depth.checked_sub(1) else {
        return AnyValue {
            value: Some(Value::StringValue(text(json.to_string(), limits))),
        };
    };
    let value = match json {
        Json::Null => None,
        Json::Bool(so) => Some(Value::BoolValue(so)),
        Json::Number(number) => Some(match number.as_i64() {
            Some(whole) => Value::IntValue(whole),
            None => Value::DoubleValue(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Json::String(string) => Some(
            match string
                .strip_prefix(BYTES)
                .map(|bytes| STANDARD.decode(bytes))
            {
                Some(Ok(mut bytes)) => {
                    bytes.truncate(limits.value_length);
                    Value::BytesValue(bytes)
                }
                Some(Err(_)) | None => Value::StringValue(text(string, limits)),
            },
        ),
        Json::Array(values) => Some(Value::ArrayValue(ArrayValue {
            values: values
                .into_iter()
                .take(limits.attributes)
                .map(|value| any(value, limits, below))
                .collect(),
        })),
        Json::Object(members) => Some(Value::KvlistValue(KeyValueList {
            values: members
                .into_iter()
                .take(limits.attributes)
                .map(|(key, value)| KeyValue {
                    key: text(key, limits),
                    value: Some(any(value, limits, below)),
                    ..KeyValue::default()
                })
                .collect(),
        })),
    };
    AnyValue { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> Option<Value> {
        value(given.to_owned(), &SpanLimits::default()).value
    }

    fn levels(value: &AnyValue) -> usize {
        let below = match &value.value {
            Some(Value::ArrayValue(array)) => array.values.first(),
            Some(Value::KvlistValue(list)) => {
                list.values.first().and_then(|one| one.value.as_ref())
            }
            _ => None,
        };
        1 + below.map_or(0, levels)
    }

    #[test]
    fn values_are_json_and_what_is_not_is_text() {
        let string = |text: &str| Some(Value::StringValue(text.to_owned()));
        assert_eq!(read("\"a\""), string("a"));
        assert_eq!(read("a"), string("a"));
        assert_eq!(read("5"), Some(Value::IntValue(5)));
        assert_eq!(read("0.5"), Some(Value::DoubleValue(0.5)));
        assert_eq!(
            read("18446744073709551615"),
            Some(Value::DoubleValue(18446744073709551615.0))
        );
        assert_eq!(read("true"), Some(Value::BoolValue(true)));
        assert_eq!(read("null"), None);
        assert_eq!(
            read("\"{base64}:AQI=\""),
            Some(Value::BytesValue(vec![1, 2]))
        );
        assert_eq!(read("\"{base64}:?\""), string("{base64}:?"));
        assert!(
            matches!(read("[1, {\"a\": 2}]"), Some(Value::ArrayValue(array)) if array.values.len() == 2)
        );
    }

    #[test]
    fn what_is_too_long_is_cut_and_too_deep_is_text() {
        let long = "x".repeat(1 << 20);
        assert!(matches!(read(&long), Some(Value::StringValue(text)) if text.len() == 4096));
        let deep = "[".repeat(10_000);
        assert!(matches!(read(&deep), Some(Value::StringValue(_))));
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(100), close.repeat(100));
            let deep = value(deep, &SpanLimits::default());
            assert!(matches!(
                deep.value,
                Some(Value::ArrayValue(_) | Value::KvlistValue(_))
            ));
            assert_eq!(levels(&deep), DEPTH + 1);
        }
        let wide = format!("[{}]", vec!["1"; 2_000].join(","));
        assert!(matches!(read(&wide), Some(Value::ArrayValue(array)) if array.values.len() == 128));
    }
}
