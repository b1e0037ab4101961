//! Who provides each import: another component of the workload first, then the host. Pure.

use weft_api::ids::ComponentName;
use weft_api::interface::{InterfaceName, compatible};
use weft_api::spec::{ComponentSpec, Reuse, WorkloadSpec};
use weft_net::loopback::Role;

use super::candidates::Near;
use super::error::NearEntry;
use super::walk::Walk;
use super::{Entry, Granting, Part, PlanError, Program, Purpose, Report};
use crate::grants::{self, Grant, Row};
use crate::inspect::{Import, Shape};
use crate::secrets::Secrets;

/// Components that may share a store. Bounds the size of what is compiled as one.
pub(crate) const MAX_PARTS: usize = 16;

/// Finds the entry component and everything that it needs.
pub(super) fn program(
    spec: &WorkloadSpec,
    shapes: &[Shape],
    granting: Granting,
    purpose: Purpose,
    report: &mut Report,
) -> Option<Program> {
    let Report { notes, errors } = report;
    let graph = Graph {
        spec,
        shapes,
        granting,
        secrets: Secrets::of(spec).0,
    };
    let (entry_position, entry) = graph.entry(purpose, notes, errors)?;
    if purpose == Purpose::Serve && granting == Granting::Entries {
        check_ingress(spec, entry, errors);
    }
    let order = graph.reachable(entry_position, errors)?;
    if order.len() > MAX_PARTS {
        errors.push(PlanError::TooManyParts { count: order.len() });
        return None;
    }
    graph.note_unused(&order, notes);
    let parts: Vec<Part> = order
        .iter()
        .filter_map(|position| graph.part(*position, &order, notes, errors))
        .collect();
    let reuse = order
        .iter()
        .filter_map(|position| spec.components.get(*position))
        .map(|c| c.reuse)
        .reduce(least)?;
    let role = match purpose {
        Purpose::Service => Role::Service,
        Purpose::Serve | Purpose::Command => Role::Component,
    };
    Some(Program {
        parts,
        entry,
        reuse,
        role,
    })
}

/// Whether one of the components could answer requests.
pub(super) fn has_entry(shapes: &[Shape]) -> bool {
    let mut exports = shapes.iter().flat_map(|shape| &shape.exports);
    exports.any(|export| entry_of(export, Purpose::Serve).is_some())
}

/// What the manifest has to say so that requests reach an entry.
pub(super) fn check_ingress(spec: &WorkloadSpec, entry: Entry, errors: &mut Vec<PlanError>) {
    if !spec
        .host_interfaces
        .iter()
        .any(weft_api::spec::HostInterface::is_http)
    {
        let interface = if entry == Entry::Http3 {
            "handler"
        } else {
            "incoming-handler"
        };
        errors.push(PlanError::NoIngress { interface });
    } else if spec.http_hosts().is_empty() {
        errors.push(PlanError::NoHostName);
    }
}

pub(super) struct Graph<'a> {
    pub(super) spec: &'a WorkloadSpec,
    pub(super) shapes: &'a [Shape],
    pub(super) granting: Granting,
    /// What `wasmcloud:secrets` has.
    pub(super) secrets: Secrets,
}

/// Who serves one import.
pub(super) enum Provider {
    Host,
    Component { position: usize, export: String },
}

impl<'a> Graph<'a> {
    pub(super) fn components(&self) -> impl Iterator<Item = (usize, &'a ComponentSpec, &'a Shape)> {
        self.spec
            .components
            .iter()
            .zip(self.shapes)
            .enumerate()
            .map(|(position, (spec, shape))| (position, spec, shape))
    }

    /// The first component, in the order of the manifest, that can be the entry.
    pub(super) fn entry(
        &self,
        purpose: Purpose,
        notes: &mut Vec<String>,
        errors: &mut Vec<PlanError>,
    ) -> Option<(usize, Entry)> {
        let found: Vec<_> = self
            .components()
            .filter_map(|(position, spec, shape)| {
                let exports = shape.exports.iter();
                exports
                    .filter_map(|export| Some((export, entry_of(export, purpose)?)))
                    .map(|(export, entry)| (position, spec, export, entry))
                    // A service that is to be run is, whatever else it exports.
                    .min_by_key(|(.., entry)| purpose == Purpose::Service && entry.is_http())
            })
            .collect();
        // One that another component stands in front of is not the entry, wherever it stands in the manifest.
        let front = found
            .iter()
            .find(|(position, _, export, _)| !self.is_imported(*position, export));
        let Some((position, spec, _, entry)) = front.or(found.first()).copied() else {
            errors.push(self.no_entry(purpose));
            return None;
        };
        let others: Vec<_> = found
            .iter()
            .filter(|(other, ..)| *other != position && !self.provides_to_another(*other))
            .map(|(_, spec, ..)| format!("`{}`", spec.name))
            .collect();
        if !others.is_empty() {
            notes.push(format!(
                "several components export wasi:http; `{}` serves because it comes first, {} get no requests",
                spec.name,
                others.join(", ")
            ));
        }
        Some((position, entry))
    }

    fn no_entry(&self, purpose: Purpose) -> PlanError {
        if self.spec.components.is_empty() {
            return PlanError::NoComponents;
        }
        let exports = self
            .components()
            .flat_map(|(_, _, shape)| {
                shape
                    .exports
                    .iter()
                    .map(ToString::to_string)
                    .chain(shape.plain_exports.iter().cloned())
            })
            .collect();
        match purpose {
            Purpose::Serve => PlanError::NothingToServe { exports },
            Purpose::Command => PlanError::NotACommand { exports },
            Purpose::Service => PlanError::NotAService { exports },
        }
    }

    /// The components that the entry needs, importers before providers; none when they form a circle or an import
    /// has no provider.
    fn reachable(&self, entry: usize, errors: &mut Vec<PlanError>) -> Option<Vec<usize>> {
        let mut walk = Walk {
            graph: self,
            done: Vec::new(),
            path: Vec::new(),
            begun: std::collections::BTreeSet::new(),
        };
        let before = errors.len();
        walk.visit(entry, errors);
        if errors.len() > before {
            return None;
        }
        let mut order = walk.done;
        order.reverse();
        Some(order)
    }

    pub(super) fn provider(&self, importer: usize, import: &Import) -> Result<Provider, PlanError> {
        let component = self.spec.components.get(importer).map(|c| c.name.clone());
        let (Some(component), Some(interface)) = (component.clone(), &import.interface) else {
            let why = "it is not an interface, and the host offers interfaces only";
            return Err(missing(component, import, Near {
                candidates: vec![why.to_owned()],
                remedy: "put what is imported into an interface, and add a component that exports it"
                    .to_owned(),
            }));
        };
        let mut exporters = self.exporters(importer, interface);
        match (exporters.pop(), exporters.is_empty()) {
            (Some(provider), true) => return Ok(provider),
            (Some(_), false) => {
                let names = self.exporters_by_name(importer, interface);
                return Err(PlanError::Ambiguous {
                    component,
                    import: import.name.clone(),
                    exporters: names,
                });
            }
            (None, _) => {}
        }
        match grants::serving(interface) {
            Some(row) if grants::needs_label(interface) => {
                self.check_label(&component, import, interface)?;
                self.granted_by(row, component, import, interface)
            }
            // A named import (`team-a` implementing an interface) asks for its own back-end, which no row offers yet.
            Some(_) if import.name != interface.to_string() => {
                let why = format!(
                    "it is a named import of `{interface}`; weft serves that interface only unnamed"
                );
                let remedy = format!("import `{interface}` without a name of its own");
                Err(missing(
                    Some(component),
                    import,
                    Near {
                        candidates: vec![why],
                        remedy,
                    },
                ))
            }
            Some(row) => self.granted_by(row, component, import, interface),
            None => Err(missing(
                Some(component),
                import,
                self.near(importer, interface),
            )),
        }
    }

    fn granted_by(
        &self,
        row: &Row,
        component: ComponentName,
        import: &Import,
        interface: &InterfaceName,
    ) -> Result<Provider, PlanError> {
        if row.grant == Grant::Base || self.granted(interface) {
            return Ok(Provider::Host);
        }
        Err(PlanError::NotGranted {
            component,
            import: import.name.clone(),
            namespace: interface.namespace.clone(),
            package: interface.package.clone(),
            near: self.near_entry(interface).map(Box::new),
        })
    }

    /// The label of an import of one secret is the secret's name.
    fn check_label(
        &self,
        component: &ComponentName,
        import: &Import,
        interface: &InterfaceName,
    ) -> Result<(), PlanError> {
        if import.name == interface.to_string() {
            let near = Near {
                candidates: vec!["it stands for one secret, and no name says which".to_owned()],
                remedy: format!(
                    "import it under the name of that secret: `import <name>: {interface};`"
                ),
            };
            return Err(missing(Some(component.clone()), import, near));
        }
        // A manifest that does not ask for secrets at all is told that instead.
        if self.secrets.has(&import.name) || !self.granted(interface) {
            return Ok(());
        }
        Err(PlanError::UnknownSecret {
            component: component.clone(),
            name: import.name.clone(),
            known: self
                .secrets
                .names()
                .map(|name| format!("`{name}`"))
                .collect(),
        })
    }

    fn exporters(&self, importer: usize, import: &InterfaceName) -> Vec<Provider> {
        self.components()
            .filter(|(position, ..)| *position != importer)
            .filter_map(|(position, _, shape)| {
                let export = shape
                    .exports
                    .iter()
                    .find(|export| export.satisfies(import))?;
                Some(Provider::Component {
                    position,
                    export: export.to_string(),
                })
            })
            .collect()
    }

    fn exporters_by_name(&self, importer: usize, import: &InterfaceName) -> Vec<String> {
        self.components()
            .filter(|(position, ..)| *position != importer)
            .filter_map(|(_, spec, shape)| {
                let export = shape
                    .exports
                    .iter()
                    .find(|export| export.satisfies(import))?;
                Some(format!("`{}` ({export})", spec.name))
            })
            .collect()
    }

    fn granted(&self, import: &InterfaceName) -> bool {
        self.granting == Granting::Everything || self.grantor(import).is_some()
    }

    /// The entry of `hostInterfaces` that grants an import, by its place.
    pub(super) fn grantor(&self, import: &InterfaceName) -> Option<usize> {
        self.spec.host_interfaces.iter().position(|entry| {
            entry.namespace == import.namespace
                && entry.package == import.package
                && entry.interfaces.contains(&import.interface)
                && entry
                    .version
                    .as_ref()
                    .zip(import.version.as_ref())
                    .is_none_or(|(asked, imported)| compatible(Some(asked), Some(imported)))
        })
    }

    /// What an entry for the package of an import lacks that it would have to say.
    fn near_entry(&self, import: &InterfaceName) -> Option<NearEntry> {
        let entries = self.spec.host_interfaces.iter();
        let mut entries = entries
            .filter(|entry| entry.namespace == import.namespace && entry.package == import.package);
        let first = entries.next()?;
        let named = std::iter::once(first)
            .chain(entries)
            .find(|entry| entry.interfaces.contains(&import.interface));
        match named.map(|entry| &entry.version) {
            Some(version) => version
                .as_ref()
                .map(|version| NearEntry::Version(version.to_string())),
            None => Some(NearEntry::Interfaces),
        }
    }

    fn provides_to_another(&self, position: usize) -> bool {
        self.shapes.get(position).is_some_and(|shape| {
            shape
                .exports
                .iter()
                .any(|export| self.is_imported(position, export))
        })
    }

    /// Whether a component other than the exporting one imports it.
    fn is_imported(&self, exporter: usize, export: &InterfaceName) -> bool {
        self.components()
            .filter(|(other, ..)| *other != exporter)
            .flat_map(|(_, _, shape)| &shape.imports)
            .filter_map(|import| import.interface.as_ref())
            .any(|import| export.satisfies(import))
    }

    fn note_unused(&self, order: &[usize], notes: &mut Vec<String>) {
        for (position, spec, shape) in self.components() {
            let serves = shape
                .exports
                .iter()
                .any(|export| entry_of(export, Purpose::Serve).is_some());
            if !order.contains(&position) && !serves {
                notes.push(format!(
                    "component `{}` is not used: nothing imports what it exports",
                    spec.name
                ));
            }
        }
    }
}

fn missing(component: Option<ComponentName>, import: &Import, near: Near) -> PlanError {
    match component {
        Some(component) => PlanError::MissingImport {
            component,
            import: import.name.clone(),
            candidates: near.candidates,
            remedy: near.remedy,
        },
        None => PlanError::NoComponents,
    }
}

/// What an export makes of its component, if it is used for this.
pub(super) fn entry_of(export: &InterfaceName, purpose: Purpose) -> Option<Entry> {
    let track = export.track()?;
    let path = (
        export.namespace.as_str(),
        export.package.as_str(),
        export.interface.as_str(),
        track.as_str(),
    );
    match (purpose, path) {
        (Purpose::Serve, ("wasi", "http", "incoming-handler", "0.2")) => Some(Entry::Http2),
        (Purpose::Serve | Purpose::Service, ("wasi", "http", "handler", "0.3")) => {
            Some(Entry::Http3)
        }
        (Purpose::Command | Purpose::Service, ("wasi", "cli", "run", "0.2")) => {
            Some(Entry::Command2)
        }
        (Purpose::Command | Purpose::Service, ("wasi", "cli", "run", "0.3")) => {
            Some(Entry::Command3)
        }
        _ => None,
    }
}

/// A program is kept warm only as far as every part of it may be.
fn least(a: Reuse, b: Reuse) -> Reuse {
    let limit = |a: u32, b: u32| {
        if a == 0 {
            b
        } else if b == 0 {
            a
        } else {
            a.min(b)
        }
    };
    Reuse {
        pool_size: a.pool_size.min(b.pool_size),
        max_invocations: limit(a.max_invocations, b.max_invocations),
        max_concurrency: a.max_concurrency.min(b.max_concurrency),
    }
}
