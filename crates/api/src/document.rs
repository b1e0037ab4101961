//! A document as a tree of values that know their place: YAML, JSON and TOML all become this before anyone looks at
//! what they mean, so that every later message can point at a line.

pub(crate) mod decode;
mod json;
mod mask;
pub(crate) mod problem;
mod toml;
mod yaml;

pub(crate) use json::parse as parse_json;
pub(crate) use toml::parse as parse_toml;
pub(crate) use yaml::parse as parse_yaml;

use zeroize::Zeroize;

use self::problem::{Problem, Problems};

/// Files beyond this size are refused unread. Kubernetes itself refuses objects above 1.5 MiB.
const FILE_MAX: usize = 4 * 1024 * 1024;
/// How deep lists and mappings may nest; a real manifest needs less than 12.
const DEPTH_MAX: usize = 64;
/// What the tree may cost in bytes. YAML aliases multiply text, and a 1-byte list element is a whole node.
const TREE_MAX: usize = 48 * 1024 * 1024;

/// A range of bytes of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number that is not an `i64`, and other scalars that no schema here wants (dates), by their kind and text.
    Other(&'static str, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value; a mapping keeps the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// How deep the value nests; a scalar has height 0.
    fn height(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::height).max().unwrap_or_default(),
            Value::Map(entries) => {
                1 + entries
                    .iter()
                    .map(|entry| entry.value.height())
                    .max()
                    .unwrap_or_default()
            }
            _ => 0,
        }
    }
}

impl Node {
    /// Overwrites all texts: they may be secrets.
    pub(crate) fn wipe(&mut self) {
        match &mut self.value {
            Value::Text(text) | Value::Other(_, text) => text.zeroize(),
            Value::List(items) => items.iter_mut().for_each(Self::wipe),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| entry.value.wipe()),
            Value::Null | Value::Boolean(_) | Value::Integer(_) => {}
        }
    }
}

impl Value {
    /// The kind of value, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a number",
            Self::Other(kind, _) => kind,
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

fn too_deep() -> String {
    format!(
        "lists and mappings nest more than {DEPTH_MAX} levels deep; write the value with fewer levels"
    )
}

/// Refuses what can't be a text document at all, before any parser sees it.
fn readable(text: &str, problems: &mut Problems) -> bool {
    if text.len() > FILE_MAX {
        let size = text.len().div_ceil(1024 * 1024);
        problems.push(
            Problem::at(
                Span::default(),
                format!("the file has {size} MiB, more than the 4 MiB that are read"),
            )
            .help("split it into several files"),
        );
        return false;
    }
    let binary = text.char_indices().find(|(_, c)| is_binary(*c));
    if let Some((offset, character)) = binary {
        let span = Span {
            start: offset,
            end: offset + character.len_utf8(),
        };
        problems.push(
            Problem::at(span, format!("the file is not text: it holds the character {}", character.escape_unicode()))
                .help("a compiled component (`.wasm`) is named by `image: file:./name.wasm` in a manifest"),
        );
    }
    binary.is_none()
}

/// Control characters that no text file holds, and what a lossy reader puts for bytes that are not UTF-8.
fn is_binary(character: char) -> bool {
    character == '\u{fffd}'
        || (character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{85}'))
}

/// Counts what the tree costs, so that a small file can't fill the memory.
struct Budget {
    left: usize,
}

impl Budget {
    fn new() -> Self {
        Self { left: TREE_MAX }
    }

    /// Pays for one node with this much text; `false` when nothing is left.
    fn pay(&mut self, text: usize) -> bool {
        let cost = size_of::<Entry>().saturating_add(text);
        let enough = cost <= self.left;
        self.left = self.left.saturating_sub(cost);
        enough
    }

    /// Pays for a copy of a whole tree.
    fn pay_tree(&mut self, node: &Node) -> bool {
        match &node.value {
            Value::Text(text) | Value::Other(_, text) => self.pay(text.len()),
            Value::Null | Value::Boolean(_) | Value::Integer(_) => self.pay(0),
            Value::List(items) => self.pay(0) && items.iter().all(|item| self.pay_tree(item)),
            Value::Map(entries) => {
                self.pay(0)
                    && entries.iter().all(|entry| {
                        let key = self.pay(entry.key.len());
                        key && self.pay_tree(&entry.value)
                    })
            }
        }
    }
}

/// Keeps the first of entries with the same key and reports the others.
fn without_duplicates(entries: Vec<Entry>, problems: &mut Problems) -> Vec<Entry> {
    let mut first = std::collections::HashMap::with_capacity(entries.len());
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries {
        match first.get(&entry.key) {
            None => {
                first.insert(entry.key.clone(), entry.key_span);
                kept.push(entry);
            }
            Some(span) => problems.push_duplicate(&entry.key, entry.key_span, *span),
        }
    }
    kept
}

#[cfg(test)]
mod tests;
