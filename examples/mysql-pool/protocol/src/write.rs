//! Writing the parts of a body.

use crate::value::Value;

pub(crate) fn u32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_be_bytes());
}

pub(crate) fn u64(out: &mut Vec<u8>, value: u64) {
    out.extend(value.to_be_bytes());
}

/// A length and the bytes. What is longer than a length can say does not fit in a frame either, which `encode` finds.
pub(crate) fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    u32(out, u32::try_from(value.len()).unwrap_or(u32::MAX));
    out.extend(value);
}

pub(crate) fn list<T>(out: &mut Vec<u8>, list: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    u32(out, u32::try_from(list.len()).unwrap_or(u32::MAX));
    list.iter().for_each(|item| write(out, item));
}

pub(crate) fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(value) => out.extend([1, u8::from(*value)]),
        Value::Int(value) => {
            out.push(2);
            u64(out, value.cast_unsigned());
        }
        Value::Float(value) => {
            out.push(3);
            u64(out, value.to_bits());
        }
        Value::Text(text) => {
            out.push(4);
            bytes(out, text.as_bytes());
        }
        Value::Bytes(value) => {
            out.push(5);
            bytes(out, value);
        }
    }
}
