//! Values that are written in the project file itself.

use std::collections::BTreeMap;

use super::{Answer, Provider, Reading, Version, ready};
use crate::secret::Secret;

/// Values by name, each with its place.
#[derive(Debug, Default)]
pub struct Inline {
    values: BTreeMap<String, (Secret, String)>,
    origin: String,
}

impl Inline {
    /// Values with the place of each, such as `weft.yaml:7`; `origin` is the place of them all.
    pub fn new(values: BTreeMap<String, (Secret, String)>, origin: impl Into<String>) -> Self {
        Self {
            values,
            origin: origin.into(),
        }
    }
}

impl Provider for Inline {
    fn names(&self) -> Answer<'_, Vec<String>> {
        ready(Ok(self.values.keys().cloned().collect()))
    }

    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>> {
        let found = self.values.get(name).map(|(value, origin)| Reading {
            value: value.clone(),
            version: Version::new("inline"),
            origin: origin.clone(),
        });
        ready(Ok(found))
    }

    fn origin(&self) -> String {
        self.origin.clone()
    }
}
