//! From a project and its built component to the workload that the host starts. Pure.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::bail;
use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::project::{self, DevComponent, Exposure, Port, Project};
use weft_api::spec::{
    ComponentSpec, HostInterface, Image, Protocol, Publish, Resources, SecretSource, ServicePort,
    ServiceSpec, Volume, VolumeMount, VolumeSource, WorkloadSpec,
};

use crate::settings::{Outcome, Owner};
use crate::sources::{self, Given};

/// The name of the component when its file's name is that of another one.
const SPARE_NAME: &str = "main-component";

/// How often a service is started again before its failure is one for the developer.
const MAX_RESTARTS: u32 = 5;

/// The workload as production would be asked to run it: the host names that the project gives still stand in it.
/// `settings` is what its blocks get.
pub(super) fn spec(
    project: &Project,
    component: &Path,
    settings: &Outcome,
) -> anyhow::Result<WorkloadSpec> {
    let (mut spec, _) = sources::lone_component(component, &Given::default())?;
    spec.tenant = Tenant::parse("default")?;
    spec.name = WorkloadName::parse("dev")?;
    spec.host_interfaces
        .clone_from(&project.dev.host_interfaces);
    spec.volumes = volumes(project);
    let shared = shared(project, settings);
    for main in &mut spec.components {
        main.resources = shared.clone();
        if project
            .dev
            .components
            .iter()
            .any(|sidecar| sidecar.name == main.name)
        {
            main.name = ComponentName::parse(SPARE_NAME)?;
        }
    }
    spec.service = service(project, &mut spec.components, &shared)?;
    for sidecar in &project.dev.components {
        spec.components
            .push(self::sidecar(sidecar, &shared, settings)?);
    }
    Ok(spec)
}

/// The same workload, but answering to every host name: in development there is only one.
pub(super) fn answering_every_name(mut spec: WorkloadSpec) -> WorkloadSpec {
    for entry in spec
        .host_interfaces
        .iter_mut()
        .filter(|entry| HostInterface::is_http(entry))
    {
        entry.config.remove("host");
        entry.config.remove("host-aliases");
    }
    spec
}

/// The same workload with secrets of these names, whose values the host is given beside it.
pub(super) fn with_secrets(
    mut spec: WorkloadSpec,
    names: impl IntoIterator<Item = String>,
) -> WorkloadSpec {
    let names = names.into_iter().map(|name| (name, SecretSource::Provided));
    let secrets: BTreeMap<_, _> = names.collect();
    if !secrets.is_empty() {
        spec.host_interfaces.push(HostInterface {
            namespace: "wasmcloud".to_owned(),
            package: "secrets".to_owned(),
            interfaces: ["store", "reveal", "secret"].map(str::to_owned).into(),
            version: None,
            config: BTreeMap::new(),
            secrets,
            // Beside one of the project's own.
            name: Some("project".to_owned()),
        });
    }
    spec
}

/// The files that the components of a workload come from.
pub(super) fn files(spec: &WorkloadSpec) -> impl Iterator<Item = &Path> {
    let components = spec.components.iter().map(|component| &component.image);
    components
        .chain(spec.service.iter().map(|service| &service.image))
        .filter_map(|image| match image {
            Image::File(path) => Some(path.as_path()),
            Image::Registry(_) => None,
        })
}

/// What the component being developed sees and reaches; the others start from the same.
fn shared(project: &Project, settings: &Outcome) -> Resources {
    let workload = &project.workload;
    let mut lookups = workload.allowed_ip_name_lookups.clone();
    if !workload.allowed_hosts_given && lookups.is_empty() {
        // As for HTTP: in development everything that is not said is allowed.
        lookups.push("*".to_owned());
    }
    Resources {
        environment: settings.environment(&Owner::Workload),
        config: workload.config.clone(),
        allowed_hosts: workload.allowed_hosts.clone(),
        allowed_ip_name_lookups: lookups,
        allowed_host_loopback_ports: workload.allowed_host_loopback_ports.clone(),
        volume_mounts: mounts(project),
        limits: workload.limits.clone(),
        ..Resources::default()
    }
}

/// The component being developed, if it is the service, or the one that is to run beside it.
fn service(
    project: &Project,
    components: &mut Vec<ComponentSpec>,
    shared: &Resources,
) -> anyhow::Result<Option<ServiceSpec>> {
    let image = if project.dev.service {
        components.pop().map(|main| main.image)
    } else {
        project.dev.service_image.clone()
    };
    if let Some(Image::Registry(reference)) = &image {
        bail!(
            "`dev.service_image`: `{reference}` is in a registry; this version of weft runs files: pull it and write \
             `service_file: <path>`"
        );
    }
    Ok(image.map(|image| ServiceSpec {
        image,
        max_restarts: MAX_RESTARTS,
        ports: project.dev.service_ports.iter().filter_map(port).collect(),
        resources: shared.clone(),
    }))
}

/// A port of the service; one that is to be published is so on the loopback of the developer's machine.
fn port(port: &Port) -> Option<ServicePort> {
    let publish = match port.exposure? {
        Exposure::Publish(at) => Publish::Address((Ipv4Addr::LOCALHOST, at).into()),
        Exposure::Bind(at) => Publish::Address((at, port.port).into()),
    };
    Some(ServicePort {
        name: port.name.clone(),
        // The project file has none with the number 0.
        port: port.port.try_into().ok()?,
        protocol: match port.protocol {
            project::Protocol::Tcp => Protocol::Tcp,
            project::Protocol::Udp => Protocol::Udp,
        },
        publish: Some(publish),
    })
}

fn sidecar(
    sidecar: &DevComponent,
    shared: &Resources,
    settings: &Outcome,
) -> anyhow::Result<ComponentSpec> {
    let mut resources = shared.clone();
    let owner = format!("dev component `{}`", sidecar.name);
    let own = Owner::Component(sidecar.name.as_str().to_owned());
    resources.environment.take_over(settings.environment(&own));
    resources.config.take_over(sidecar.config.clone());
    resources.limits = sidecar.limits.clone().over(&shared.limits);
    for (replaced, given) in [
        (&mut resources.allowed_hosts, &sidecar.allowed_hosts),
        (
            &mut resources.allowed_ip_name_lookups,
            &sidecar.allowed_ip_name_lookups,
        ),
        (
            &mut resources.allowed_host_loopback_ports,
            &sidecar.allowed_host_loopback_ports,
        ),
    ] {
        if let Some(given) = given {
            replaced.clone_from(given);
        }
    }
    if let Image::Registry(reference) = &sidecar.image {
        bail!(
            "{owner}: image `{reference}` is in a registry; this version of weft runs files: pull it and write \
             `file: <path>`"
        );
    }
    Ok(ComponentSpec {
        name: sidecar.name.clone(),
        image: sidecar.image.clone(),
        reuse: sidecar.reuse,
        resources,
    })
}

fn volume_name(index: usize) -> String {
    format!("dev-{index}")
}

fn volumes(project: &Project) -> Vec<Volume> {
    let volumes = project.dev.volumes.iter().enumerate();
    volumes
        .map(|(index, volume)| Volume {
            name: volume_name(index),
            source: VolumeSource::HostPath(volume.host_path.clone()),
        })
        .collect()
}

fn mounts(project: &Project) -> Vec<VolumeMount> {
    let volumes = project.dev.volumes.iter().enumerate();
    volumes
        .map(|(index, volume)| VolumeMount {
            volume: volume_name(index),
            mount_path: volume.guest_path.clone(),
            read_only: false,
        })
        .collect()
}

#[cfg(test)]
mod tests;
