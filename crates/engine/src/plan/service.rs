//! The long-lived component of a workload, checked like a workload of its own with one component. Pure.

use weft_api::ids::ComponentName;
use weft_api::spec::{ComponentSpec, Reuse, ServiceSpec, WorkloadSpec};

use super::{Entry, Granting, PlanError, Program, Purpose, Report, resolve};
use crate::inspect::Shape;

/// What the service is called where components have their names: in logs, metrics and policies.
pub const NAME: &str = "service";

/// A component of the same name could not be told from the service.
pub(super) fn check_names(spec: &WorkloadSpec, report: &mut Report) {
    let same = spec
        .components
        .iter()
        .find(|component| component.name.as_str() == NAME);
    if let (Some(component), Some(_)) = (same, &spec.service) {
        report.errors.push(PlanError::NameOfService {
            component: component.name.clone(),
        });
    }
}

/// The one instance of a service that answers requests: kept for ever, with any number of requests at a time.
pub(super) const ONE_INSTANCE: Reuse = Reuse {
    pool_size: 1,
    max_invocations: 0,
    max_concurrency: u32::MAX,
};

/// The program of the service.
pub(super) fn program(
    spec: &WorkloadSpec,
    service: &ServiceSpec,
    shape: &Shape,
    granting: Granting,
    report: &mut Report,
) -> Option<Program> {
    let alone = alone(spec, service)?;
    resolve::program(
        &alone,
        std::slice::from_ref(shape),
        granting,
        Purpose::Service,
        report,
    )
}

/// A workload whose service answers requests needs a host name like any other.
pub(super) fn check_ingress(spec: &WorkloadSpec, granting: Granting, report: &mut Report) {
    if granting == Granting::Entries {
        resolve::check_ingress(spec, Entry::Http3, &mut report.errors);
    }
}

/// Components that nothing leads to.
pub(super) fn note_unused(spec: &WorkloadSpec, report: &mut Report) {
    let names = spec.components.iter();
    report.notes.extend(names.map(|component| {
        format!(
            "component `{}` is not used: it exports no wasi:http, and a service imports from no component",
            component.name
        )
    }));
}

/// The workload with the service as its only component.
pub(super) fn alone(spec: &WorkloadSpec, service: &ServiceSpec) -> Option<WorkloadSpec> {
    let component = ComponentSpec {
        // The name is valid, so this always is.
        name: ComponentName::parse(NAME).ok()?,
        image: service.image.clone(),
        reuse: Reuse::default(),
        resources: service.resources.clone(),
    };
    Some(WorkloadSpec {
        components: vec![component],
        service: None,
        ..spec.clone()
    })
}
