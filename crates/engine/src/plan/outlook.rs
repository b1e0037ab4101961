//! What would become of a workload, told for people: who serves each import, what uses each export, and which entries of
//! `hostInterfaces` the imports need. It asks the same questions as the plan, and answers also where the plan refuses.
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use weft_api::ids::ComponentName;
use weft_api::spec::{HostInterface, WorkloadSpec};

use super::resolve::{Graph, Provider, entry_of};
use super::{Granting, PlanErrors, Purpose, Report, Shapes, ValidWorkload, plan, resolve, service};
use crate::grants::{self, Grant};
use crate::inspect::{Import, Shape};
use crate::secrets::Secrets;

/// What would become of a workload.
#[derive(Debug)]
pub struct Outlook {
    /// What there is to say about each of `spec.components`, in the same order.
    pub components: Vec<Prospect>,
    /// The same of the service.
    pub service: Option<Prospect>,
    /// The entries of `hostInterfaces` that the workload needs, each package once.
    pub needed: Vec<Needed>,
    /// Entries that grant what no component imports, by their places.
    pub unused: Vec<usize>,
    /// The plan, or all that is against it.
    pub plan: Result<ValidWorkload, PlanErrors>,
}

/// An entry of `hostInterfaces` that a workload needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Needed {
    /// The entry as one might write it.
    pub entry: HostInterface,
    /// Whether the manifest has no entry that grants all of it.
    pub missing: bool,
}

/// What would become of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// Imports in the order of the file, and who serves them.
    pub imports: Vec<(String, Server)>,
    /// Exports in the order of the file, and what uses them.
    pub exports: Vec<(String, Use)>,
    /// Whether the entry of the workload leads to it.
    pub in_use: bool,
}

/// Who serves an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// The host, for every component.
    Wasi,
    /// The host, because an entry of `hostInterfaces` asks for it; none where everything is granted.
    Capability { entry: Option<usize> },
    /// Another component of the workload.
    Component { name: ComponentName, export: String },
    /// Nobody, so the workload does not start.
    Nobody,
}

/// What uses an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// HTTP requests are answered by it.
    Requests,
    /// It is run.
    Run,
    /// Other components import it.
    ImportedBy(Vec<ComponentName>),
    /// Nothing.
    Nothing,
}

/// Looks at a workload as [`plan`] does.
pub fn outlook(
    spec: &WorkloadSpec,
    shapes: Shapes<'_>,
    granting: Granting,
    purpose: Purpose,
) -> Outlook {
    let alone = spec
        .service
        .as_ref()
        .and_then(|service| service::alone(spec, service));
    let beside = View::new(spec, shapes.components, granting, purpose);
    let resident = alone.as_ref().zip(shapes.service).map(|(alone, shape)| {
        View::new(
            alone,
            std::slice::from_ref(shape),
            granting,
            Purpose::Service,
        )
    });
    let answers = beside
        .answers()
        .or(resident.as_ref().and_then(View::answers));
    let views = || std::iter::once(&beside).chain(&resident);
    let needed = needed(spec, views(), answers);
    let unused = (0..spec.host_interfaces.len())
        .filter(|place| is_unused(spec, *place, views()))
        .collect();
    Outlook {
        needed,
        unused,
        components: beside.prospects(),
        service: resident
            .as_ref()
            .and_then(|view| view.prospects().into_iter().next()),
        plan: plan(spec, shapes, granting, purpose),
    }
}

/// A set of components with what leads into it.
struct View<'a> {
    graph: Graph<'a>,
    purpose: Purpose,
    /// The place of the component that is called or run, and the export for that.
    entry: Option<(usize, super::Entry)>,
    in_use: BTreeSet<usize>,
}

impl<'a> View<'a> {
    fn new(
        spec: &'a WorkloadSpec,
        shapes: &'a [Shape],
        granting: Granting,
        purpose: Purpose,
    ) -> Self {
        let graph = Graph {
            spec,
            shapes,
            granting,
            secrets: Secrets::of(spec).0,
        };
        // What is wrong with it is the plan's to say.
        let Report {
            mut notes,
            mut errors,
        } = Report::default();
        let has_entry = purpose != Purpose::Serve || resolve::has_entry(shapes);
        let entry = has_entry
            .then(|| graph.entry(purpose, &mut notes, &mut errors))
            .flatten();
        let mut view = Self {
            graph,
            purpose,
            entry,
            in_use: BTreeSet::new(),
        };
        view.reach();
        view
    }

    /// Goes along all imports from the entry on.
    fn reach(&mut self) {
        let mut open: Vec<usize> = self.entry.iter().map(|(position, _)| *position).collect();
        while let Some(position) = open.pop() {
            if !self.in_use.insert(position) {
                continue;
            }
            let imports = self.graph.shapes.get(position).map(|shape| &shape.imports);
            for import in imports.into_iter().flatten() {
                if let Ok(Provider::Component { position, .. }) =
                    self.graph.provider(position, import)
                {
                    open.push(position);
                }
            }
        }
    }

    /// The interface that requests come in by.
    fn answers(&self) -> Option<&'static str> {
        match self.entry?.1 {
            super::Entry::Http2 => Some("incoming-handler"),
            super::Entry::Http3 => Some("handler"),
            super::Entry::Command2 | super::Entry::Command3 => None,
        }
    }

    fn prospects(&self) -> Vec<Prospect> {
        let components = self.graph.components();
        components
            .map(|(position, _, shape)| Prospect {
                imports: shape
                    .imports
                    .iter()
                    .map(|import| (import.name.clone(), self.server(position, import)))
                    .collect(),
                exports: self.exports(position, shape),
                in_use: self.in_use.contains(&position),
            })
            .collect()
    }

    fn server(&self, importer: usize, import: &Import) -> Server {
        match self.graph.provider(importer, import) {
            Ok(Provider::Component { position, export }) => {
                match self.graph.spec.components.get(position) {
                    Some(provider) => Server::Component {
                        name: provider.name.clone(),
                        export,
                    },
                    None => Server::Nobody,
                }
            }
            Ok(Provider::Host) => match &import.interface {
                Some(interface) if is_capability(interface) => Server::Capability {
                    entry: self.graph.grantor(interface),
                },
                _ => Server::Wasi,
            },
            Err(_) => Server::Nobody,
        }
    }

    fn exports(&self, position: usize, shape: &Shape) -> Vec<(String, Use)> {
        let interfaces = shape.exports.iter().map(|export| {
            let called = self.entry.is_some_and(|(entry_position, entry)| {
                entry_position == position && entry_of(export, self.purpose) == Some(entry)
            });
            let used = match self.entry {
                Some((_, entry)) if called && entry.is_http() => Use::Requests,
                Some(_) if called => Use::Run,
                _ => self.importers(position, &export.to_string()),
            };
            (export.to_string(), used)
        });
        let plain = shape.plain_exports.iter();
        interfaces
            .chain(plain.map(|name| (name.clone(), Use::Nothing)))
            .collect()
    }

    fn importers(&self, exporter: usize, name: &str) -> Use {
        let is_served = |(importer, shape): (usize, &Shape)| {
            shape.imports.iter().any(|import| {
                matches!(
                    self.graph.provider(importer, import),
                    Ok(Provider::Component { position, export }) if position == exporter && export == name
                )
            })
        };
        let importers: Vec<_> = self
            .graph
            .components()
            .filter(|(importer, _, shape)| is_served((*importer, shape)))
            .map(|(_, spec, _)| spec.name.clone())
            .collect();
        if importers.is_empty() {
            Use::Nothing
        } else {
            Use::ImportedBy(importers)
        }
    }

    /// The capabilities that components import from the host, with or without a grant.
    fn capabilities(&self) -> impl Iterator<Item = &weft_api::interface::InterfaceName> {
        let components = self.graph.components();
        let in_use = components
            .filter(|(position, ..)| self.in_use.is_empty() || self.in_use.contains(position));
        in_use
            .flat_map(|(position, _, shape)| {
                shape.imports.iter().map(move |import| (position, import))
            })
            .filter(|(position, import)| {
                !matches!(
                    self.graph.provider(*position, import),
                    Ok(Provider::Component { .. })
                )
            })
            .filter_map(|(_, import)| import.interface.as_ref())
            .filter(|interface| is_capability(interface))
    }
}

fn is_capability(interface: &weft_api::interface::InterfaceName) -> bool {
    grants::serving(interface).is_some_and(|row| row.grant == Grant::Capability)
}

/// What has to stand in `hostInterfaces`: the way in first, then capabilities by name.
fn needed<'v, 'a: 'v>(
    spec: &WorkloadSpec,
    views: impl Iterator<Item = &'v View<'a>>,
    answers: Option<&'static str>,
) -> Vec<Needed> {
    let mut packages: BTreeMap<(&str, &str), (BTreeSet<String>, bool)> = BTreeMap::new();
    for view in views {
        for interface in view.capabilities() {
            let key = (interface.namespace.as_str(), interface.package.as_str());
            let (interfaces, missing) = packages.entry(key).or_default();
            interfaces.insert(interface.interface.clone());
            *missing |= view.graph.grantor(interface).is_none();
        }
    }
    let ingress = answers.map(|interface| Needed {
        missing: spec.http_hosts().is_empty(),
        entry: HostInterface {
            config: ingress_config(spec),
            ..entry("wasi", "http", [interface.to_owned()].into())
        },
    });
    let capabilities = packages
        .into_iter()
        .map(|((namespace, package), (interfaces, missing))| Needed {
            entry: entry(namespace, package, interfaces),
            missing,
        });
    ingress.into_iter().chain(capabilities).collect()
}

fn entry(namespace: &str, package: &str, interfaces: BTreeSet<String>) -> HostInterface {
    HostInterface {
        namespace: namespace.to_owned(),
        package: package.to_owned(),
        interfaces,
        version: None,
        config: BTreeMap::new(),
        secrets: BTreeMap::new(),
        name: None,
    }
}

/// The host names that the manifest gives, or one that works on every machine.
fn ingress_config(spec: &WorkloadSpec) -> BTreeMap<String, String> {
    let mut hosts = spec.http_hosts().into_iter();
    let host = hosts
        .next()
        .unwrap_or_else(|| format!("{}.localhost", spec.name));
    let aliases: Vec<_> = hosts.collect();
    let mut config = BTreeMap::from([("host".to_owned(), host)]);
    if !aliases.is_empty() {
        config.insert("host-aliases".to_owned(), aliases.join(","));
    }
    config
}

/// Whether an entry for a capability grants nothing that is imported.
fn is_unused<'v, 'a: 'v>(
    spec: &WorkloadSpec,
    place: usize,
    mut views: impl Iterator<Item = &'v View<'a>>,
) -> bool {
    let Some(entry) = spec.host_interfaces.get(place) else {
        return false;
    };
    let imported = views.any(|view| {
        view.capabilities().any(|import| {
            import.namespace == entry.namespace
                && import.package == entry.package
                && entry.interfaces.contains(&import.interface)
        })
    });
    !entry.is_http() && !imported
}
