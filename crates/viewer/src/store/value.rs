//! Values of attributes, as the text that is shown, and cut to size: a value may be nested and long.

use std::fmt::{self, Write};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde::Serialize;

/// Bytes of a name.
pub(crate) const NAME_MAX: usize = 512;
/// Bytes of a value, and of a log line.
pub(crate) const VALUE_MAX: usize = 8 << 10;
/// Attributes of one record.
const ATTRIBUTES_MAX: usize = 128;
/// Bytes of all attributes of one record.
const ATTRIBUTES_BYTES_MAX: usize = 64 << 10;
/// What one attribute costs beside its text.
const ATTRIBUTE_BYTES: usize = 64;

/// Attributes in their order, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(crate) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// Takes them as they were sent.
    pub(crate) fn new(sent: Vec<KeyValue>) -> Self {
        let mut left = ATTRIBUTES_BYTES_MAX;
        let mut kept = Vec::new();
        for attribute in sent.into_iter().take(ATTRIBUTES_MAX) {
            let key = cut(attribute.key, NAME_MAX);
            let value = attribute.value.map(text).unwrap_or_default();
            let size = key.len() + value.len() + ATTRIBUTE_BYTES;
            let Some(rest) = left.checked_sub(size) else {
                break;
            };
            left = rest;
            kept.push((key, value));
        }
        kept.shrink_to_fit();
        Self(kept)
    }

    /// Attributes of our own.
    pub(crate) fn of<const N: usize>(own: [(&str, String); N]) -> Self {
        Self(own.map(|(key, value)| (key.to_owned(), value)).into())
    }

    /// The value under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == key)?;
        Some(&found.1)
    }

    pub(crate) fn sort(&mut self) {
        self.0.sort();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Whether a key or a value contains a text in lower case.
    pub(crate) fn contain(&self, text: &str) -> bool {
        self.iter()
            .any(|(key, value)| contains(key, text) || contains(value, text))
    }

    /// What they cost in memory.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.0.iter().map(|(key, value)| key.len() + value.len());
        texts.sum::<usize>() + self.0.len() * ATTRIBUTE_BYTES
    }
}

/// Whether a text contains another one, which is in lower case, whatever the case of the first.
pub(crate) fn contains(text: &str, lower: &str) -> bool {
    lower.is_empty() || text.to_lowercase().contains(lower)
}

/// The text of a value.
pub(crate) fn text(value: AnyValue) -> String {
    match value.value {
        None => String::new(),
        Some(Value::StringValue(text)) => cut(text, VALUE_MAX),
        Some(value) => {
            let mut room = Room::default();
            // It fails when the room is full, and what fitted is shown.
            let _ = write_value(&mut room, &value);
            room.0
        }
    }
}

/// A text of at most so many bytes.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max.saturating_sub('…'.len_utf8())));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Text with an end.
#[derive(Default)]
struct Room(String);

impl Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() <= VALUE_MAX {
            self.0.push_str(text);
            return Ok(());
        }
        let fits = text.floor_char_boundary(VALUE_MAX.saturating_sub(self.0.len()));
        self.0.push_str(text.get(..fits).unwrap_or_default());
        self.0.push('…');
        Err(fmt::Error)
    }
}

/// Writes a value like JSON. Depth is bounded by who decoded it.
fn write_value(to: &mut Room, value: &Value) -> fmt::Result {
    match value {
        Value::StringValue(text) => write!(to, "{text:?}"),
        Value::BoolValue(value) => write!(to, "{value}"),
        Value::IntValue(value) => write!(to, "{value}"),
        Value::DoubleValue(value) => write!(to, "{value}"),
        Value::BytesValue(bytes) => bytes.iter().try_for_each(|byte| write!(to, "{byte:02x}")),
        Value::ArrayValue(array) => {
            to.write_char('[')?;
            for (index, value) in array.values.iter().enumerate() {
                separate(to, index)?;
                write_any(to, Some(value))?;
            }
            to.write_char(']')
        }
        Value::KvlistValue(list) => {
            to.write_char('{')?;
            for (index, entry) in list.values.iter().enumerate() {
                separate(to, index)?;
                write!(to, "{:?}: ", entry.key)?;
                write_any(to, entry.value.as_ref())?;
            }
            to.write_char('}')
        }
        // A place in a table of texts that profiles alone have.
        Value::StringValueStrindex(_) => to.write_str("?"),
    }
}

fn write_any(to: &mut Room, value: Option<&AnyValue>) -> fmt::Result {
    match value.and_then(|value| value.value.as_ref()) {
        Some(value) => write_value(to, value),
        None => to.write_str("null"),
    }
}

fn separate(to: &mut Room, index: usize) -> fmt::Result {
    if index > 0 {
        to.write_str(", ")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
