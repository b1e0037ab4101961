//! Plan step: from what a manifest asks and what the components import and export, to a workload in which every import
//! has a provider. Pure; all refusals that need no I/O happen here, and all of them are reported together.

mod candidates;
mod error;
mod gpu;
mod outlook;
mod part;
mod resolve;
mod service;
mod walk;

use std::sync::Arc;

use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::spec::{Reuse, Values, Volume, VolumeMount, WorkloadSpec};
use weft_gpu::ask::Ask;
use weft_net::firewall::policy::Policy;
use weft_net::loopback::Role;

pub use error::{NearEntry, PlanError, PlanErrors, Subject};
pub use outlook::{Needed, Outlook, Prospect, Server, Use, outlook};
pub use service::NAME as SERVICE;

use crate::inspect::Shape;
use crate::secrets::{Secrets, Store};

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
    /// Running for as long as the workload does.
    Service,
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
    /// What answers requests; none where the workload is a service alone.
    pub program: Option<Program>,
    /// The long-lived component, unless it is `program` because it answers requests itself.
    pub service: Option<Service>,
    /// What it asks of a GPU; none if no component imports `wasi:webgpu`.
    pub gpu: Option<Ask>,
    /// Volumes that the parts mount.
    pub volumes: Vec<Volume>,
    /// Things worth telling whoever started it; none of them stops the start.
    pub notes: Vec<String>,
}

impl ValidWorkload {
    /// Says where the secrets are whose values the manifest does not have itself.
    pub fn provide_secrets(&mut self, provider: &Arc<dyn Store>) {
        let service = self.service.as_mut().map(|service| &mut service.program);
        for program in self.program.iter_mut().chain(service) {
            for part in &mut program.parts {
                part.secrets.provide(provider);
            }
        }
    }
}

/// A component that runs for as long as its workload does.
#[derive(Clone, Debug)]
pub struct Service {
    /// Of one part.
    pub program: Program,
    /// How often it is started again after a failure; 0 = never.
    pub max_restarts: u32,
}

/// The components that share a store, ready to be fused.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The entry component is first; a provider always comes after those that import from it.
    pub parts: Vec<Part>,
    /// The version line of the interface that is called: `0.2` or `0.3`.
    pub entry: Entry,
    /// How instances are used again: the least that all parts agree to.
    pub reuse: Reuse,
    /// What it may do on the virtual network: a service listens.
    pub role: Role,
}

impl Program {
    /// Whether there is one instance that is never given up, because it is the service of its workload.
    pub fn is_resident(&self) -> bool {
        self.role == Role::Service
    }
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

impl Entry {
    /// Whether it answers requests.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http2 | Self::Http3)
    }
}

/// One component in a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name in the manifest.
    pub component: ComponentName,
    /// Its place among the components of the manifest.
    pub position: usize,
    /// Imports that another part provides.
    pub links: Vec<Link>,
    /// Variables of `wasi:cli/environment`.
    pub environment: Values,
    /// Values of `wasi:config/store`.
    pub config: Values,
    /// What `wasmcloud:secrets` has.
    pub secrets: Secrets,
    /// What it may reach.
    pub egress: Policy,
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

/// What `inspect` made of the files of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Shapes<'a> {
    /// Those of `spec.components`, in the same order.
    pub components: &'a [Shape],
    /// That of `spec.service`.
    pub service: Option<&'a Shape>,
}

impl<'a> From<&'a [Shape]> for Shapes<'a> {
    /// Components without a service.
    fn from(components: &'a [Shape]) -> Self {
        Self {
            components,
            service: None,
        }
    }
}

/// Checks a workload.
pub fn plan(
    spec: &WorkloadSpec,
    shapes: Shapes<'_>,
    granting: Granting,
    purpose: Purpose,
) -> Result<ValidWorkload, PlanErrors> {
    let mut report = Report::default();
    let (_, twice) = Secrets::of(spec);
    let twice = twice
        .into_iter()
        .map(|name| PlanError::SecretTwice { name });
    report.errors.extend(twice);
    service::check_names(spec, &mut report);
    let gpu = gpu::ask(spec, shapes, &mut report.errors);
    let (program, service) = programs(spec, shapes, granting, purpose, &mut report);
    let Report { notes, errors } = report;
    if !errors.is_empty() || (program.is_none() && service.is_none()) {
        return Err(PlanErrors {
            workload: format!("{}/{}", spec.tenant, spec.name),
            errors,
        });
    }
    Ok(ValidWorkload {
        tenant: spec.tenant.clone(),
        name: spec.name.clone(),
        hosts: spec.http_hosts(),
        program,
        service,
        gpu,
        volumes: spec.volumes.clone(),
        notes,
    })
}

/// What is found out besides the plan itself.
#[derive(Default)]
struct Report {
    notes: Vec<String>,
    errors: Vec<PlanError>,
}

/// What answers requests, and what runs beside it.
fn programs(
    spec: &WorkloadSpec,
    shapes: Shapes<'_>,
    granting: Granting,
    purpose: Purpose,
    report: &mut Report,
) -> (Option<Program>, Option<Service>) {
    let (Some(service), Some(shape)) = (&spec.service, shapes.service) else {
        let program = resolve::program(spec, shapes.components, granting, purpose, report);
        return (program, None);
    };
    let Some(mut resident) = service::program(spec, service, shape, granting, report) else {
        return (None, None);
    };
    let answers = resident.entry.is_http();
    let fronts = resolve::has_entry(shapes.components);
    if answers && !fronts {
        service::check_ingress(spec, granting, report);
        resident.reuse = service::ONE_INSTANCE;
        service::note_unused(spec, report);
        return (Some(resident), None);
    }
    if answers {
        report.errors.push(PlanError::TwoEntries);
    }
    let program = if fronts {
        resolve::program(spec, shapes.components, granting, purpose, report)
    } else {
        service::note_unused(spec, report);
        None
    };
    let service = Service {
        program: resident,
        max_restarts: service.max_restarts,
    };
    (program, Some(service))
}

#[cfg(test)]
mod tests;
