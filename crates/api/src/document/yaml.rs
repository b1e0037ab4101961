//! YAML to trees: one for each document of the file, aliases expanded within a budget.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Tag};

use super::problem::{Problem, Problems, shown};
use super::{Budget, DEPTH_MAX, Entry, Node, Span, Value, readable, too_deep, without_duplicates};

/// Reads all documents of a file. A document with a syntax error is reported and left out; the next ones are still
/// read. Empty documents (two `---` in a row) are left out.
pub(crate) fn parse(text: &str, problems: &mut Problems) -> Vec<Node> {
    if !readable(text, problems) {
        return Vec::new();
    }
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    options.set_emit_comments(false);
    let mut builder = Builder {
        text,
        problems,
        documents: Vec::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        budget: Budget::new(),
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    loop {
        let step = match parser.next_event() {
            None => break,
            Some(Ok((event, span))) => builder.event(event, bytes(&span)),
            Some(Err(error)) => {
                builder.syntax_error(&error);
                Next::Document
            }
        };
        match step {
            Next::Event => {}
            Next::Stop => break,
            Next::Document => {
                builder.abandon();
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    builder.documents
}

/// How to go on after an event.
enum Next {
    Event,
    /// Give this document up and look at the next one.
    Document,
    Stop,
}

/// A list or mapping that has not ended yet.
struct Open {
    span: Span,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Span)>,
    },
}

struct Builder<'t, 'p> {
    text: &'t str,
    problems: &'p mut Problems,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    budget: Budget,
}

impl Builder<'_, '_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Next {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                self.node(Node { span, value }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.start(span, anchor, Kind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.start(
                span,
                anchor,
                Kind::Map {
                    entries: Vec::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::DocumentEnd => {
                self.anchors.clear();
                Next::Event
            }
            _ => Next::Event,
        }
    }

    fn start(&mut self, span: Span, anchor: usize, kind: Kind) -> Next {
        self.open.push(Open { span, anchor, kind });
        Next::Event
    }

    fn end(&mut self, span: Span) -> Next {
        let Some(open) = self.open.pop() else {
            return Next::Document;
        };
        let value = match open.kind {
            Kind::List(items) => Value::List(items),
            Kind::Map { entries, .. } => Value::Map(without_duplicates(entries, self.problems)),
        };
        let end = span.end.max(open.span.end);
        self.node(
            Node {
                span: Span {
                    start: open.span.start,
                    end,
                },
                value,
            },
            open.anchor,
        )
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Next {
        let Some(target) = self.anchors.get(&anchor) else {
            let message = format!(
                "the alias `{}` stands inside the value that it refers to",
                self.slice(span)
            );
            self.problems
                .push(Problem::at(span, message).help("write the value out"));
            return Next::Document;
        };
        if self.open.len() + target.height() > DEPTH_MAX {
            self.problems.push(Problem::at(span, too_deep()));
            return Next::Document;
        }
        if !self.budget.pay_tree(target) {
            return self.too_large(span);
        }
        let copy = target.clone();
        self.node(copy, 0)
    }

    /// Puts a finished value where it belongs.
    fn node(&mut self, node: Node, anchor: usize) -> Next {
        let text = match &node.value {
            Value::Text(text) | Value::Other(_, text) => text.len(),
            _ => 0,
        };
        let span = node.span;
        if !self.budget.pay(text) {
            return self.too_large(span);
        }
        if anchor != 0 {
            if !self.budget.pay_tree(&node) {
                return self.too_large(span);
            }
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => {
                if node.value != Value::Null {
                    self.documents.push(node);
                }
            }
            Some(Kind::List(items)) => items.push(node),
            Some(Kind::Map { entries, key }) => match key.take() {
                Some((key, key_span)) => entries.push(Entry {
                    key,
                    key_span,
                    value: node,
                }),
                None => match key_text(node) {
                    Ok(text) => *key = Some((text, span)),
                    Err(kind) => {
                        let message = format!(
                            "a key must be text, but this one is {kind}; put text that begins with `[` or `{{` in quotes"
                        );
                        self.problems.push(Problem::at(span, message));
                        return Next::Document;
                    }
                },
            },
        }
        Next::Event
    }

    fn too_large(&mut self, span: Span) -> Next {
        self.problems.push(
            Problem::at(
                span,
                "the document grows too large here: its values and aliases need more than 48 MiB",
            )
            .help("use fewer values, and no alias of an alias"),
        );
        Next::Stop
    }

    fn abandon(&mut self) {
        self.open.clear();
        self.anchors.clear();
    }

    fn slice(&self, span: Span) -> String {
        shown(self.text.get(span.start..span.end).unwrap_or_default())
    }

    fn syntax_error(&mut self, error: &ScanError) {
        let marker = error.marker();
        let start = marker.byte_offset().unwrap_or_else(|| {
            self.text
                .char_indices()
                .nth(marker.index())
                .map_or(self.text.len(), |(offset, _)| offset)
        });
        // A tab is found out at the character behind it.
        let behind_tab = self
            .text
            .get(..start)
            .is_some_and(|before| before.ends_with('\t'));
        let start = if behind_tab { start - 1 } else { start };
        let (message, help) = explain(error.kind());
        self.problems.push(
            Problem::at(
                Span {
                    start,
                    end: start + 1,
                },
                message,
            )
            .maybe_help(help.map(str::to_owned)),
        );
    }
}

fn bytes(span: &granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or_default();
    Span {
        start: range.start,
        end: range.end,
    }
}

/// A key as text, or the kind of value that can't be a key.
fn key_text(node: Node) -> Result<String, &'static str> {
    match node.value {
        Value::Text(text) | Value::Other(_, text) => Ok(text),
        Value::Boolean(value) => Ok(value.to_string()),
        Value::Integer(value) => Ok(value.to_string()),
        Value::Null => Ok("null".to_owned()),
        value @ (Value::List(_) | Value::Map(_)) => Err(value.kind()),
    }
}

/// What a scalar means in YAML's core schema.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let forced_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
    if forced_text || style != ScalarStyle::Plain {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Boolean(true),
        "false" | "False" | "FALSE" => return Value::Boolean(false),
        _ => {}
    }
    match (integer(text), is_float(text)) {
        (Some(value), _) => Value::Integer(value),
        (None, true) => Value::Other("a number", text.to_owned()),
        (None, false) => Value::Text(text.to_owned()),
    }
}

fn integer(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok();
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits, 8).ok();
    }
    text.parse().ok()
}

/// A decimal number with a fraction or exponent, or one that is too large for an integer.
fn is_float(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let special = matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    let numeric = digits
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok();
    special || numeric
}

/// The parser's finding in plainer words, with what to do.
fn explain(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let tabs = Some("replace the tabs by spaces");
    let indent = Some("check the indentation of this line and of the lines before it");
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => ("YAML does not allow a tab here".to_owned(), tabs),
        ErrorKind::RecursionLimitExceeded => (too_deep(), None),
        ErrorKind::UnknownAnchor => (
            "this alias (`*name`) refers to no anchor (`&name`) before it".to_owned(),
            Some("quote text that starts with `*`"),
        ),
        ErrorKind::InvalidSimpleKey | ErrorKind::SimpleKeyExpected => (
            "expected `key: value`, but this line has no `:`".to_owned(),
            Some("a key is followed by a colon and a space"),
        ),
        ErrorKind::MappingValueNotAllowed => (
            "a `:` is not allowed here".to_owned(),
            Some("quote text that holds `: `, and check the indentation"),
        ),
        ErrorKind::UnclosedQuotedScalar => (
            "this quote is never closed".to_owned(),
            Some("write the same quote at the end of the text"),
        ),
        ErrorKind::UnclosedFlowCollection { open } => (
            format!("this `{open}` is never closed"),
            Some("write the bracket that closes it behind the last item"),
        ),
        ErrorKind::ExpectedBlockMappingKey => (
            "expected a `key: value` of the mapping here".to_owned(),
            indent,
        ),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("expected a `- ` of the list here".to_owned(), indent)
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed => {
            (format!("the YAML is not well-formed here: {kind}"), indent)
        }
        ErrorKind::UnexpectedCharacter { character } => (
            format!("the character `{character}` can't start a value"),
            Some("quote the text"),
        ),
        other => (format!("the YAML is not well-formed here: {other}"), indent),
    }
}
