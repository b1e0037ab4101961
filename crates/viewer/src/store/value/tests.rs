//! Values are shown as text and never longer than they may be.

use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValueList};

use super::*;

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn string(text: &str) -> AnyValue {
    any(Value::StringValue(text.to_owned()))
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..KeyValue::default()
    }
}

#[test]
fn every_kind_of_value_is_shown() {
    let array = Value::ArrayValue(ArrayValue {
        values: vec![
            string("a\"b"),
            any(Value::IntValue(-1)),
            AnyValue::default(),
        ],
    });
    let list = Value::KvlistValue(KeyValueList {
        values: vec![
            pair("k", any(array.clone())),
            pair("b", any(Value::BoolValue(true))),
        ],
    });
    for (value, expected) in [
        (Value::StringValue("plain".to_owned()), "plain"),
        (Value::IntValue(i64::MIN), "-9223372036854775808"),
        (Value::DoubleValue(0.5), "0.5"),
        (Value::BytesValue(vec![0, 255]), "00ff"),
        (array, "[\"a\\\"b\", -1, null]"),
        (list, "{\"k\": [\"a\\\"b\", -1, null], \"b\": true}"),
    ] {
        assert_eq!(text(any(value)), expected);
    }
    assert_eq!(text(AnyValue::default()), "");
}

#[test]
fn long_values_are_cut_between_characters() {
    let long = "ä".repeat(VALUE_MAX);
    assert!(text(string(&long)).len() <= VALUE_MAX);
    assert!(text(string(&long)).ends_with('…'));
    let nested = any(Value::ArrayValue(ArrayValue {
        values: vec![string(&long); 10],
    }));
    assert!(text(nested).len() <= VALUE_MAX + '…'.len_utf8());
    assert_eq!(cut("abc".to_owned(), 3), "abc");
    assert_eq!(cut("abcdef".to_owned(), 5), "ab…");
    assert_eq!(cut("ää".to_owned(), 2), "…");
}

#[test]
fn many_and_large_attributes_are_cut() {
    let many = (0..1000)
        .map(|index| pair(&index.to_string(), string("x")))
        .collect();
    assert_eq!(Attributes::new(many).iter().count(), ATTRIBUTES_MAX);
    let large = vec![pair("k", string(&"x".repeat(VALUE_MAX))); 100];
    assert!(Attributes::new(large).bytes() <= ATTRIBUTES_BYTES_MAX);
}
