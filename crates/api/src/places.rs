//! Where things stand in a file that was read: for problems that are found only later, when what the file says is
//! compared with the components that it names.

use crate::diagnostic::Diagnostic;
use crate::document::decode::join;
use crate::document::problem::{Lines, Problem, Problems};
use crate::document::{Entry, Node, Span, Value, parse_json, parse_toml, parse_yaml};
use crate::project::Format;
use crate::spec::Origin;

/// One step from a value to one within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The value of a key.
    Key(&'a str),
    /// An item of a list, counted from 0.
    Item(usize),
}

/// A file as a tree with places.
pub struct Places {
    file: String,
    text: String,
    documents: Vec<Node>,
    /// The documents that are workloads, by their number, each with the way to what it runs.
    workloads: Vec<(usize, Vec<&'static str>)>,
}

/// The place of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
}

impl Places {
    /// A manifest. Its workloads are numbered as [`crate::manifest::parse`] gives them.
    pub fn of_manifest(file: &str, text: &str) -> Self {
        let documents = parse_yaml(text, &mut Problems::default());
        let workloads = documents.iter().enumerate().filter_map(|(number, node)| {
            let body = match text_of(child(node, "kind")?)? {
                "WorkloadDeployment" => vec!["spec", "template", "spec"],
                "Workload" => vec!["spec"],
                _ => return None,
            };
            let group = text_of(child(node, "apiVersion")?)?;
            group
                .starts_with("runtime.wasmcloud.dev/")
                .then_some((number, body))
        });
        Self {
            workloads: workloads.collect(),
            file: file.to_owned(),
            text: text.to_owned(),
            documents,
        }
    }

    /// A project file, which has one workload.
    pub fn of_project(file: &str, text: &str, format: Format) -> Self {
        let problems = &mut Problems::default();
        let documents = match format {
            Format::Yaml => parse_yaml(text, problems),
            Format::Json => parse_json(text, problems).into_iter().collect(),
            Format::Toml => parse_toml(text, problems).into_iter().collect(),
        };
        Self {
            file: file.to_owned(),
            text: text.to_owned(),
            documents,
            workloads: vec![(0, Vec::new())],
        }
    }

    /// The file as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A problem with a value of a workload, or with what is nearest to it on the way there. `message` may hold what to
    /// do behind `; `, if there is no `help`.
    pub fn problem(
        &self,
        workload: usize,
        steps: &[Step<'_>],
        message: &str,
        help: Option<String>,
    ) -> Diagnostic {
        let (found, _) = self.walk(workload, steps);
        let problem = Problem::at(found.span, message)
            .path(found.path)
            .maybe_help(help);
        Lines::new(&self.text).diagnostic(&self.file, problem)
    }

    /// The place of a value of a workload, if it is there.
    pub fn place(&self, workload: usize, steps: &[Step<'_>]) -> Option<Place> {
        let (found, whole) = self.walk(workload, steps);
        whole.then(|| self.place_of(found.span))
    }

    /// The place of the name of a workload.
    pub fn name(&self, workload: usize) -> Option<Place> {
        let (document, _) = self.workloads.get(workload)?;
        let name = child(child(self.documents.get(*document)?, "metadata")?, "name")?;
        Some(self.place_of(name.span))
    }

    /// The place of a key in the ConfigMap or Secret of a manifest.
    pub fn origin(&self, origin: &Origin, key: &str) -> Option<Place> {
        let (kind, name, fields) = match origin {
            Origin::Config(name) => ("ConfigMap", name, ["data"].as_slice()),
            Origin::Secret(name) => ("Secret", name, ["stringData", "data"].as_slice()),
        };
        let object = self.documents.iter().find(|document| {
            let is = |node: Option<&Node>, text: &str| node.and_then(text_of) == Some(text);
            let named = child(document, "metadata").and_then(|node| child(node, "name"));
            is(child(document, "kind"), kind) && is(named, name)
        })?;
        fields.iter().find_map(|field| {
            let entry = entry(child(object, field)?, key)?;
            Some(self.place_of(entry.key_span))
        })
    }

    fn place_of(&self, span: Span) -> Place {
        let shown = Lines::new(&self.text).diagnostic("", Problem::at(span, ""));
        Place {
            line: shown.line,
            column: shown.column,
        }
    }

    /// Goes as far as there is something; says whether that is the whole way.
    fn walk(&self, workload: usize, steps: &[Step<'_>]) -> (Found, bool) {
        let Some((document, body)) = self.workloads.get(workload) else {
            return (Found::default(), false);
        };
        let Some(mut node) = self.documents.get(*document) else {
            return (Found::default(), false);
        };
        let mut found = Found {
            span: match child(node, "metadata").and_then(|node| child(node, "name")) {
                Some(name) => name.span,
                None => node.span,
            },
            path: String::new(),
        };
        let body = body.iter().map(|key| Step::Key(key));
        for step in body.chain(steps.iter().copied()) {
            let next = match step {
                Step::Key(key) => entry(node, key).map(|entry| {
                    found.path = join(&found.path, key);
                    found.span = if scalar(&entry.value) {
                        entry.value.span
                    } else {
                        entry.key_span
                    };
                    &entry.value
                }),
                Step::Item(index) => item(node, index).inspect(|item| {
                    found.path = format!("{}[{index}]", found.path);
                    found.span = item.span;
                }),
            };
            match next {
                Some(next) => node = next,
                None => return (found, false),
            }
        }
        (found, true)
    }
}

/// Where a walk ended.
#[derive(Default)]
struct Found {
    span: Span,
    path: String,
}

fn entry<'t>(node: &'t Node, key: &str) -> Option<&'t Entry> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
        _ => None,
    }
}

fn child<'t>(node: &'t Node, key: &str) -> Option<&'t Node> {
    entry(node, key).map(|entry| &entry.value)
}

fn item(node: &Node, index: usize) -> Option<&Node> {
    match &node.value {
        Value::List(items) => items.get(index),
        _ => None,
    }
}

fn text_of(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn scalar(node: &Node) -> bool {
    !matches!(node.value, Value::Null | Value::List(_) | Value::Map(_))
}

#[cfg(test)]
mod tests;
