//! Who something is said about: the attributes that all data of one source have in common, shared and never copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::resource::v1::Resource as Sent;
use prost::Message;

use crate::value::attribute;

/// A source of data: this host, or a workload on it. Clones are the same.
#[derive(Clone, Debug)]
pub struct Resource(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    attributes: Vec<KeyValue>,
    /// Bytes of those that were added to what many share.
    own_bytes: usize,
    /// What of it waits to be sent: by this it is seen that one workload takes all the room.
    waiting: Arc<AtomicUsize>,
}

impl Resource {
    /// A source with these attributes; of two with the same key the later counts.
    pub fn new<K: Into<String>, V: Into<String>>(
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut own = Vec::new();
        for (key, value) in attributes {
            put(&mut own, attribute(key, value.into()));
        }
        Self(Arc::new(Inner {
            attributes: own,
            own_bytes: 0,
            waiting: Arc::default(),
        }))
    }

    /// The same source with more attributes, which count more than those that it has.
    #[must_use]
    pub fn with(&self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        let mut all = self.0.attributes.clone();
        let mut own_bytes = 0_usize;
        for attribute in attributes {
            own_bytes = own_bytes.saturating_add(attribute.encoded_len().max(1));
            put(&mut all, attribute);
        }
        if own_bytes == 0 {
            return self.clone();
        }
        Self(Arc::new(Inner {
            attributes: all,
            own_bytes: self.0.own_bytes.saturating_add(own_bytes),
            waiting: Arc::clone(&self.0.waiting),
        }))
    }

    /// Bytes of what was added to those that many share.
    pub(crate) fn own_bytes(&self) -> usize {
        self.0.own_bytes
    }

    /// The value of a text attribute.
    pub fn text(&self, key: &str) -> Option<&str> {
        use opentelemetry_proto::tonic::common::v1::any_value::Value;
        let found = self.0.attributes.iter().find(|one| one.key == key)?;
        match found.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn sent(&self) -> Sent {
        Sent {
            attributes: self.0.attributes.clone(),
            ..Sent::default()
        }
    }

    /// What tells it from others, cheaply.
    pub(crate) fn key(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.attributes == other.0.attributes
    }

    /// How much of it waits.
    pub(crate) fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn enters(&self) {
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn leaves(&self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn put(attributes: &mut Vec<KeyValue>, new: KeyValue) {
    match attributes.iter_mut().find(|one| one.key == new.key) {
        Some(old) => *old = new,
        None => attributes.push(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_attributes_with_one_key_the_later_counts() {
        let resource = Resource::new([("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(resource.text("a"), Some("3"));
        let more = resource.with([attribute("b", "4"), attribute("c", 5_i64)]);
        assert_eq!((more.text("b"), more.text("a")), (Some("4"), Some("3")));
        assert_eq!(resource.text("b"), Some("2"));
    }

    #[test]
    fn what_waits_of_a_source_counts_whatever_else_it_says_of_itself() {
        let resource = Resource::new([("a", "1")]);
        resource.with([attribute("b", "2")]).enters();
        assert_eq!(resource.waiting(), 1);
    }
}
