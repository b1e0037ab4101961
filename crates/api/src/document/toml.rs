//! TOML to a tree. The parser limits nesting by itself, and TOML has no aliases.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::{DEPTH_MAX, Entry, Node, Span, Value, readable, too_deep};

/// Reads a file. All syntax errors are reported.
pub(crate) fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    if !readable(text, problems) {
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().map_or_else(Span::default, |range| Span {
            start: range.start,
            end: range.end,
        });
        problems.push(Problem::at(
            span,
            format!(
                "the TOML is not well-formed here: {}; correct this line, which TOML cannot read",
                error.message()
            ),
        ));
    }
    let span = span_of(&table);
    let table = DeValue::Table(table.into_inner());
    if errors.is_empty() && height(&table) > DEPTH_MAX {
        problems.push(Problem::at(Span::default(), too_deep()));
    }
    if !problems.is_empty() {
        take_apart(table);
        return None;
    }
    Some(node(Spanned::new(span.start..span.end, table)))
}

/// How deep a value nests. Dotted keys nest without limit in the parser, so this must not recurse.
fn height(root: &DeValue<'_>) -> usize {
    let mut highest = 0;
    let mut open = vec![(root, 1)];
    while let Some((value, level)) = open.pop() {
        highest = highest.max(level);
        match value {
            DeValue::Array(items) => {
                open.extend(items.iter().map(|item| (item.get_ref(), level + 1)))
            }
            DeValue::Table(table) => {
                open.extend(table.values().map(|item| (item.get_ref(), level + 1)))
            }
            _ => {}
        }
    }
    highest
}

/// Frees a value that may nest too deep to be dropped by recursion.
fn take_apart(root: DeValue<'_>) {
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            DeValue::Array(items) => open.extend(items.into_iter().map(Spanned::into_inner)),
            DeValue::Table(table) => {
                open.extend(table.into_iter().map(|(_, item)| item.into_inner()))
            }
            _ => {}
        }
    }
}

fn span_of<T>(spanned: &Spanned<T>) -> Span {
    let range = spanned.span();
    Span {
        start: range.start,
        end: range.end,
    }
}

fn node(spanned: Spanned<DeValue<'_>>) -> Node {
    let span = span_of(&spanned);
    let value = match spanned.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Other("a number", number.as_str().to_owned()),
        },
        DeValue::Float(number) => Value::Other("a number", number.as_str().to_owned()),
        DeValue::Datetime(moment) => Value::Other("a date", moment.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(table) => map(table),
    };
    Node { span, value }
}

/// TOML's parser sorts by key; the order of the file is put back, which lists of known names and messages follow.
fn map(table: DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| {
            let key_span = span_of(&key);
            Entry {
                key: key.into_inner().into_owned(),
                key_span,
                value: node(value),
            }
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Value::Map(entries)
}
