//! The project file of a developer: `weft.yaml`, or wasmCloud's `.wash/config.{yaml,yml,json,toml}`, which has the
//! same schema. Its names mix camelCase and snake_case; they are read exactly as wasmCloud writes them.

mod dev;
mod discover;
mod outline;
mod plugin;
mod read;
mod schema;
mod vault;

use std::path::Path;

pub use self::discover::{Found, PLACES, find};
pub use self::outline::{Content, Leaf, Outline};
pub use self::schema::{
    Build, Dev, DevComponent, DevVolume, Environment, Exposure, HostPlugin, HostSection, New,
    OtelProtocol, Port, Project, Protocol, PullPolicy, Source, TrustRoots, WasmProposal, Wit,
    WitRegistry, Workload,
};
pub use self::vault::Vault;
use crate::diagnostic::Report;
use crate::document::decode::At;
use crate::document::problem::{Problem, Problems};
use crate::document::{Node, Span, Value, parse_json, parse_toml, parse_yaml};
pub use crate::values::{Secret, Values};

/// The language that a project file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, one document.
    Yaml,
    /// JSON, without comments.
    Json,
    /// TOML.
    Toml,
}

impl Format {
    /// The format by the extension of a file name.
    pub fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// Reads a project file.
///
/// `file` is the name for messages; `base` is the project's folder, which relative paths start from (the parent of
/// `.wash`). An empty YAML or TOML file is a project that leaves everything at its default.
pub fn parse(file: &str, base: &Path, text: &str, format: Format) -> Result<Project, Report> {
    parse_with_outline(file, base, text, format).map(|(project, _)| project)
}

/// Like [`parse`], with the lines that everything is in.
pub fn parse_with_outline(
    file: &str,
    base: &Path,
    text: &str,
    format: Format,
) -> Result<(Project, Outline), Report> {
    let mut problems = Problems::default();
    let node = match format {
        Format::Yaml => only_document(parse_yaml(text, &mut problems), &mut problems),
        Format::Json => parse_json(text, &mut problems),
        Format::Toml => parse_toml(text, &mut problems),
    };
    let project = node.and_then(|mut node| {
        let project = read::project(&At::root(&node), base, &mut problems);
        let outline = project.is_some().then(|| Outline::new(&node, text));
        node.wipe();
        project.zip(outline)
    });
    problems.into_result(file, text, project)
}

fn only_document(mut documents: Vec<Node>, problems: &mut Problems) -> Option<Node> {
    if let Some(second) = documents.get(1) {
        let problem = Problem::at(
            second.span,
            "a project file holds one document, but here a second one starts",
        );
        problems.push(problem.help("manifests with several documents are for `weft run`"));
        return None;
    }
    match documents.pop() {
        Some(document) => Some(document),
        None if problems.is_empty() => Some(Node {
            span: Span::default(),
            value: Value::Map(Vec::new()),
        }),
        None => None,
    }
}
