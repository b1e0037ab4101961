//! The text of a project file as a tree of places: for messages that say in which line something is asked for, and for
//! showing what a file says.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroize;

use crate::document::{Node, Span, Value};

/// A value of a project file with its line. `Debug` leaves the values out: they may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The line of the value's key, or of the value where it has none; counted from 1.
    pub line: usize,
    /// What is there.
    pub content: Content,
}

/// What a value of a project file is.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: a key without a value.
    Nothing,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text, and whatever else is written as one word.
    Text(String),
    /// A list.
    List(Vec<Outline>),
    /// A mapping, in the order of the file.
    Map(Vec<(String, Outline)>),
}

/// A text, number or boolean of a project file.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// The keys that lead to it; the items of a list have their number.
    pub path: Vec<String>,
    /// The value: no list and no mapping.
    pub value: &'a Content,
    /// The line, counted from 1.
    pub line: usize,
}

impl Drop for Content {
    /// Overwrites a text: it may be a secret.
    fn drop(&mut self) {
        if let Self::Text(text) = self {
            text.zeroize();
        }
    }
}

impl Outline {
    pub(super) fn new(node: &Node, text: &str) -> Self {
        let breaks = text.match_indices('\n').map(|(offset, _)| offset);
        let breaks: Vec<usize> = breaks.collect();
        Self::at(node, node.span, &breaks)
    }

    fn at(node: &Node, place: Span, breaks: &[usize]) -> Self {
        let content = match &node.value {
            Value::Null => Content::Nothing,
            Value::Boolean(value) => Content::Boolean(*value),
            Value::Integer(value) => Content::Integer(*value),
            Value::Other(_, text) | Value::Text(text) => Content::Text(text.clone()),
            Value::List(items) => {
                let items = items.iter().map(|item| Self::at(item, item.span, breaks));
                Content::List(items.collect())
            }
            Value::Map(entries) => {
                let entries = entries.iter().map(|entry| {
                    let value = Self::at(&entry.value, entry.key_span, breaks);
                    (entry.key.clone(), value)
                });
                Content::Map(entries.collect())
            }
        };
        let before = breaks.partition_point(|offset| *offset < place.start);
        Self {
            line: before.saturating_add(1),
            content,
        }
    }

    /// What is at a path; the items of a list have their number.
    pub fn get(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let next = match &self.content {
            Content::Nothing | Content::Boolean(_) | Content::Integer(_) | Content::Text(_) => None,
            Content::List(items) => items.get(first.parse::<usize>().ok()?),
            Content::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == first)
                .map(|(_, value)| value),
        };
        next?.get(rest)
    }

    /// The line of what is at a path, or of the nearest thing above it.
    pub fn line_of(&self, path: &[&str]) -> usize {
        let nearest = (0..=path.len())
            .rev()
            .find_map(|length| self.get(path.get(..length)?));
        nearest.map_or(1, |found| found.line)
    }

    /// The texts of a mapping at a path, with the line of each.
    pub fn lines_of_keys(&self, path: &[&str]) -> BTreeMap<&str, usize> {
        match self.get(path).map(|found| &found.content) {
            Some(Content::Map(entries)) => entries
                .iter()
                .map(|(key, value)| (key.as_str(), value.line))
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    /// Everything that has a value, in the order of the file.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        self.collect(&mut Vec::new(), &mut leaves);
        leaves
    }

    fn collect<'a>(&'a self, path: &mut Vec<String>, leaves: &mut Vec<Leaf<'a>>) {
        let mut within = |step: String, inner: &'a Self| {
            path.push(step);
            inner.collect(path, leaves);
            path.pop();
        };
        match &self.content {
            Content::Nothing | Content::Boolean(_) | Content::Integer(_) | Content::Text(_) => {
                leaves.push(Leaf {
                    path: path.clone(),
                    value: &self.content,
                    line: self.line,
                });
            }
            Content::List(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, item)| within(index.to_string(), item));
            }
            Content::Map(entries) => {
                let entries = entries.iter();
                entries.for_each(|(key, value)| within(key.clone(), value));
            }
        }
    }
}

impl fmt::Display for Content {
    /// The value as text; lists and mappings are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Nothing | Self::List(_) | Self::Map(_) => Ok(()),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Map(Vec::new())
    }
}

impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.line, self.content)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing | Self::Boolean(_) | Self::Integer(_) | Self::Text(_) => f.write_str("…"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key, value));
                f.debug_map().entries(entries).finish()
            }
        }
    }
}

#[cfg(test)]
mod tests;
