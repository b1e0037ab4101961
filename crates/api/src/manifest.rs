//! wasmCloud manifests: Kubernetes YAML with `WorkloadDeployment` and `Workload` objects, and the ConfigMaps and
//! Secrets that they refer to. One file may hold many documents.

mod component;
mod interface;
mod kind;
mod metadata;
mod port;
mod settings;
mod source;
mod volume;
mod workload;

use std::collections::HashMap;
use std::path::Path;

use self::kind::Kind;
use self::metadata::Metadata;
use self::source::Sources;
use crate::diagnostic::Report;
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problem, Problems, quoted, shown};
use crate::document::{Node, Span, parse_yaml};
use crate::spec::WorkloadSpec;

/// Reads all workloads of a manifest.
///
/// `file` is the name for messages, `base` the folder that relative `file:` images start from. All problems that can
/// be told apart are in the report.
pub fn parse(file: &str, base: &Path, text: &str) -> Result<Vec<WorkloadSpec>, Report> {
    let mut problems = Problems::default();
    let mut documents = parse_yaml(text, &mut problems);
    if documents.is_empty() && problems.is_empty() {
        let problem = Problem::at(Span::default(), "the file holds no document");
        problems.push(problem.help(kind::STARTS_WITH));
    }
    let objects: Vec<Object<'_>> = documents
        .iter()
        .filter_map(|node| kind::recognise(&At::root(node), &mut problems))
        .collect();
    let sources = Sources::collect(&objects, &mut problems);
    let workloads = workloads(&objects, base, &sources, &mut problems);
    drop(objects);
    documents.iter_mut().for_each(Node::wipe);
    problems.into_result(file, text, Some(workloads))
}

/// A document of a kind that is known here.
struct Object<'t> {
    kind: Kind,
    /// The kind as written.
    kind_name: String,
    /// The mapping of the document; `apiVersion`, `kind` and `metadata` are read.
    at: At<'t>,
    metadata: Metadata,
}

impl<'t> Object<'t> {
    /// The fields of the document behind `apiVersion`, `kind` and `metadata`.
    fn fields(&self, problems: &mut Problems) -> Option<Fields<'t>> {
        let mut fields = self.at.fields(problems)?;
        fields.skip(&["apiVersion", "kind"]);
        fields.required("metadata");
        Some(fields)
    }
}

/// What the readers of a workload need to know besides its text.
struct Scope<'a> {
    base: &'a Path,
    sources: &'a Sources,
    /// The namespace whose ConfigMaps and Secrets the workload may use.
    namespace: &'a str,
    problems: &'a mut Problems,
    /// Bytes that settings may still take; references multiply the text of ConfigMaps.
    settings_left: usize,
}

/// What the settings of one file may take in all, in bytes.
const SETTINGS_MAX: usize = 48 * 1024 * 1024;

fn workloads(
    objects: &[Object<'_>],
    base: &Path,
    sources: &Sources,
    problems: &mut Problems,
) -> Vec<WorkloadSpec> {
    let mut workloads = Vec::new();
    let mut names: HashMap<(String, String), Span> = HashMap::new();
    let mut settings_left = SETTINGS_MAX;
    let mut seen = false;
    for object in objects {
        if !matches!(object.kind, Kind::Workload | Kind::WorkloadDeployment) {
            continue;
        }
        seen = true;
        report_second(object, &mut names, problems);
        let namespace = object.metadata.namespace_text();
        let mut scope = Scope {
            base,
            sources,
            namespace,
            problems: &mut *problems,
            settings_left,
        };
        workloads.extend(workload::read(object, &mut scope));
        settings_left = scope.settings_left;
    }
    if !seen && problems.is_empty() {
        problems.push(no_workload(objects));
    }
    workloads
}

/// Two workloads of the same name in one namespace would replace each other.
fn report_second(
    object: &Object<'_>,
    names: &mut HashMap<(String, String), Span>,
    problems: &mut Problems,
) {
    let Some(name) = object.metadata.name.as_ref() else {
        return;
    };
    let namespace = object.metadata.namespace_text();
    let key = (namespace.to_owned(), name.clone());
    match names.get(&key) {
        None => {
            names.insert(key, object.metadata.name_span);
        }
        Some(first) => {
            let message = format!(
                "a workload `{}` in namespace `{}` is given twice; give each workload a name of its own",
                shown(name),
                shown(namespace)
            );
            problems.push(
                Problem::at(object.metadata.name_span, message)
                    .also(*first)
                    .path("metadata.name"),
            );
        }
    }
}

fn no_workload(objects: &[Object<'_>]) -> Problem {
    let mut kinds: Vec<&str> = objects
        .iter()
        .map(|object| object.kind_name.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let found = if kinds.is_empty() {
        String::new()
    } else {
        format!(", only {}", quoted(&kinds))
    };
    Problem::at(
        Span::default(),
        format!("the file holds no WorkloadDeployment or Workload{found}"),
    )
    .help(kind::STARTS_WITH)
}
