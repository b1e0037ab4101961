//! What a workload is to be: the checked result of reading a manifest or project file, and the engine's input.

mod port;
mod route;
mod secret;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

pub use self::port::{Protocol, Publish, ServicePort, TlsEnd, host_address, never_of_a_host};
pub use self::route::HttpRoute;
pub use self::secret::{SecretSource, SecretValue};
use crate::ids::{ComponentName, Tenant, WorkloadName};
pub use crate::limits::Limits;
pub use crate::values::Values;

/// The deployable unit: components, at most one service, what they may use of the host, and volumes.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadSpec {
    /// Whose workload it is: the Kubernetes namespace.
    pub tenant: Tenant,
    /// Its name within the tenant.
    pub name: WorkloadName,
    /// How many copies are wanted.
    pub replicas: u32,
    /// Request-driven components, in the order of the manifest.
    pub components: Vec<ComponentSpec>,
    /// The long-lived component, if there is one.
    pub service: Option<ServiceSpec>,
    /// Interfaces that the host is asked to provide.
    pub host_interfaces: Vec<HostInterface>,
    /// Volumes that components and the service mount by name.
    pub volumes: Vec<Volume>,
}

impl WorkloadSpec {
    /// Ports that its service names; none without a service.
    pub fn service_ports(&self) -> &[ServicePort] {
        self.service
            .as_ref()
            .map_or(&[], |service| service.ports.as_slice())
    }
}

/// One request-driven component.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentSpec {
    /// Its name within the workload.
    pub name: ComponentName,
    /// Where its bytes come from.
    pub image: Image,
    /// How its instances are used again.
    pub reuse: Reuse,
    /// What it may see and reach.
    pub resources: Resources,
}

/// The long-lived component of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Where its bytes come from.
    pub image: Image,
    /// How often it is started again after a failure; 0 = never.
    pub max_restarts: u32,
    /// Ports that it listens to, as far as somebody outside should know, in the order of the manifest.
    pub ports: Vec<ServicePort>,
    /// What it may see and reach.
    pub resources: Resources,
}

/// Where the bytes of a component come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// A file of this machine.
    File(PathBuf),
    /// A reference into an OCI registry, as written.
    Registry(String),
}

/// How the instances of a component are used again. The default is a fresh instance for each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Warm instances kept at most; 0 = none is kept.
    pub pool_size: u32,
    /// Calls after which a warm instance is retired; 0 = never.
    pub max_invocations: u32,
    /// Calls that one instance serves at the same time; at least 1.
    pub max_concurrency: u32,
}

/// What a component or service may see and reach.
#[derive(Clone, Default, PartialEq)]
pub struct Resources {
    /// Variables of `wasi:cli/environment`.
    pub environment: Values,
    /// Values of `wasi:config/store`, without those that are limits.
    pub config: Values,
    /// Hosts that outbound HTTP may reach; empty = none.
    pub allowed_hosts: Vec<String>,
    /// Names that may be looked up; empty = none.
    pub allowed_ip_name_lookups: Vec<String>,
    /// Ports of the host's own loopback that may be reached; empty = none.
    pub allowed_host_loopback_ports: Vec<String>,
    /// Volumes in the file system of the component.
    pub volume_mounts: Vec<VolumeMount>,
    /// How much it may use.
    pub limits: Limits,
    /// Where variables of `environment` come from that do not stand beside it: by their names.
    pub origins: BTreeMap<String, Origin>,
}

/// A set of values that components refer to by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A ConfigMap of a manifest, or an entry of `configs` in a project file.
    Config(String),
    /// A Secret of a manifest, or an entry of `secrets` in a project file.
    Secret(String),
}

/// A volume at a place in the file system of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeMount {
    /// The name of the volume.
    pub volume: String,
    /// The absolute path that the component sees.
    pub mount_path: String,
    /// Whether writing is refused.
    pub read_only: bool,
}

/// A directory that outlives one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The name that mounts refer to.
    pub name: String,
    /// What is in it.
    pub source: VolumeSource,
}

/// What a volume holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeSource {
    /// An empty directory that is removed when the workload stops.
    EmptyDir,
    /// A directory of the host.
    HostPath(PathBuf),
}

/// Interfaces of one package that the host is asked to provide, with the configuration for them.
#[derive(Clone, PartialEq)]
pub struct HostInterface {
    /// `wasi` in `wasi:keyvalue`.
    pub namespace: String,
    /// `keyvalue` in `wasi:keyvalue`.
    pub package: String,
    /// The interfaces wanted, never empty in a checked manifest.
    pub interfaces: BTreeSet<String>,
    /// The version wanted; none = any that the host has.
    pub version: Option<semver::Version>,
    /// Values for the provider, e.g. `host` for `wasi:http`.
    pub config: BTreeMap<String, String>,
    /// What the entry gives as secrets, by name: of `wasmcloud:secrets`, whose `config` holds nothing else.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Tells two entries of the same package apart.
    pub name: Option<String>,
}

impl HostInterface {
    /// Whether this entry asks for HTTP ingress.
    pub fn is_http(&self) -> bool {
        self.namespace == "wasi" && self.package == "http"
    }

    /// Whether this entry asks for secrets.
    pub fn is_secrets(&self) -> bool {
        self.namespace == "wasmcloud" && self.package == "secrets"
    }

    /// Whether each look at a secret of this entry is to be logged by its name.
    pub fn logs_reveals(&self) -> bool {
        self.config
            .get(LOG_REVEALS)
            .is_some_and(|value| value == "true")
    }
}

/// The key of a `wasmcloud:secrets` entry's `config` that is no secret: whether looks at secrets are logged by name.
pub const LOG_REVEALS: &str = "weft.dev/log-reveals";

impl Default for Reuse {
    fn default() -> Self {
        Self {
            pool_size: 0,
            max_invocations: 0,
            max_concurrency: 1,
        }
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("environment", &KeysOnly(&self.environment))
            .field("config", &KeysOnly(&self.config))
            .field("allowed_hosts", &self.allowed_hosts)
            .field("allowed_ip_name_lookups", &self.allowed_ip_name_lookups)
            .field(
                "allowed_host_loopback_ports",
                &self.allowed_host_loopback_ports,
            )
            .field("volume_mounts", &self.volume_mounts)
            .field("limits", &self.limits)
            .field("origins", &self.origins)
            .finish()
    }
}

impl fmt::Debug for HostInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostInterface")
            .field("namespace", &self.namespace)
            .field("package", &self.package)
            .field("interfaces", &self.interfaces)
            .field("version", &self.version.as_ref().map(ToString::to_string))
            .field("config", &KeysOnly(&self.config))
            .field("secrets", &self.secrets)
            .field("name", &self.name)
            .finish()
    }
}

/// Prints the keys of a map and hides the values: they may come from a Secret.
pub(crate) struct KeysOnly<'a>(pub(crate) &'a BTreeMap<String, String>);

impl fmt::Debug for KeysOnly<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
