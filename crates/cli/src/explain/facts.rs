//! What there is to tell of a workload, in the form that programs read: the JSON of `weft explain`, from which the text
//! is drawn too. Names of configuration and secrets are in it, values are not. Pure.

mod component;
mod program;

use std::path::Path;

use serde::Serialize;
use weft_api::diagnostic::Diagnostic;
use weft_api::spec::{Protocol, Publish, WorkloadSpec};
use weft_host::{Needed, Outlook};

pub(super) use self::component::{Component, Export, Import, Reach, Value};
pub(super) use self::program::{Limit, Program};
use super::trouble::{Within, line};
use crate::examine::{Examined, Subjects, Written};

/// One workload, or a file that has none because it cannot be read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Explained {
    pub(super) event: &'static str,
    pub(super) file: String,
    /// `tenant/name`; none for a file that cannot be read.
    pub(super) workload: Option<String>,
    /// The line of its name.
    pub(super) line: Option<usize>,
    /// Whether it would start.
    pub(super) starts: bool,
    /// Host names with paths that it answers; `*` = every name.
    pub(super) routes: Vec<String>,
    pub(super) components: Vec<Component>,
    /// Components that share an instance, with what that may use up. Empty if it would not start.
    pub(super) programs: Vec<Program>,
    /// Ports of the service.
    pub(super) ports: Vec<Port>,
    /// Entries of `hostInterfaces` that the imports need.
    pub(super) host_interfaces: Vec<Interface>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
    /// The block to add to the manifest.
    #[serde(skip)]
    pub(super) block: Vec<String>,
}

/// A port of a service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) protocol: &'static str,
    /// Where it is to be reached from outside; none = nowhere.
    pub(super) publish: Option<String>,
    /// The flag of `weft run` without which it stays closed.
    pub(super) flag: Option<&'static str>,
}

/// An entry of `hostInterfaces` that is needed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interface {
    pub(super) namespace: String,
    pub(super) package: String,
    pub(super) interfaces: Vec<String>,
    /// Whether the manifest lacks it, or a part of it.
    pub(super) missing: bool,
}

/// A problem, with its place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) file: String,
    /// None where a file is not text.
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) path: Option<String>,
}

impl Explained {
    /// A file without a workload to tell of.
    pub(super) fn unreadable(file: &Path, problems: Vec<Problem>) -> Self {
        Self {
            event: "explained",
            file: file.display().to_string(),
            workload: None,
            line: None,
            starts: false,
            routes: Vec::new(),
            components: Vec::new(),
            programs: Vec::new(),
            ports: Vec::new(),
            host_interfaces: Vec::new(),
            problems,
            notes: Vec::new(),
            block: Vec::new(),
        }
    }

    /// One workload of a file.
    pub(super) fn of(
        file: &Path,
        subjects: &Subjects,
        place: usize,
        spec: &WorkloadSpec,
        examined: &Examined,
    ) -> Self {
        let within = Within {
            file,
            subjects,
            place,
            spec,
        };
        let starts = examined.starts();
        let troubles = examined.foreseen.troubles.iter();
        let overlaps = examined.overlaps.iter();
        let outlook = examined.foreseen.outlook.as_ref();
        let valid = outlook.and_then(|outlook| outlook.plan.as_ref().ok());
        let components = component::all(&within, outlook);
        let mut notes = subjects.notes.clone();
        notes.extend(valid.into_iter().flat_map(|valid| valid.notes.clone()));
        notes.extend(
            outlook
                .into_iter()
                .flat_map(|outlook| unused(spec, outlook)),
        );
        notes.extend(components.iter().flat_map(Component::notes));
        let needed = outlook
            .map(|outlook| outlook.needed.as_slice())
            .unwrap_or_default();
        Self {
            event: "explained",
            file: subjects.places.as_ref().map_or_else(
                || file.display().to_string(),
                |places| places.file().to_owned(),
            ),
            workload: Some(format!("{}/{}", spec.tenant, spec.name)),
            line: subjects
                .places
                .as_ref()
                .and_then(|places| places.name(place))
                .map(|place| place.line),
            starts,
            routes: routes(spec, subjects, &components),
            programs: program::all(&within, valid.filter(|_| starts)),
            ports: ports(spec, subjects.written),
            host_interfaces: needed.iter().map(Interface::of).collect(),
            block: block(spec, needed, subjects.written),
            problems: troubles
                .map(|trouble| within.trouble(trouble))
                .chain(overlaps.map(|overlap| within.overlap(overlap)))
                .collect(),
            components,
            notes,
        }
    }
}

impl Problem {
    /// A problem of a file that is not text; what to do stands behind `; `.
    pub(super) fn of_file(file: &Path, message: &str) -> Self {
        let (message, help) = match message.split_once("; ") {
            Some((message, help)) => (message, help.to_owned()),
            None => (
                message,
                "give a manifest, the folder of a project, or a component".to_owned(),
            ),
        };
        Self::of_file_with(file, message, Some(help))
    }

    pub(super) fn of_file_with(file: &Path, message: &str, help: Option<String>) -> Self {
        let (message, help) = match (help, message.split_once("; ")) {
            (None, Some((message, help))) => (message, Some(help.to_owned())),
            (help, _) => (message, help),
        };
        Self {
            file: file.display().to_string(),
            line: None,
            column: None,
            message: message.to_owned(),
            help,
            path: None,
        }
    }
}

impl From<Diagnostic> for Problem {
    fn from(found: Diagnostic) -> Self {
        Self {
            file: found.file,
            line: Some(found.line),
            column: Some(found.column),
            message: found.message,
            help: found.help,
            path: found.path,
        }
    }
}

impl Interface {
    fn of(needed: &Needed) -> Self {
        Self {
            namespace: needed.entry.namespace.clone(),
            package: needed.entry.package.clone(),
            interfaces: needed.entry.interfaces.iter().cloned().collect(),
            missing: needed.missing,
        }
    }
}

/// The host names and paths, if anything answers them.
fn routes(spec: &WorkloadSpec, subjects: &Subjects, components: &[Component]) -> Vec<String> {
    if !components.iter().any(Component::answers) {
        return Vec::new();
    }
    let routes = spec.http_routes();
    if routes.is_empty() && subjects.written != Written::Manifest {
        return vec!["*".to_owned()];
    }
    let shown = routes.iter().map(|route| {
        let host = if route.host.is_empty() {
            "*"
        } else {
            &route.host
        };
        format!("{host}{}", route.path.as_deref().unwrap_or("/"))
    });
    shown.collect()
}

/// Entries that grant what nothing imports.
fn unused<'a>(spec: &'a WorkloadSpec, outlook: &'a Outlook) -> impl Iterator<Item = String> {
    outlook.unused.iter().filter_map(|place| {
        let entry = spec.host_interfaces.get(*place)?;
        Some(format!(
            "hostInterfaces[{place}] ({}:{}) grants what no component imports",
            entry.namespace, entry.package
        ))
    })
}

fn ports(spec: &WorkloadSpec, written: Written) -> Vec<Port> {
    let port = |port: &weft_api::spec::ServicePort| Port {
        name: port.name.clone(),
        port: port.port.get(),
        protocol: match port.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        },
        publish: port.publish.as_ref().map(ToString::to_string),
        flag: match &port.publish {
            // `weft dev` publishes what the project says.
            Some(Publish::Address(_)) if written == Written::Manifest => Some("--publish"),
            Some(Publish::ServerName { .. }) if written == Written::Manifest => {
                Some("--tls-forward")
            }
            _ => None,
        },
    };
    spec.service_ports().iter().map(port).collect()
}

/// What has to be added to a manifest, or for a component and a project all that one would have to say.
fn block(spec: &WorkloadSpec, needed: &[Needed], written: Written) -> Vec<String> {
    let whole = written != Written::Manifest;
    let entries: Vec<_> = needed
        .iter()
        .filter(|needed| whole || needed.missing)
        .collect();
    if entries.is_empty() {
        return Vec::new();
    }
    let has_key = !whole && !spec.host_interfaces.is_empty();
    super::manifest::block(&entries, !has_key)
}

/// The line of a value of this workload.
fn line_of(within: &Within<'_>, steps: &[weft_api::places::Step<'_>]) -> Option<usize> {
    line(within.subjects.places.as_ref(), within.place, steps)
}
