//! The form in which OTLP is sent, protobuf, written as it is made: a span or a log record of the host becomes its bytes on
//! the thread that makes it. Messages made of structures first would be some fifty small pieces of memory for each
//! request, which another thread gives back.

use prost::encoding::{WireType, encode_key, encode_varint};

use crate::value::Value;

/// Bytes that most spans and log lines fit in.
const USUAL: usize = 640;

/// Fields of a message, one after the other.
#[derive(Debug)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// One that has no fields yet.
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(USUAL))
    }

    /// What is sent.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn varint(&mut self, tag: u32, value: u64) {
        encode_key(tag, WireType::Varint, &mut self.0);
        encode_varint(value, &mut self.0);
    }

    pub(crate) fn fixed64(&mut self, tag: u32, value: u64) {
        encode_key(tag, WireType::SixtyFourBit, &mut self.0);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn fixed32(&mut self, tag: u32, value: u32) {
        encode_key(tag, WireType::ThirtyTwoBit, &mut self.0);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, tag: u32, value: &[u8]) {
        encode_key(tag, WireType::LengthDelimited, &mut self.0);
        encode_varint(u64::try_from(value.len()).unwrap_or(u64::MAX), &mut self.0);
        self.0.extend_from_slice(value);
    }

    pub(crate) fn text(&mut self, tag: u32, value: &str) {
        self.bytes(tag, value.as_bytes());
    }

    /// A message within this one.
    pub(crate) fn nested(&mut self, tag: u32, write: impl FnOnce(&mut Self)) {
        encode_key(tag, WireType::LengthDelimited, &mut self.0);
        let place = self.0.len();
        self.0.push(0);
        let start = self.0.len();
        write(self);
        let length = self.0.len().saturating_sub(start);
        match (u8::try_from(length), self.0.get_mut(place)) {
            // Nearly all: the length is one byte, for which there is room.
            (Ok(short), Some(room)) if short < 0x80 => *room = short,
            _ => {
                let mut long = Vec::with_capacity(10);
                encode_varint(u64::try_from(length).unwrap_or(u64::MAX), &mut long);
                self.0.splice(place..start, long);
            }
        }
    }

    /// An attribute: its key and value, the latter cut to so many characters.
    pub(crate) fn attribute(&mut self, tag: u32, key: &str, value: &Value<'_>, longest: usize) {
        self.nested(tag, |pair| {
            pair.text(1, key);
            pair.nested(2, |any| match value {
                Value::Text(text) => any.text(1, beginning(text, longest)),
                Value::Bool(so) => any.varint(2, u64::from(*so)),
                Value::Int(number) => any.varint(3, number.cast_unsigned()),
                Value::Real(number) => any.fixed64(4, number.to_bits()),
            });
        });
    }
}

/// The beginning of a text, of so many characters at most.
pub(crate) fn beginning(text: &str, longest: usize) -> &str {
    // There are never more characters than bytes.
    if text.len() <= longest {
        return text;
    }
    let end = text.char_indices().nth(longest).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::KeyValue;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;
    use crate::value::attribute;

    fn value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            ".{0,300}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            (-1e300..1e300).prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn attributes_are_what_a_library_reads_in_them(all in prop::collection::vec((".{0,200}", value()), 0..20)) {
            let mut written = Message::new();
            for (key, value) in &all {
                written.attribute(9, key, value, usize::MAX);
            }
            let read = Span::decode(written.into_bytes().as_slice()).unwrap();
            let expected: Vec<KeyValue> = all.into_iter().map(|(key, value)| attribute(key, value)).collect();
            prop_assert_eq!(read.attributes, expected);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(beginning("naïveté", 3), "naï");
        assert_eq!(beginning("naïveté", 7), "naïveté");
        assert_eq!(beginning("naïveté", 0), "");
    }
}
