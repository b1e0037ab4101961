//! Compose step: fuse the components of a program into one, so that calls between them are direct. Pure.
//!
//! A linked call becomes an adapter that the compiler generates from the interface's types: no host in between, no
//! look-up by name, and resources and streams cross as they are. What must not be shared is kept apart by name: an
//! import that bears identity (environment, configuration, preopened directories, standard streams, egress) of any
//! part but the entry is renamed, e.g. to `wasi-c2:cli/environment@0.2.3`, and `link` binds that name to its owner.
//! All other imports of the host are brought to one version per version line, so that a resource of `wasi:io`, say,
//! is the same type in every part.

mod rename;

use std::collections::BTreeMap;

use semver::Version;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};
use weft_api::interface::InterfaceName;

use crate::grants::bears_identity;
use crate::inspect::{Import, Shape};
use crate::plan::Program;

/// One component made of all parts of a program.
#[derive(Clone, Debug)]
pub struct Fused {
    /// The component.
    pub bytes: Vec<u8>,
    /// Imports that stand for the identity of one part.
    pub scoped: Vec<Scoped>,
}

/// An import that is bound to one part: renamed, unless the program has one part alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoped {
    /// The part that it belongs to. The entry, 0, keeps the names of all but its labelled imports.
    pub part: usize,
    /// The name in the fused component.
    pub name: String,
    /// The interface that was asked for.
    pub interface: InterfaceName,
    /// The label that it was asked for under, if it was.
    pub label: Option<String>,
}

/// Why components that fit by name cannot be fused.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(
        "component `{component}` is not valid WebAssembly: {reason}; build it again with current tools"
    )]
    Invalid { component: String, reason: String },
    #[error(
        "component `{importer}` imports `{import}` and component `{exporter}` exports it, but their types differ: \
         {reason}; build both against the same version of the interface"
    )]
    TypesDiffer {
        importer: String,
        exporter: String,
        import: String,
        reason: String,
    },
    #[error("there is no component to run")]
    Empty,
    #[error("the components cannot be fused: {reason}")]
    Fuse { reason: String },
}

/// Fuses a program. `parts` are the bytes and shapes of `program.parts`, in the same order. A program of one part
/// stays as it is.
pub fn fuse(program: &Program, parts: &[(&[u8], &Shape)]) -> Result<Fused, ComposeError> {
    if let [(bytes, shape)] = parts {
        return Ok(Fused {
            bytes: bytes.to_vec(),
            scoped: labelled(shape),
        });
    }
    let names = Names::new(program, parts);
    let mut graph = CompositionGraph::new();
    let mut instances: BTreeMap<usize, NodeId> = BTreeMap::new();
    // Providers stand after importers, so the last part is instantiated first.
    for (index, ((bytes, _), part)) in parts.iter().zip(&program.parts).enumerate().rev() {
        let component = part.component.as_str();
        let renamed =
            rename::imports(bytes, |import| names.new_name(index, import)).map_err(|reason| {
                ComposeError::Invalid {
                    component: component.to_owned(),
                    reason,
                }
            })?;
        let package = Package::from_bytes(
            &format!("weft:part{index}"),
            None,
            renamed,
            graph.types_mut(),
        )
        .map_err(|error| ComposeError::Invalid {
            component: component.to_owned(),
            reason: format!("{error:#}"),
        })?;
        let package = graph.register_package(package).map_err(fuse_error)?;
        let instance = graph.instantiate(package);
        for link in &part.links {
            let provider = *instances
                .get(&link.provider)
                .ok_or_else(|| broken_order("a provider stands before its importer"))?;
            let export = graph
                .alias_instance_export(provider, &link.export)
                .map_err(fuse_error)?;
            graph
                .set_instantiation_argument(instance, &link.import, export)
                .map_err(|error| ComposeError::TypesDiffer {
                    importer: component.to_owned(),
                    exporter: program
                        .parts
                        .get(link.provider)
                        .map(|p| p.component.to_string())
                        .unwrap_or_default(),
                    import: link.import.clone(),
                    reason: chain(&error),
                })?;
        }
        instances.insert(index, instance);
    }
    export_entry(&mut graph, &instances, parts)?;
    let bytes = graph
        .encode(EncodeOptions {
            validate: false,
            ..EncodeOptions::default()
        })
        .map_err(fuse_error)?;
    Ok(Fused {
        bytes,
        scoped: names.scoped(),
    })
}

/// The labelled imports of a program of one part, which keep their names.
fn labelled(shape: &Shape) -> Vec<Scoped> {
    let imports = shape.imports.iter();
    imports
        .filter_map(|import| {
            Some(Scoped {
                part: 0,
                name: import.name.clone(),
                interface: import.interface.clone()?,
                label: Some(label(import)?.to_owned()),
            })
        })
        .collect()
}

/// The label of an import that has one.
fn label(import: &Import) -> Option<&str> {
    let interface = import.interface.as_ref()?;
    (import.name != interface.to_string()).then_some(&import.name)
}

fn export_entry(
    graph: &mut CompositionGraph,
    instances: &BTreeMap<usize, NodeId>,
    parts: &[(&[u8], &Shape)],
) -> Result<(), ComposeError> {
    let (Some(entry), Some((_, shape))) = (instances.get(&0), parts.first()) else {
        return Err(broken_order("there is no entry component"));
    };
    for export in &shape.exports {
        let name = export.to_string();
        let node = graph
            .alias_instance_export(*entry, &name)
            .map_err(fuse_error)?;
        graph.export(node, &name).map_err(fuse_error)?;
    }
    Ok(())
}

/// The new name of every import that the host provides.
struct Names {
    by_part: Vec<BTreeMap<String, Named>>,
}

/// An import that the host provides.
struct Named {
    interface: InterfaceName,
    label: Option<String>,
    new: String,
}

impl Names {
    fn new(program: &Program, parts: &[(&[u8], &Shape)]) -> Self {
        let from_host = |index: usize, shape: &Shape| -> Vec<(Import, InterfaceName)> {
            let links = program
                .parts
                .get(index)
                .map(|part| part.links.as_slice())
                .unwrap_or_default();
            shape
                .imports
                .iter()
                .filter(|import| links.iter().all(|link| link.import != import.name))
                .filter_map(|import| Some((import.clone(), import.interface.clone()?)))
                .collect()
        };
        let mut newest: BTreeMap<(String, String, String), Version> = BTreeMap::new();
        for (index, (_, shape)) in parts.iter().enumerate() {
            for (_, interface) in from_host(index, shape) {
                if let (Some(line), Some(version)) = (line(&interface), interface.version) {
                    let known = newest.entry(line).or_insert_with(|| version.clone());
                    *known = version.max(known.clone());
                }
            }
        }
        let by_part = parts.iter().enumerate().map(|(index, (_, shape))| {
            from_host(index, shape)
                .into_iter()
                .map(|(import, interface)| {
                    let label = label(&import).map(str::to_owned);
                    let new = match &label {
                        // Two parts may use the same label.
                        Some(label) => format!("c{index}-{label}"),
                        None => new_name(index, &interface, &newest),
                    };
                    let named = Named {
                        interface,
                        label,
                        new,
                    };
                    (import.name, named)
                })
                .collect()
        });
        Self {
            by_part: by_part.collect(),
        }
    }

    fn new_name(&self, part: usize, import: &str) -> Option<&str> {
        let named = self.by_part.get(part)?.get(import)?;
        Some(&named.new)
    }

    fn scoped(&self) -> Vec<Scoped> {
        let mut scoped = Vec::new();
        for (part, names) in self.by_part.iter().enumerate() {
            for named in names.values() {
                let own = part > 0 && bears_identity(&named.interface);
                if own || named.label.is_some() {
                    scoped.push(Scoped {
                        part,
                        name: named.new.clone(),
                        interface: named.interface.clone(),
                        label: named.label.clone(),
                    });
                }
            }
        }
        scoped
    }
}

/// What an import without a label is called in the fused component.
fn new_name(
    part: usize,
    interface: &InterfaceName,
    newest: &BTreeMap<(String, String, String), Version>,
) -> String {
    let mut new = interface.clone();
    if let Some(version) = line(interface).and_then(|line| newest.get(&line)) {
        new.version = Some(version.clone());
    }
    if part > 0 && bears_identity(interface) {
        new.namespace = format!("{}-c{part}", new.namespace);
    }
    new.to_string()
}

/// Namespace, package and compatible version line of an import.
fn line(interface: &InterfaceName) -> Option<(String, String, String)> {
    Some((
        interface.namespace.clone(),
        interface.package.clone(),
        interface.track()?,
    ))
}

fn fuse_error(error: impl std::error::Error) -> ComposeError {
    ComposeError::Fuse {
        reason: chain(&error),
    }
}

fn broken_order(what: &str) -> ComposeError {
    ComposeError::Fuse {
        reason: what.to_owned(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
