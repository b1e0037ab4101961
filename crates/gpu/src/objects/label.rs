//! The name that a guest gives to an object, for people only.

use std::sync::{Mutex, PoisonError};

/// A label that can be changed.
#[derive(Debug, Default)]
pub(crate) struct Label(Mutex<String>);

impl Label {
    pub(crate) fn new(label: Option<&String>) -> Self {
        Self(Mutex::new(label.cloned().unwrap_or_default()))
    }

    pub(crate) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set(&self, label: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = label;
    }
}
