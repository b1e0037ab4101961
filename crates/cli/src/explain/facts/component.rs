//! One component: who serves its imports, what uses its exports, what it sees and may reach. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use weft_api::places::Step;
use weft_api::spec::{Image, Origin, Resources, VolumeSource, WorkloadSpec};
use weft_host::{Outlook, Prospect, SERVICE, Server, Use};

use super::line_of;
use crate::examine::{Written, component_steps};
use crate::explain::trouble::Within;

/// A component, or the service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Component {
    pub(in crate::explain) name: String,
    /// Whether it is the service of the workload.
    pub(in crate::explain) service: bool,
    /// The file, or the reference into a registry.
    pub(in crate::explain) image: String,
    pub(in crate::explain) line: Option<usize>,
    /// Whether anything leads to it; none if the files could not all be read.
    pub(in crate::explain) in_use: Option<bool>,
    /// None if the files could not all be read.
    pub(in crate::explain) imports: Option<Vec<Import>>,
    pub(in crate::explain) exports: Option<Vec<Export>>,
    /// Variables of its environment, by name.
    pub(in crate::explain) environment: Vec<Value>,
    /// Keys of its configuration, by name.
    pub(in crate::explain) config: Vec<Value>,
    pub(in crate::explain) reach: Reach,
    pub(in crate::explain) volumes: Vec<Mount>,
}

/// An import and who serves it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Import {
    pub(in crate::explain) name: String,
    /// `wasi`, `capability`, `component` or `nobody`.
    pub(in crate::explain) served_by: &'static str,
    /// The component that serves it.
    pub(in crate::explain) component: Option<String>,
    /// The entry of `hostInterfaces` that grants it, counted from 0; none where everything is granted.
    pub(in crate::explain) entry: Option<usize>,
    /// The line of that entry.
    pub(in crate::explain) line: Option<usize>,
}

/// An export and what uses it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Export {
    pub(in crate::explain) name: String,
    /// `requests`, `run`, `components` or `nothing`.
    pub(in crate::explain) used_by: &'static str,
    pub(in crate::explain) components: Vec<String>,
}

/// A variable or a key of the configuration: its name and where it comes from, never its value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Value {
    pub(in crate::explain) name: String,
    /// What it comes from, in words.
    pub(in crate::explain) from: String,
    pub(in crate::explain) secret: bool,
    pub(in crate::explain) line: Option<usize>,
}

/// What it may reach.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Reach {
    /// Whether it imports outgoing HTTP or sockets at all; none if the files could not all be read.
    pub(in crate::explain) calls_out: Option<bool>,
    pub(in crate::explain) allowed_hosts: Vec<String>,
    /// Those of them that name `localhost` or 127.0.0.1 and `[::1]` with a port.
    pub(in crate::explain) loopback_hosts: Vec<String>,
    pub(in crate::explain) allowed_ip_name_lookups: Vec<String>,
    pub(in crate::explain) allowed_host_loopback_ports: Vec<String>,
    /// Whether the workload has a service, which it reaches on the workload's own loopback.
    pub(in crate::explain) service: bool,
}

/// A directory that it sees.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Mount {
    pub(in crate::explain) path: String,
    pub(in crate::explain) volume: String,
    pub(in crate::explain) read_only: bool,
    /// The directory of the host; none for a new, empty one.
    pub(in crate::explain) host_path: Option<String>,
}

/// All components of a workload, the service last.
pub(super) fn all(within: &Within<'_>, outlook: Option<&Outlook>) -> Vec<Component> {
    let spec = within.spec;
    let mut all: Vec<_> = spec
        .components
        .iter()
        .enumerate()
        .map(|(place, component)| {
            let prospect = outlook.and_then(|outlook| outlook.components.get(place));
            let part = Part {
                name: component.name.as_str(),
                place: Some(place),
                image: &component.image,
                resources: &component.resources,
            };
            part.facts(within, prospect)
        })
        .collect();
    all.extend(spec.service.as_ref().map(|service| {
        let part = Part {
            name: SERVICE,
            place: None,
            image: &service.image,
            resources: &service.resources,
        };
        part.facts(within, outlook.and_then(|outlook| outlook.service.as_ref()))
    }));
    all
}

/// What a component and a service have in common.
struct Part<'a> {
    name: &'a str,
    /// Its place among the components; none for the service.
    place: Option<usize>,
    image: &'a Image,
    resources: &'a Resources,
}

impl Part<'_> {
    fn facts(&self, within: &Within<'_>, prospect: Option<&Prospect>) -> Component {
        let mut image_steps = component_steps(self.place);
        image_steps.push(Step::Key("image"));
        let imports = prospect.map(|prospect| {
            prospect
                .imports
                .iter()
                .map(|(name, server)| import(within, name, server))
        });
        let exports = prospect.map(|prospect| {
            prospect
                .exports
                .iter()
                .map(|(name, used)| export(name, used))
        });
        Component {
            name: self.name.to_owned(),
            service: self.place.is_none(),
            image: match self.image {
                Image::File(path) => path.display().to_string(),
                Image::Registry(reference) => reference.clone(),
            },
            line: line_of(within, &image_steps),
            in_use: prospect.map(|prospect| prospect.in_use),
            imports: imports.map(Iterator::collect),
            exports: exports.map(Iterator::collect),
            environment: self.environment(within),
            config: self.config(within),
            reach: self.reach(within.spec, prospect),
            volumes: self.volumes(within.spec),
        }
    }

    fn environment(&self, within: &Within<'_>) -> Vec<Value> {
        let names = self.resources.environment.keys();
        names.map(|name| self.variable(within, name)).collect()
    }

    fn variable(&self, within: &Within<'_>, name: &str) -> Value {
        let places = within.subjects.places.as_ref();
        let written = within.subjects.written;
        let origin = self.resources.origins.get(name);
        let line = match origin {
            Some(origin) if written == Written::Manifest => places
                .and_then(|places| places.origin(origin, name))
                .map(|place| place.line),
            Some(Origin::Config(set)) => source_line(within, "configs", set, name),
            Some(Origin::Secret(set)) => source_line(within, "secrets", set, name),
            None => {
                let mut steps = within.subjects.resources(self.place);
                steps.extend([Step::Key("environment"), Step::Key("config")]);
                let steps: Vec<_> = steps.into_iter().chain([Step::Key(name)]).collect();
                line_of(within, &steps)
            }
        };
        let from = match (origin, written) {
            (Some(Origin::Config(set)), Written::Manifest) => format!("ConfigMap `{set}`"),
            (Some(Origin::Secret(set)), Written::Manifest) => format!("Secret `{set}`"),
            (Some(Origin::Config(set)), _) => format!("`configs.{set}`"),
            (Some(Origin::Secret(set)), _) => format!("`secrets.{set}`"),
            (None, _) => "`environment`".to_owned(),
        };
        Value {
            name: name.to_owned(),
            from,
            secret: matches!(origin, Some(Origin::Secret(_))),
            line,
        }
    }

    /// The entry's config, then the component's own, then its environment: the later wins, as in the plan.
    fn config(&self, within: &Within<'_>) -> Vec<Value> {
        let mut values: BTreeMap<String, Value> = BTreeMap::new();
        let entries = within.spec.host_interfaces.iter().enumerate();
        for (place, entry) in
            entries.filter(|(_, e)| e.namespace == "wasi" && e.package == "config")
        {
            let steps = [Step::Key("hostInterfaces"), Step::Item(place)];
            let line = line_of(within, &steps);
            values.extend(entry.config.keys().map(|name| {
                let value = Value {
                    name: name.clone(),
                    from: format!("hostInterfaces[{place}]"),
                    secret: false,
                    line,
                };
                (name.clone(), value)
            }));
        }
        for name in self.resources.config.keys() {
            let mut steps = within.subjects.resources(self.place);
            steps.push(Step::Key("config"));
            let steps: Vec<_> = steps.into_iter().chain([Step::Key(name)]).collect();
            let value = Value {
                name: name.clone(),
                from: "`config`".to_owned(),
                secret: false,
                line: line_of(within, &steps),
            };
            values.insert(name.clone(), value);
        }
        for value in self.environment(within) {
            values.insert(value.name.clone(), value);
        }
        values.into_values().collect()
    }

    fn reach(&self, spec: &WorkloadSpec, prospect: Option<&Prospect>) -> Reach {
        let calls_out = |name: &str| {
            name.starts_with("wasi:http/outgoing-handler@")
                || name.starts_with("wasi:http/client@")
                || name.starts_with("wasi:sockets/")
        };
        Reach {
            calls_out: prospect
                .map(|prospect| prospect.imports.iter().any(|(name, _)| calls_out(name))),
            allowed_hosts: self.resources.allowed_hosts.clone(),
            loopback_hosts: loopback(&self.resources.allowed_hosts),
            allowed_ip_name_lookups: self.resources.allowed_ip_name_lookups.clone(),
            allowed_host_loopback_ports: self.resources.allowed_host_loopback_ports.clone(),
            service: spec.service.is_some() && self.place.is_some(),
        }
    }

    fn volumes(&self, spec: &WorkloadSpec) -> Vec<Mount> {
        let mounts = self.resources.volume_mounts.iter();
        let mount = |mount: &weft_api::spec::VolumeMount| {
            let volume = spec
                .volumes
                .iter()
                .find(|volume| volume.name == mount.volume);
            Mount {
                path: mount.mount_path.clone(),
                volume: mount.volume.clone(),
                read_only: mount.read_only,
                host_path: volume.and_then(|volume| match &volume.source {
                    VolumeSource::HostPath(path) => Some(path.display().to_string()),
                    VolumeSource::EmptyDir => None,
                }),
            }
        };
        mounts.map(mount).collect()
    }
}

/// The entries that mean a port of this very machine, or of the workload.
fn loopback(allowed_hosts: &[String]) -> Vec<String> {
    let entries = allowed_hosts.iter().filter(|entry| {
        let host = entry
            .split_once("://")
            .map_or(entry.as_str(), |(_, host)| host);
        host.rsplit_once(':').is_some_and(|(host, port)| {
            let ours = host.eq_ignore_ascii_case("localhost");
            (ours || ["127.0.0.1", "[::1]"].contains(&host)) && port.parse::<u16>().is_ok()
        })
    });
    entries.cloned().collect()
}

/// The line of a value of a project's `configs` or `secrets`.
fn source_line(within: &Within<'_>, section: &'static str, set: &str, name: &str) -> Option<usize> {
    let (section, set) = (Step::Key(section), Step::Key(set));
    let inline = [section, set, Step::Key("inline"), Step::Key(name)];
    line_of(within, &inline).or_else(|| line_of(within, &[section, set]))
}

fn import(within: &Within<'_>, name: &str, server: &Server) -> Import {
    let (served_by, component, entry) = match server {
        Server::Wasi => ("wasi", None, None),
        Server::Capability { entry } => ("capability", None, *entry),
        Server::Component { name, .. } => ("component", Some(name.to_string()), None),
        Server::Nobody => ("nobody", None, None),
    };
    let steps = entry.map(|place| [Step::Key("hostInterfaces"), Step::Item(place)]);
    Import {
        name: name.to_owned(),
        served_by,
        component,
        entry,
        line: steps.and_then(|steps| line_of(within, &steps)),
    }
}

fn export(name: &str, used: &Use) -> Export {
    let (used_by, components) = match used {
        Use::Requests => ("requests", Vec::new()),
        Use::Run => ("run", Vec::new()),
        Use::ImportedBy(importers) => (
            "components",
            importers.iter().map(ToString::to_string).collect(),
        ),
        Use::Nothing => ("nothing", Vec::new()),
    };
    Export {
        name: name.to_owned(),
        used_by,
        components,
    }
}

impl Component {
    /// Whether it answers requests.
    pub(super) fn answers(&self) -> bool {
        let exports = self.exports.iter().flatten();
        exports
            .into_iter()
            .any(|export| export.used_by == "requests")
    }

    /// What deserves a look.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let secrets: Vec<_> = self
            .environment
            .iter()
            .filter(|value| value.secret)
            .map(|value| format!("`{}`", value.name))
            .collect();
        if !secrets.is_empty() {
            notes.push(format!(
                "component `{}` gets secrets as environment variables ({}), which all of its code can read at any \
                 time; `wasmcloud:secrets` gives a secret only to who asks for it by name, and counts that",
                self.name,
                secrets.join(", ")
            ));
        }
        // Sockets are imported by every program of some languages, whether it uses them or not.
        let mut imports = self.imports.iter().flatten();
        let calls = imports.any(|import| {
            import.name.starts_with("wasi:http/outgoing-handler@")
                || import.name.starts_with("wasi:http/client@")
        });
        if calls && self.reaches_nothing() {
            notes.push(format!(
                "component `{}` can call out over HTTP, but `allowedHosts` is empty: every connection to the outside will be \
                 denied; list the hosts that it needs, or find them with `weft run --egress learn`",
                self.name
            ));
        }
        notes
    }

    fn reaches_nothing(&self) -> bool {
        let reach = &self.reach;
        reach.allowed_hosts.is_empty()
            && reach.allowed_ip_name_lookups.is_empty()
            && reach.allowed_host_loopback_ports.is_empty()
            && !reach.service
            && !self.service
    }
}
