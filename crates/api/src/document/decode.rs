//! Walking a tree towards a typed value, with every problem reported and none fatal: a value that can't be read is
//! simply missing, and the walk goes on.
//!
//! [`Fields`] remembers which names were asked for, so the known names of a mapping are exactly those that are read.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::problem::{Problem, Problems, nearest, shown, suggest};
use super::{Entry, Node, Span, Value};

/// How much of a key a path shows, in characters: keys may be as long as the file.
const KEY_SHOWN_MAX: usize = 64;

/// A value, its place, and the way to it.
#[derive(Clone, Debug)]
pub(crate) struct At<'t> {
    node: &'t Node,
    /// Where to point when the value is wrong: the value itself, or its key where the value is nothing.
    span: Span,
    path: String,
    /// The value may be a secret: messages point at `span` (its key) and never show it.
    secret: bool,
}

impl<'t> At<'t> {
    /// The root of a document.
    pub(crate) fn root(node: &'t Node) -> Self {
        Self {
            node,
            span: node.span,
            path: String::new(),
            secret: false,
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.span
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn value(&self) -> &'t Value {
        &self.node.value
    }

    /// A problem with this value.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::at(self.span, message).path(self.path.clone())
    }

    /// Reports that this is not what was wanted.
    fn wrong(&self, wanted: &str, help: Option<String>, problems: &mut Problems) {
        let found = match &self.node.value {
            _ if self.secret => self.node.value.kind().to_owned(),
            Value::Boolean(value) => format!("the boolean `{value}`"),
            Value::Integer(value) => format!("the number `{value}`"),
            Value::Other(kind, text) => {
                format!("{} `{}`", kind.replacen("a ", "the ", 1), shown(text))
            }
            Value::Text(text) => format!("the text `{}`", shown(text)),
            other => other.kind().to_owned(),
        };
        let example = match wanted {
            "text" => "write a text, in quotes where it could be read as a number",
            "a whole number" => "write digits alone, without quotes or a fraction",
            "a mapping" => "write `name: value` in lines of their own, indented below it",
            "a list" => "a list has one `- item` in each line",
            _ => "write one of the two, without quotes",
        };
        let help = help.unwrap_or_else(|| example.to_owned());
        let name = if self.path.is_empty() {
            "the document"
        } else {
            &format!("`{}`", self.path)
        };
        problems.push(
            self.problem(format!("{name} must be {wanted}, but is {found}"))
                .help(help),
        );
    }

    /// This value as text.
    pub(crate) fn text(&self, problems: &mut Problems) -> Option<&'t str> {
        let raw = match &self.node.value {
            Value::Text(text) => return Some(text),
            Value::Boolean(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Other(_, text) => text.clone(),
            _ => {
                self.wrong("text", None, problems);
                return None;
            }
        };
        let help = if self.secret {
            "put it in quotes".to_owned()
        } else {
            format!("put it in quotes: \"{}\"", shown(&raw))
        };
        self.wrong("text", Some(help), problems);
        None
    }

    /// This value as text that is not empty.
    pub(crate) fn filled(&self, problems: &mut Problems) -> Option<&'t str> {
        let text = self.text(problems)?;
        if text.trim().is_empty() {
            problems.push(self.problem(format!(
                "`{}` must not be empty; write a text, or leave the line out",
                self.path
            )));
            return None;
        }
        Some(text)
    }

    /// This value as text that a check accepts; the check's error is the message.
    pub(crate) fn checked<T, E: Display>(
        &self,
        problems: &mut Problems,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(problems)?;
        match check(text) {
            Ok(value) => Some(value),
            Err(error) => {
                problems.push(self.problem(error.to_string()));
                None
            }
        }
    }

    /// This value as one of a few words.
    pub(crate) fn choice(
        &self,
        known: &[&'static str],
        problems: &mut Problems,
    ) -> Option<&'static str> {
        let text = self.text(problems)?;
        let found = known.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let message = format!("`{}` can't be `{}`", self.path, shown(text));
            problems.push(self.problem(message).maybe_help(suggest(text, known)));
        }
        found
    }

    pub(crate) fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        if let Value::Boolean(value) = self.node.value {
            return Some(value);
        }
        let quoted =
            matches!(&self.node.value, Value::Text(text) if text == "true" || text == "false");
        self.wrong(
            "`true` or `false`",
            quoted.then(|| "remove the quotes".to_owned()),
            problems,
        );
        None
    }

    /// This value as a number in a range; `what` the limits mean is in the message.
    pub(crate) fn number(&self, min: u32, max: u32, problems: &mut Problems) -> Option<u32> {
        let Value::Integer(value) = self.node.value else {
            let quoted =
                matches!(&self.node.value, Value::Text(text) if text.parse::<i64>().is_ok());
            self.wrong(
                "a whole number",
                quoted.then(|| "remove the quotes".to_owned()),
                problems,
            );
            return None;
        };
        let number = u32::try_from(value)
            .ok()
            .filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let message = format!(
                "`{}` must be a number from {min} to {max}, but is `{value}`; {}",
                self.path,
                in_range(value, min, max)
            );
            problems.push(self.problem(message));
        }
        number
    }

    /// The items of this list.
    pub(crate) fn items(&self, problems: &mut Problems) -> Vec<Self> {
        let Value::List(items) = &self.node.value else {
            let listable = matches!(self.node.value, Value::Text(_) | Value::Map(_));
            let help = listable.then(|| "a list has one `- item` in each line".to_owned());
            self.wrong("a list", help, problems);
            return Vec::new();
        };
        let place = |(index, node): (usize, &'t Node)| At {
            node,
            span: if node.value == Value::Null {
                self.span
            } else {
                node.span
            },
            path: format!("{}[{index}]", self.path),
            secret: self.secret,
        };
        items.iter().enumerate().map(place).collect()
    }

    /// The texts of this list that a check accepts, as they are written.
    pub(crate) fn texts<E: Display>(
        &self,
        problems: &mut Problems,
        check: impl Fn(&str) -> Result<(), E>,
    ) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.items(problems) {
            let text = item.checked(problems, |text| check(text).map(|()| text.to_owned()));
            texts.extend(text);
        }
        texts
    }

    fn entries(&self, problems: &mut Problems) -> Option<&'t [Entry]> {
        if let Value::Map(entries) = &self.node.value {
            return Some(entries);
        }
        let help = matches!(self.node.value, Value::List(_)).then(|| "remove the `- `".to_owned());
        self.wrong("a mapping", help, problems);
        None
    }

    /// The entries of this mapping, whose keys are names that the user chooses.
    pub(crate) fn named(&self, problems: &mut Problems) -> Vec<(&'t str, Self)> {
        let entries = self.entries_with_keys(problems).into_iter();
        entries.map(|(key, _, at)| (key, at)).collect()
    }

    /// Like [`Self::named`], with the place of each key.
    pub(crate) fn entries_with_keys(&self, problems: &mut Problems) -> Vec<(&'t str, Span, Self)> {
        let entries = self.entries(problems).unwrap_or_default().iter();
        entries
            .map(|entry| (entry.key.as_str(), entry.key_span, self.entry(entry)))
            .collect()
    }

    /// This mapping as texts by name.
    pub(crate) fn text_map(&self, problems: &mut Problems) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for (name, at) in self.named(problems) {
            if let Some(text) = at.text(problems) {
                texts.insert(name.to_owned(), text.to_owned());
            }
        }
        texts
    }

    /// Like [`Self::named`], for values that no message may show.
    pub(crate) fn secrets(&self, problems: &mut Problems) -> Vec<(&'t str, Self)> {
        let Value::Map(entries) = &self.node.value else {
            let problem = self.problem(format!(
                "`{}` must be a mapping, but is {}",
                self.path,
                self.node.value.kind()
            ));
            problems.push(problem.secret());
            return Vec::new();
        };
        let place = |entry: &'t Entry| At {
            span: entry.key_span,
            secret: true,
            ..self.entry(entry)
        };
        entries
            .iter()
            .map(|entry| (entry.key.as_str(), place(entry)))
            .collect()
    }

    fn entry(&self, entry: &'t Entry) -> Self {
        let key: String = entry.key.chars().take(KEY_SHOWN_MAX).collect();
        let span = if entry.value.value == Value::Null {
            entry.key_span
        } else {
            entry.value.span
        };
        At {
            node: &entry.value,
            span,
            path: join(&self.path, &key),
            secret: self.secret,
        }
    }

    /// The fields of this mapping, to be asked for by name.
    pub(crate) fn fields(&self, problems: &mut Problems) -> Option<Fields<'t>> {
        let entries = self.entries(problems)?;
        Some(Fields {
            at: self.clone(),
            entries,
            known: Vec::new(),
            missing: Vec::new(),
            reported: Vec::new(),
        })
    }
}

/// What to write instead of a number that is out of range.
fn in_range(value: i64, min: u32, max: u32) -> String {
    if value < i64::from(min) {
        format!("write {min} or more")
    } else {
        format!("write {max} or less")
    }
}

/// A field that has to be there, as one might write it.
fn example(name: &str) -> String {
    let value = match name {
        "apiVersion" => "runtime.wasmcloud.dev/v1alpha1",
        "kind" => "WorkloadDeployment",
        "name" => "hello",
        "image" => "file:./hello.wasm",
        "namespace" => "wasi",
        "package" => "http",
        "interfaces" => "[incoming-handler]",
        "mountPath" => "/data",
        "path" => "/some/folder",
        "port" => "5432",
        "serverName" => "db.example.com",
        "metadata" => "{name: hello}",
        "spec" | "template" => return format!("`{name}:`, with what belongs in it indented below"),
        _ => "<value>",
    };
    format!("`{name}: {value}`")
}

/// The path of a value within a mapping.
pub(crate) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    match (path.is_empty(), plain) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[\"{}\"]", shown(key)),
    }
}

/// The fields of a mapping with a fixed set of names. [`Fields::finish`] reports the names that nobody asked for.
#[derive(Debug)]
pub(crate) struct Fields<'t> {
    at: At<'t>,
    entries: &'t [Entry],
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
    /// Keys that are reported already.
    reported: Vec<Span>,
}

impl<'t> Fields<'t> {
    /// The mapping itself.
    pub(crate) fn at(&self) -> &At<'t> {
        &self.at
    }

    /// A field that may be missing. A field without a value counts as missing, as in Kubernetes.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<At<'t>> {
        self.known.push(name);
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        (entry.value.value != Value::Null).then(|| self.at.entry(entry))
    }

    /// A field that must be there. That it is not is reported by [`Fields::finish`], unless a misspelled field
    /// explains it.
    pub(crate) fn required(&mut self, name: &'static str) -> Option<At<'t>> {
        let found = self.optional(name);
        if found.is_none() {
            self.missing.push(name);
        }
        found
    }

    /// Accepts a field without looking at it.
    pub(crate) fn skip(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// Reports fields that belong elsewhere; they are not unknown, but no known ones either.
    pub(crate) fn misplaced(
        &mut self,
        names: &[&'static str],
        help: &str,
        problems: &mut Problems,
    ) {
        for entry in self
            .entries
            .iter()
            .filter(|entry| names.contains(&entry.key.as_str()))
        {
            let path = join(&self.at.path, &entry.key);
            let message = format!("`{path}` is not the place of `{}`", entry.key);
            problems.push(Problem::at(entry.key_span, message).help(help).path(path));
            self.reported.push(entry.key_span);
        }
    }

    /// Reports unknown fields and missing ones.
    pub(crate) fn finish(self, problems: &mut Problems) {
        let mut meant = Vec::new();
        for entry in self.entries {
            let key = entry.key.as_str();
            if self.known.contains(&key) || self.reported.contains(&entry.key_span) {
                continue;
            }
            meant.extend(nearest(key, &self.known));
            let within = if self.at.path.is_empty() {
                String::new()
            } else {
                format!(" in `{}`", self.at.path)
            };
            let help = match key {
                "<<" => Some("YAML merge keys are not supported: write the fields out".to_owned()),
                _ if self.known.is_empty() => Some("remove it: nothing belongs here".to_owned()),
                key => suggest(key, &self.known),
            };
            let path = join(
                &self.at.path,
                &key.chars().take(KEY_SHOWN_MAX).collect::<String>(),
            );
            let message = format!("unknown field `{}`{within}", shown(key));
            problems.push(
                Problem::at(entry.key_span, message)
                    .maybe_help(help)
                    .path(path),
            );
        }
        for name in self.missing.iter().filter(|name| !meant.contains(name)) {
            let path = join(&self.at.path, name);
            let example = example(name);
            let problem = match self.entries.iter().find(|entry| entry.key == **name) {
                Some(entry) => Problem::at(entry.key_span, format!("`{path}` has no value"))
                    .help(format!("write {example}")),
                None => Problem::at(self.at.span, format!("`{path}` is missing"))
                    .help(format!("add {example}")),
            };
            problems.push(problem.path(path));
        }
    }

    /// Whether a field that was not found may be there under a misspelled name, which [`Fields::finish`] reports.
    pub(crate) fn may_be_misspelled(&self, name: &'static str) -> bool {
        let unknown = self
            .entries
            .iter()
            .filter(|entry| !self.known.contains(&entry.key.as_str()));
        unknown
            .into_iter()
            .any(|entry| nearest(&entry.key, &self.known) == Some(name))
    }
}
