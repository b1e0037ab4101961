//! Plan step: from what a manifest asks and what the components import and export, to a workload in which every import
//! has a provider. Pure; all refusals that need no I/O happen here, and all of them are reported together.

mod candidates;
mod error;
mod resolve;
mod walk;

use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::spec::{Resources, Reuse, Volume, VolumeMount, WorkloadSpec};
use weft_net::policy::EgressPolicy;

pub use error::{PlanError, PlanErrors};

use crate::inspect::Shape;

/// What the host lets a workload have beyond what its manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granting {
    /// Capabilities need an entry in `hostInterfaces`: manifests.
    Entries,
    /// Every capability that the host serves is granted: a lone component, and development.
    Everything,
}

/// What the workload is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Answering HTTP requests.
    Serve,
    /// Running one command to its end.
    Command,
}

/// A workload in which nothing is left to refuse but I/O.
#[derive(Clone, Debug)]
pub struct ValidWorkload {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its name within the tenant.
    pub name: WorkloadName,
    /// Host names it answers to; empty = every name.
    pub hosts: Vec<String>,
    /// What is run.
    pub program: Program,
    /// Volumes that the parts mount.
    pub volumes: Vec<Volume>,
    /// Things worth telling whoever started it; none of them stops the start.
    pub notes: Vec<String>,
}

/// The components that share a store, ready to be fused.
#[derive(Clone, Debug)]
pub struct Program {
    /// The entry component is first; a provider always comes after those that import from it.
    pub parts: Vec<Part>,
    /// The version line of the interface that is called: `0.2` or `0.3`.
    pub entry: Entry,
    /// How instances are used again: the least that all parts agree to.
    pub reuse: Reuse,
}

/// The export through which a program is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `wasi:http/incoming-handler@0.2.x`.
    Http2,
    /// `wasi:http/handler@0.3.x`.
    Http3,
    /// `wasi:cli/run@0.2.x`.
    Command2,
    /// `wasi:cli/run@0.3.x`.
    Command3,
}

/// One component in a program.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name in the manifest.
    pub component: ComponentName,
    /// Its place among the components of the manifest.
    pub position: usize,
    /// Imports that another part provides.
    pub links: Vec<Link>,
    /// Variables of `wasi:cli/environment`.
    pub environment: Vec<(String, String)>,
    /// Values of `wasi:config/store`.
    pub config: std::collections::BTreeMap<String, String>,
    /// Hosts it may reach.
    pub egress: EgressPolicy,
    /// Directories it sees.
    pub mounts: Vec<VolumeMount>,
    /// What its manifest entry says it may use up.
    pub limits: weft_api::spec::Limits,
}

/// An import of one part that another part serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The import, as named in the importing component.
    pub import: String,
    /// The export, as named in the exporting component.
    pub export: String,
    /// The exporting part.
    pub provider: usize,
}

/// Checks a workload. `shapes` are those of `spec.components`, in the same order.
pub fn plan(
    spec: &WorkloadSpec,
    shapes: &[Shape],
    granting: Granting,
    purpose: Purpose,
) -> Result<ValidWorkload, PlanErrors> {
    let mut errors = Vec::new();
    if spec.service.is_some() {
        errors.push(PlanError::ServiceUnsupported);
    }
    let mut notes = Vec::new();
    let program = resolve::program(spec, shapes, granting, purpose, &mut notes, &mut errors);
    match program {
        Some(program) if errors.is_empty() => Ok(ValidWorkload {
            tenant: spec.tenant.clone(),
            name: spec.name.clone(),
            hosts: spec.http_hosts(),
            program,
            volumes: spec.volumes.clone(),
            notes,
        }),
        _ => Err(PlanErrors {
            workload: format!("{}/{}", spec.tenant, spec.name),
            errors,
        }),
    }
}

/// What a component's `wasi:config/store` holds: the entry's config, then the component's own config, then its
/// environment, the later winning, as in wasmCloud.
fn merged_config(
    spec: &WorkloadSpec,
    resources: &Resources,
) -> std::collections::BTreeMap<String, String> {
    let mut config = std::collections::BTreeMap::new();
    for entry in spec
        .host_interfaces
        .iter()
        .filter(|e| e.namespace == "wasi" && e.package == "config")
    {
        config.extend(entry.config.clone());
    }
    config.extend(resources.config.clone());
    config.extend(resources.environment.clone());
    config
}

#[cfg(test)]
mod tests;
