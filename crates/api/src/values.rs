//! Values that may be secret: they are there to be used, `Debug` does not show them, and they are overwritten when they
//! are dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

use zeroize::Zeroize;

use crate::spec::KeysOnly;

/// Texts by name; `Debug` shows the names alone. What is put in the place of another text is the business of whoever does so:
/// [`Values::take_over`] overwrites that one too.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

/// One text; `Debug` shows only that there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Values {
    /// The values as a plain map, which nobody overwrites.
    pub fn into_map(mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.0)
    }

    /// Takes over all values of another; those that were here under the same names are overwritten.
    pub fn take_over(&mut self, other: impl Into<Self>) {
        for (name, value) in other.into().into_map() {
            if let Some(mut before) = self.0.insert(name, value) {
                before.zeroize();
            }
        }
    }
}

impl From<BTreeMap<String, String>> for Values {
    fn from(values: BTreeMap<String, String>) -> Self {
        Self(values)
    }
}

impl Deref for Values {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Values {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<(String, String)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<const N: usize> From<[(String, String); N]> for Values {
    fn from(values: [(String, String); N]) -> Self {
        Self(values.into())
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        KeysOnly(&self.0).fmt(f)
    }
}

impl Secret {
    /// Wraps a text that must not be shown.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Values;

    fn values(of: &[(&str, &str)]) -> Values {
        let owned = of.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        owned.collect()
    }

    #[test]
    fn what_is_taken_over_wins_and_the_rest_stays() {
        let mut here = values(&[("a", "1"), ("b", "2")]);
        here.take_over(values(&[("b", "3"), ("c", "4")]));
        assert_eq!(here, values(&[("a", "1"), ("b", "3"), ("c", "4")]));
    }

    #[test]
    fn nothing_shows_a_value() {
        assert_eq!(format!("{:?}", values(&[("a", "hunter2")])), "{\"a\"}");
    }
}
