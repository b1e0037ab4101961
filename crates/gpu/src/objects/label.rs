//! The name that a guest gives to an object, for people only.

use std::sync::{Mutex, PoisonError};

/// Bytes of a label that are kept. WebGPU sets no bound; without one, what guests call their objects would be memory of the
/// host that nobody pays for.
const LONGEST: usize = 256;

/// A label that can be changed.
#[derive(Debug, Default)]
pub(crate) struct Label(Mutex<String>);

impl Label {
    pub(crate) fn new(label: Option<&String>) -> Self {
        Self(Mutex::new(
            label.map_or_else(String::new, |label| kept(label)),
        ))
    }

    pub(crate) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set(&self, mut label: String) {
        label.truncate(label.floor_char_boundary(LONGEST));
        label.shrink_to_fit();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = label;
    }
}

/// The beginning of it, in memory of its own size.
fn kept(label: &str) -> String {
    label
        .get(..label.floor_char_boundary(LONGEST))
        .unwrap_or_default()
        .to_owned()
}
