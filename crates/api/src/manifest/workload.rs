//! `Workload` and `WorkloadDeployment`: the shape of the two, and the rules between the parts of a workload.

use std::collections::HashMap;

use super::component::{self, count};
use super::kind::Kind;
use super::volume::Mount;
use super::{Object, Scope, interface, metadata, volume};
use crate::document::Span;
use crate::document::decode::{At, Fields};
use crate::document::problem::Problems;
use crate::ids::{ComponentName, Tenant, WorkloadName};
use crate::spec::{ComponentSpec, HostInterface, ServiceSpec, Volume, WorkloadSpec};

/// Fields of a workload's `spec`, which people also write one level too high.
const SPEC_FIELDS: [&str; 7] = [
    "components",
    "service",
    "hostInterfaces",
    "volumes",
    "hostSelector",
    "hostId",
    "environment",
];

/// Reads a workload of either kind.
pub(super) fn read(object: &Object<'_>, scope: &mut Scope<'_>) -> Option<WorkloadSpec> {
    let mut fields = object.fields(scope.problems)?;
    let spec = fields.required("spec");
    fields.skip(&["status"]);
    fields.finish(scope.problems);
    let (replicas, body) = match object.kind {
        Kind::WorkloadDeployment => deployment(&spec?, scope)?,
        _ => (1, body(&spec?, scope)?),
    };
    let name = WorkloadName::parse(object.metadata.name.as_deref()?).ok()?;
    let tenant = Tenant::parse(object.metadata.namespace.as_deref()?).ok()?;
    let Body {
        components,
        service,
        host_interfaces,
        volumes,
    } = body;
    Some(WorkloadSpec {
        tenant,
        name,
        replicas,
        components,
        service,
        host_interfaces,
        volumes,
    })
}

/// The parts of a workload's `spec` that are run.
struct Body {
    components: Vec<ComponentSpec>,
    service: Option<ServiceSpec>,
    host_interfaces: Vec<HostInterface>,
    volumes: Vec<Volume>,
}

fn deployment(at: &At<'_>, scope: &mut Scope<'_>) -> Option<(u32, Body)> {
    let mut fields = at.fields(scope.problems)?;
    let replicas = count(&mut fields, "replicas", scope.problems);
    let template = fields.required("template");
    if let Some(at) = fields.optional("deployPolicy") {
        at.choice(&["RollingUpdate", "Recreate"], scope.problems);
    }
    if let Some(at) = fields.optional("artifacts") {
        artifacts(&at, scope.problems);
    }
    kubernetes(&mut fields, scope.problems);
    fields.misplaced(
        &SPEC_FIELDS,
        "it belongs in `spec.template.spec`",
        scope.problems,
    );
    fields.finish(scope.problems);
    let mut template = template?.fields(scope.problems)?;
    metadata::labels(&mut template, scope.problems);
    let spec = template.required("spec");
    template.misplaced(
        &SPEC_FIELDS,
        "it belongs in `spec.template.spec`",
        scope.problems,
    );
    template.misplaced(
        &["metadata"],
        "`labels` and `annotations` stand directly in `spec.template`",
        scope.problems,
    );
    template.finish(scope.problems);
    Some((replicas.unwrap_or(1), body(&spec?, scope)?))
}

/// Artifacts name what `artifact://` images refer to; only their shape is checked, since such images are refused.
fn artifacts(at: &At<'_>, problems: &mut Problems) {
    for item in at.items(problems) {
        let Some(mut fields) = item.fields(problems) else {
            continue;
        };
        if let Some(name) = fields.required("name") {
            name.filled(problems);
        }
        let from = fields
            .required("artifactFrom")
            .and_then(|at| at.fields(problems));
        if let Some(mut from) = from {
            if let Some(name) = from.required("name") {
                name.filled(problems);
            }
            from.finish(problems);
        }
        fields.finish(problems);
    }
}

/// `kubernetes.service.name`: the Service that a cluster routes to the workload. Nothing here uses it.
fn kubernetes(fields: &mut Fields<'_>, problems: &mut Problems) {
    let at = fields.optional("kubernetes");
    let Some(mut kubernetes) = at.and_then(|at| at.fields(problems)) else {
        return;
    };
    if let Some(mut service) = kubernetes
        .optional("service")
        .and_then(|at| at.fields(problems))
    {
        if let Some(name) = service.required("name") {
            name.filled(problems);
        }
        service.finish(problems);
    }
    kubernetes.finish(problems);
}

fn body(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Body> {
    let mut fields = at.fields(scope.problems)?;
    placement(&mut fields, scope.problems);
    let mut mounts = Vec::new();
    let components_at = fields.optional("components");
    let components = components_at.and_then(|at| components(&at, scope, &mut mounts));
    let service_at = fields.optional("service");
    let service = service_at
        .as_ref()
        .and_then(|at| component::service(at, scope, &mut mounts));
    let host_interfaces = fields
        .optional("hostInterfaces")
        .map(|at| interface::host_interfaces(&at, scope))
        .unwrap_or_default();
    let volumes_at = fields.optional("volumes");
    let volumes = volumes_at
        .as_ref()
        .map(|at| volume::volumes(at, scope))
        .unwrap_or_default();
    kubernetes(&mut fields, scope.problems);
    let misspelled = fields.may_be_misspelled("components") || fields.may_be_misspelled("service");
    let empty = components.is_none() && service_at.is_none() && !misspelled;
    if empty {
        let problem = at.problem(format!(
            "`{}` has neither `components` nor a `service`",
            at.path()
        ));
        scope
            .problems
            .push(problem.help("add at least one component, with `name` and `image`"));
    }
    fields.finish(scope.problems);
    check_mounts(&mounts, volumes_at.as_ref(), scope.problems);
    Some(Body {
        components: components.unwrap_or_default(),
        service,
        host_interfaces,
        volumes,
    })
}

/// Where a cluster is to place the workload. A single host takes it in any case.
fn placement(fields: &mut Fields<'_>, problems: &mut Problems) {
    if let Some(at) = fields.optional("hostSelector") {
        at.text_map(problems);
    }
    for name in ["hostId", "environment"] {
        if let Some(at) = fields.optional(name) {
            at.text(problems);
        }
    }
}

/// The components, or nothing if the list is empty.
fn components<'t>(
    at: &At<'t>,
    scope: &mut Scope<'_>,
    mounts: &mut Vec<Mount<'t>>,
) -> Option<Vec<ComponentSpec>> {
    let items = at.items(scope.problems);
    let mut names: HashMap<ComponentName, Span> = HashMap::new();
    let mut components = Vec::new();
    for item in &items {
        let Some(named) = component::component(item, scope, mounts) else {
            continue;
        };
        let name = named.component.name.clone();
        if let Some(first) = names.get(&name) {
            let problem = named
                .name
                .problem(format!("the component `{name}` is given twice"));
            scope.problems.push(
                problem
                    .also(*first)
                    .help("give each component a name of its own"),
            );
        } else {
            names.insert(name, named.name.span());
        }
        components.push(named.component);
    }
    let given = !items.is_empty() || !matches!(at.value(), crate::document::Value::List(_));
    given.then_some(components)
}

/// Checks the mounts against the names of all volumes as written, so that a volume with another mistake still counts.
fn check_mounts(mounts: &[Mount<'_>], volumes: Option<&At<'_>>, problems: &mut Problems) {
    let mut quiet = Problems::default();
    let mut given = Vec::new();
    for item in volumes.map(|at| at.items(&mut quiet)).unwrap_or_default() {
        let name = item
            .fields(&mut quiet)
            .and_then(|mut fields| fields.optional("name"));
        given.extend(name.and_then(|at| at.text(&mut quiet)));
    }
    volume::check_mounts(mounts, &given, problems);
}
