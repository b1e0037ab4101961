//! What a project file can say.
// tidy: table

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::vault::Vault;
use crate::ids::ComponentName;
use crate::spec::{HostInterface, Image, Limits, Reuse};
use crate::values::{Secret, Values};

/// A project file. Paths are resolved against the project's folder, except those of a [`Source`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// `version`: of the schema, as written.
    pub version: Option<String>,
    /// `build`: how to make the component.
    pub build: Build,
    /// `new`: what to do after a template became a project.
    pub new: New,
    /// `wit`: where WIT packages come from.
    pub wit: Wit,
    /// `host`: read by a cluster host.
    pub host: HostSection,
    /// `configs`: what `configFrom` names.
    pub configs: BTreeMap<String, Source>,
    /// `secrets`: what `secretFrom` names.
    pub secrets: BTreeMap<String, Source>,
    /// `workload`: what the component may see and reach.
    pub workload: Workload,
    /// `dev`: how the development host runs it.
    pub dev: Dev,
}

/// `build`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// The shell command that makes the component.
    pub command: Option<String>,
    /// Variables for the command.
    pub env: Values,
    /// Where the command leaves the component.
    pub component_path: Option<PathBuf>,
}

/// `new`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct New {
    /// The shell command to run in a project that was made from this template.
    pub command: Option<String>,
}

/// `wit`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wit {
    /// Registries with credentials.
    pub registries: Vec<WitRegistry>,
    /// Whether the packages are left as they are.
    pub skip_fetch: bool,
    /// The folder of the WIT files; `wit` if not given.
    pub wit_dir: Option<PathBuf>,
    /// Packages that come from a path or URL.
    pub sources: BTreeMap<String, String>,
}

/// One of `wit.registries`.
#[derive(Clone, Debug, PartialEq)]
pub struct WitRegistry {
    /// Its URL or host.
    pub url: String,
    /// The token to log in with.
    pub token: Option<Secret>,
}

/// `host`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostSection {
    /// `hostPlugins`.
    pub host_plugins: Vec<HostPlugin>,
}

/// Where configuration values come from. Later parts win: `inline`, `file`, `dir`, `fromEnv`,
/// `vault`. Not resolved here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// Values in the project file itself.
    pub inline: Values,
    /// A file of `KEY=VALUE` lines, as written.
    pub file: Option<PathBuf>,
    /// A folder with one file for each key, as written.
    pub dir: Option<PathBuf>,
    /// Names of variables to pass on.
    pub from_env: Vec<String>,
    /// A secret of HashiCorp Vault; wins over all others. Of `secrets` alone.
    pub vault: Option<Vault>,
}

/// Variables of a component: `config`, then `configFrom`, then `secretFrom`, each winning over what came before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Values in the project file itself.
    pub config: Values,
    /// Names of [`Project::configs`]; each exists.
    pub config_from: Vec<String>,
    /// Names of [`Project::secrets`]; each exists.
    pub secret_from: Vec<String>,
}

/// `workload`.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Variables of `wasi:cli/environment`.
    pub environment: Environment,
    /// Names of [`Project::secrets`] whose values are there through `wasmcloud:secrets` alone; each exists.
    pub secrets: Vec<String>,
    /// Values of `wasi:config/store`, without those that are limits.
    pub config: Values,
    /// How much it may use: the keys `weft.dev/...` of `config`.
    pub limits: Limits,
    /// Hosts that outbound HTTP may reach. `["*"]` where the file does not say.
    pub allowed_hosts: Vec<String>,
    /// Whether the file says which hosts are allowed; if not, `["*"]` holds in development only.
    pub allowed_hosts_given: bool,
    /// Names that may be looked up.
    pub allowed_ip_name_lookups: Vec<String>,
    /// Ports of the host's own loopback.
    pub allowed_host_loopback_ports: Vec<String>,
}

/// `dev`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dev {
    /// The build command in development; `build.command` if not given.
    pub command: Option<String>,
    /// Where that command leaves the component; `build.component_path` if not given.
    pub component_path: Option<PathBuf>,
    /// Where to serve. 127.0.0.1:8000 if not given (wasmCloud: every address of the machine).
    pub address: SocketAddr,
    /// Whether the component being developed is the service; `service_image` then does not count.
    pub service: bool,
    /// `service_file` or `service_image`.
    pub service_image: Option<Image>,
    /// When to pull `service_image`.
    pub service_pull_policy: Option<PullPolicy>,
    /// Ports that the service listens on.
    pub service_ports: Vec<Port>,
    /// Whether registries are spoken to over plain HTTP.
    pub allow_insecure_registries: bool,
    /// Components beside the one being developed.
    pub components: Vec<DevComponent>,
    /// Components that serve as capabilities of the host.
    pub host_plugins: Vec<HostPlugin>,
    /// Folders of the machine that components see.
    pub volumes: Vec<DevVolume>,
    /// Variables for the host process itself.
    pub environment: Values,
    /// Interfaces to provide, with configuration.
    pub host_interfaces: Vec<HostInterface>,
    /// The server's certificate; given together with the key.
    pub tls_cert_path: Option<PathBuf>,
    /// The server's key; given together with the certificate.
    pub tls_key_path: Option<PathBuf>,
    /// Who signs the certificates of clients.
    pub tls_ca_path: Option<PathBuf>,
    /// More authorities to trust in outbound HTTPS.
    pub http_client_ca_paths: Vec<PathBuf>,
    /// The authorities to trust before those.
    pub http_client_trust_roots: Option<TrustRoots>,
    /// Outbound connections of the whole host.
    pub max_connections: Option<u32>,
    /// Outbound HTTP connections of one workload.
    pub max_outbound_http_connections_per_workload: Option<u32>,
    /// Outbound sockets of one workload.
    pub max_outbound_socket_connections_per_workload: Option<u32>,
    /// Inbound sockets of one workload.
    pub max_inbound_socket_connections_per_workload: Option<u32>,
    /// How long a request waits for a connection when all are taken.
    pub http_connection_wait: Option<Duration>,
    /// Whether to provide `wasi:webgpu`.
    pub wasi_webgpu: bool,
    /// Whether to provide `wasi:otel`.
    pub wasi_otel: bool,
    /// Where the host's own telemetry goes.
    pub otel_host_endpoint: Option<String>,
    /// How it is sent there.
    pub otel_host_protocol: Option<OtelProtocol>,
    /// Where the telemetry of workloads goes.
    pub otel_workload_endpoint: Option<String>,
    /// How it is sent there.
    pub otel_workload_protocol: Option<OtelProtocol>,
    /// Proposals to WebAssembly that are switched on.
    pub wasm_proposals: Vec<WasmProposal>,
    /// The database of `wasmcloud:postgres`; holds a password.
    pub postgres_url: Option<Secret>,
    /// The NATS of keyvalue, blobstore and messaging.
    pub data_nats_url: Option<Secret>,
    /// Redis for keyvalue.
    pub wasi_keyvalue_redis_url: Option<Secret>,
    /// NATS for keyvalue.
    pub wasi_keyvalue_nats_url: Option<Secret>,
    /// A folder for keyvalue.
    pub wasi_keyvalue_path: Option<PathBuf>,
    /// A folder for blobstore.
    pub wasi_blobstore_path: Option<PathBuf>,
}

/// One of `dev.components`. What it leaves out, `workload` says.
#[derive(Clone, Debug, PartialEq)]
pub struct DevComponent {
    /// Its name within the workload.
    pub name: ComponentName,
    /// `file` or `image`.
    pub image: Image,
    /// When to pull the image.
    pub pull_policy: Option<PullPolicy>,
    /// Variables, over those of the workload.
    pub environment: Environment,
    /// Values, over those of the workload.
    pub config: Values,
    /// Limits, each over that of the workload.
    pub limits: Limits,
    /// Replaces the workload's list.
    pub allowed_hosts: Option<Vec<String>>,
    /// Replaces the workload's list.
    pub allowed_ip_name_lookups: Option<Vec<String>>,
    /// Replaces the workload's list.
    pub allowed_host_loopback_ports: Option<Vec<String>>,
    /// `poolSize`, `maxInvocations`, `maxConcurrency`.
    pub reuse: Reuse,
}

/// One of `dev.host_plugins` or `host.hostPlugins`.
#[derive(Clone, Debug, PartialEq)]
pub struct HostPlugin {
    /// Its name on the host.
    pub id: String,
    /// `file` or `image`.
    pub image: Image,
    /// When to pull the image.
    pub pull_policy: Option<PullPolicy>,
    /// How often it is started again after a failure.
    pub max_restarts: Option<u32>,
    /// What the image must hash to.
    pub expected_digest: Option<String>,
    /// `config`, `configFrom`, `secretFrom`.
    pub settings: Environment,
    /// Hosts that outbound HTTP may reach.
    pub allowed_hosts: Vec<String>,
    /// Names that may be looked up.
    pub allowed_ip_name_lookups: Vec<String>,
    /// Ports that it listens on.
    pub ports: Vec<Port>,
}

/// A port that a service or plugin listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in logs.
    pub name: String,
    /// The number that the guest listens on.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// How it is reached from outside; not at all if not given.
    pub exposure: Option<Exposure>,
}

/// How a declared port is reached from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// The host listens on this port and passes the bytes on.
    Publish(u16),
    /// The guest itself listens on this address.
    Bind(IpAddr),
}

/// One of `dev.volumes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevVolume {
    /// A folder of the machine.
    pub host_path: PathBuf,
    /// The absolute path that components see.
    pub guest_path: String,
}

/// Declares an enum that is written as one of a few words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All values, as they are written.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The value as it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The value of a word.
            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// When an image is pulled.
    PullPolicy {
        /// At each start.
        Always = "always",
        /// When it is not in the cache.
        IfNotPresent = "ifNotPresent",
        /// Only the cache is used.
        Never = "never",
    }
}

words! {
    /// The transport of a declared port.
    Protocol {
        /// TCP, the default.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
    }
}

words! {
    /// Which built-in authorities outbound HTTPS trusts.
    TrustRoots {
        /// Mozilla's list, built in.
        Webpki = "webpki",
        /// That and the machine's own.
        WebpkiAndNative = "webpki-and-native",
        /// The machine's own.
        Native = "native",
        /// None but those of `http_client_ca_paths`.
        ExtraOnly = "extra-only",
    }
}

words! {
    /// How telemetry is sent.
    OtelProtocol {
        /// gRPC.
        Grpc = "grpc",
        /// Protocol buffers over HTTP.
        HttpProtobuf = "http/protobuf",
    }
}

words! {
    /// A proposal to WebAssembly.
    WasmProposal {
        /// Async functions, streams and futures of components; always on.
        ComponentModelAsync = "component-model-async",
        /// Maps of components; always on.
        ComponentModelMap = "component-model-map",
        /// Garbage-collected values.
        Gc = "gc",
        /// Exceptions.
        ExceptionHandling = "exception-handling",
        /// 128-bit arithmetic.
        WideArithmetic = "wide-arithmetic",
        /// Shared memory and atomics.
        Threads = "threads",
        /// Calls that reuse the caller's frame.
        TailCall = "tail-call",
    }
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            environment: Environment::default(),
            secrets: Vec::new(),
            config: Values::default(),
            limits: Limits::default(),
            allowed_hosts: vec!["*".to_owned()],
            allowed_hosts_given: false,
            allowed_ip_name_lookups: Vec::new(),
            allowed_host_loopback_ports: Vec::new(),
        }
    }
}

impl Default for Dev {
    fn default() -> Self {
        Self {
            command: None,
            component_path: None,
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000),
            service: false,
            service_image: None,
            service_pull_policy: None,
            service_ports: Vec::new(),
            allow_insecure_registries: false,
            components: Vec::new(),
            host_plugins: Vec::new(),
            volumes: Vec::new(),
            environment: Values::default(),
            host_interfaces: Vec::new(),
            tls_cert_path: None,
            tls_key_path: None,
            tls_ca_path: None,
            http_client_ca_paths: Vec::new(),
            http_client_trust_roots: None,
            max_connections: None,
            max_outbound_http_connections_per_workload: None,
            max_outbound_socket_connections_per_workload: None,
            max_inbound_socket_connections_per_workload: None,
            http_connection_wait: None,
            wasi_webgpu: false,
            wasi_otel: false,
            otel_host_endpoint: None,
            otel_host_protocol: None,
            otel_workload_endpoint: None,
            otel_workload_protocol: None,
            wasm_proposals: Vec::new(),
            postgres_url: None,
            data_nats_url: None,
            wasi_keyvalue_redis_url: None,
            wasi_keyvalue_nats_url: None,
            wasi_keyvalue_path: None,
            wasi_blobstore_path: None,
        }
    }
}
