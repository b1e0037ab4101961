//! Components and the service: where their bytes come from, and what they may see and reach.

use super::Scope;
use super::port;
use super::settings;
use super::volume::{self, Mount};
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problems, shown};
use crate::ids::ComponentName;
use crate::limits::read::Config;
use crate::pattern;
use crate::spec::{ComponentSpec, Image, Resources, Reuse, ServiceSpec};

/// Kubernetes stores these numbers as signed 32-bit integers.
const INT32_MAX: u32 = i32::MAX as u32;

/// One component, and the place of its name.
pub(super) struct Named<'t> {
    pub(super) component: ComponentSpec,
    pub(super) name: At<'t>,
}

/// Reads one of `components`. Its mounts are added to `mounts`.
pub(super) fn component<'t>(
    item: &At<'t>,
    scope: &mut Scope<'_>,
    mounts: &mut Vec<Mount<'t>>,
) -> Option<Named<'t>> {
    let mut fields = item.fields(scope.problems)?;
    let name_at = fields.required("name");
    let name = name_at
        .as_ref()
        .and_then(|at| at.checked(scope.problems, ComponentName::parse));
    let image = image(&mut fields, scope);
    let reuse = reuse(&mut fields, scope.problems);
    let resources = resources(&mut fields, scope, mounts);
    fields.finish(scope.problems);
    let component = ComponentSpec {
        name: name?,
        image: image?,
        reuse,
        resources,
    };
    Some(Named {
        component,
        name: name_at?,
    })
}

/// Reads `service`. Its mounts are added to `mounts`.
pub(super) fn service<'t>(
    at: &At<'t>,
    scope: &mut Scope<'_>,
    mounts: &mut Vec<Mount<'t>>,
) -> Option<ServiceSpec> {
    let mut fields = at.fields(scope.problems)?;
    let image = image(&mut fields, scope);
    let max_restarts = count(&mut fields, "maxRestarts", scope.problems);
    let ports = fields
        .optional("ports")
        .map(|at| port::ports(&at, scope.problems))
        .unwrap_or_default();
    let resources = resources(&mut fields, scope, mounts);
    fields.finish(scope.problems);
    Some(ServiceSpec {
        image: image?,
        max_restarts: max_restarts.unwrap_or_default(),
        ports,
        resources,
    })
}

fn image(fields: &mut Fields<'_>, scope: &mut Scope<'_>) -> Option<Image> {
    let at = fields.required("image");
    if let Some(at) = fields.optional("imagePullPolicy") {
        at.choice(&["Always", "IfNotPresent", "Never"], scope.problems);
    }
    if let Some(mut secret) = fields
        .optional("imagePullSecret")
        .and_then(|at| at.fields(scope.problems))
    {
        if let Some(name) = secret.optional("name") {
            name.text(scope.problems);
        }
        secret.finish(scope.problems);
    }
    at?.checked(scope.problems, |text| Image::parse(text, scope.base))
}

/// `poolSize`, `maxInvocations`, `maxConcurrency`. The CRD allows `maxConcurrency: 0`, which means 1.
fn reuse(fields: &mut Fields<'_>, problems: &mut Problems) -> Reuse {
    Reuse {
        pool_size: count(fields, "poolSize", problems).unwrap_or_default(),
        max_invocations: count(fields, "maxInvocations", problems).unwrap_or_default(),
        max_concurrency: count(fields, "maxConcurrency", problems)
            .unwrap_or_default()
            .max(1),
    }
}

/// A number that Kubernetes keeps as an int32 and that must not be negative.
pub(super) fn count(
    fields: &mut Fields<'_>,
    name: &'static str,
    problems: &mut Problems,
) -> Option<u32> {
    fields
        .optional(name)
        .and_then(|at| at.number(0, INT32_MAX, problems))
}

fn resources<'t>(
    fields: &mut Fields<'t>,
    scope: &mut Scope<'_>,
    mounts: &mut Vec<Mount<'t>>,
) -> Resources {
    let mut resources = Resources::default();
    let at = fields.optional("localResources");
    let Some(mut fields) = at.and_then(|at| at.fields(scope.problems)) else {
        return resources;
    };
    if let Some(at) = fields.optional("environment")
        && let Some(mut layer) = at.fields(scope.problems)
    {
        let settings = settings::read(&mut layer, false, scope);
        layer.finish(scope.problems);
        for (name, setting) in settings.iter().filter(|(name, _)| !is_variable(name)) {
            let why = format!(
                "`{}` can't be the name of an environment variable; write a name without `=`",
                shown(name)
            );
            scope.problems.push(setting.problem(name, why));
        }
        resources.origins = settings::origins(&settings);
        resources.environment = settings::values(settings, scope.problems);
    }
    let mut config = Config::read(&mut fields, scope.problems);
    config.read_wire_fields(&mut fields, scope.problems);
    (resources.config, resources.limits) = (config.values.into(), config.limits);
    let mut texts = |name, check: fn(&str) -> Result<(), String>| {
        fields
            .optional(name)
            .map(|at| at.texts(scope.problems, check))
            .unwrap_or_default()
    };
    resources.allowed_hosts = texts("allowedHosts", pattern::allowed_host);
    resources.allowed_ip_name_lookups = texts("allowedIpNameLookups", pattern::allowed_name);
    resources.allowed_host_loopback_ports =
        texts("allowedHostLoopbackPorts", pattern::loopback_port);
    let own = fields
        .optional("volumeMounts")
        .map(|at| volume::mounts(&at, scope))
        .unwrap_or_default();
    resources.volume_mounts = own.iter().map(|mount| mount.mount.clone()).collect();
    mounts.extend(own);
    fields.finish(scope.problems);
    resources
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}
