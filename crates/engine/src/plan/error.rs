//! Why a workload is refused before anything is started: what is wrong, where, and what to do.

use std::fmt;

use weft_api::ids::ComponentName;
use weft_net::firewall::policy::EntryError;

/// Every problem of one workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("workload `{workload}` cannot start:{}", list(.errors))]
pub struct PlanErrors {
    /// `tenant/name`.
    pub workload: String,
    /// At least one.
    pub errors: Vec<PlanError>,
}

/// One problem. Each names both sides and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// An import that nobody serves.
    MissingImport {
        component: ComponentName,
        import: String,
        /// What comes near it and does not fit.
        candidates: Vec<String>,
        remedy: String,
    },
    /// A capability that the host has and the manifest does not ask for.
    NotGranted {
        component: ComponentName,
        import: String,
        namespace: String,
        package: String,
        /// The entry that comes near it.
        near: Option<Box<NearEntry>>,
    },
    /// A secret that is imported under its name, and that the workload does not have.
    UnknownSecret {
        component: ComponentName,
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A secret that two entries give.
    SecretTwice { name: String },
    /// What the entry for `wasi:webgpu` asks for and cannot have.
    Gpu(weft_gpu::ask::Refusal),
    /// Two entries ask for a GPU.
    GpuTwice,
    /// An import that several components could serve.
    Ambiguous {
        component: ComponentName,
        import: String,
        exporters: Vec<String>,
    },
    /// Components that import from each other.
    Cycle {
        path: Vec<String>,
        /// The first of them.
        component: ComponentName,
    },
    /// No component answers requests.
    NothingToServe { exports: Vec<String> },
    /// A component that was to be run once, and cannot be.
    NotACommand { exports: Vec<String> },
    /// An entry for HTTP without a host name.
    NoHostName,
    /// No entry for HTTP.
    NoIngress { interface: &'static str },
    /// A service that cannot be run.
    NotAService { exports: Vec<String> },
    /// A service and a component that could both answer requests.
    TwoEntries,
    /// A component with the name that the service has in logs and metrics.
    NameOfService { component: ComponentName },
    /// What the firewall cannot read.
    Egress {
        component: ComponentName,
        source: EntryError,
    },
    /// More components than may share a store.
    TooManyParts { count: usize },
    /// Nothing to run.
    NoComponents,
}

/// An entry of `hostInterfaces` for the right package that does not grant an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NearEntry {
    /// It names other interfaces.
    Interfaces,
    /// It asks for this version.
    Version(String),
}

/// What a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The file of a component, or of the service under its name.
    Component(&'a ComponentName),
    /// The name of a component.
    Name(&'a ComponentName),
    /// The service.
    Service,
    /// All components.
    Components,
    /// The entries of `hostInterfaces` for a package.
    Entries {
        namespace: &'a str,
        package: &'a str,
    },
    /// An entry of a list of what a component may reach.
    Reach(&'a ComponentName, &'a EntryError),
}

impl PlanError {
    /// What is wrong, without what to do.
    pub fn message(&self) -> String {
        match self {
            Self::MissingImport {
                component, import, ..
            } => format!("component `{component}` imports `{import}`, which nothing provides"),
            Self::NotGranted {
                component,
                import,
                near,
                namespace,
                package,
            } => {
                let interface = interface_of(import);
                let asks = format!("component `{component}` imports `{import}`, which the host serves");
                match near.as_deref() {
                    None => format!("{asks} but the manifest does not ask for"),
                    Some(NearEntry::Interfaces) => format!(
                        "{asks}, but the entry for `{namespace}:{package}` does not name `{interface}`"
                    ),
                    Some(NearEntry::Version(version)) => format!(
                        "{asks}, but the entry for `{namespace}:{package}` asks for version {version}"
                    ),
                }
            }
            Self::UnknownSecret {
                component,
                name,
                known,
            } => format!(
                "component `{component}` imports the secret `{name}`, which the workload does not have (it has: {})",
                or_nothing(known)
            ),
            Self::SecretTwice { name } => format!(
                "the secret `{name}` is given by two entries for `wasmcloud:secrets`, and which of them is meant cannot \
                 be told"
            ),
            Self::Gpu(refusal) => format!("the entry for `wasi:webgpu` cannot be met: {refusal}"),
            Self::GpuTwice => {
                "two entries ask for `wasi:webgpu`, and a workload has one hold on one adapter".to_owned()
            }
            Self::Ambiguous {
                component,
                import,
                exporters,
            } => format!(
                "component `{component}` imports `{import}`, which several components export: {}",
                exporters.join(", ")
            ),
            Self::Cycle { path, .. } => {
                format!("components import from each other in a circle: {}", path.join(" -> "))
            }
            Self::NothingToServe { exports } => format!(
                "no component exports `wasi:http/incoming-handler@0.2` or `wasi:http/handler@0.3`, so nothing can be \
                 served (exported are: {})",
                or_nothing(exports)
            ),
            Self::NotACommand { exports } => format!(
                "the component exports no `wasi:cli/run`, so it is not a command (exported are: {})",
                or_nothing(exports)
            ),
            Self::NoHostName => "no host name".to_owned(),
            Self::NoIngress { .. } => {
                "no `wasi:http` entry: nothing would reach the component".to_owned()
            }
            Self::NotAService { exports } => format!(
                "the service exports neither `wasi:cli/run` nor `wasi:http/handler@0.3`, so there is nothing to run \
                 (exported are: {})",
                or_nothing(exports)
            ),
            Self::TwoEntries => {
                "the service exports `wasi:http/handler@0.3` and no `wasi:cli/run`, and a component exports wasi:http \
                 as well, so it is not clear which of them answers requests"
                    .to_owned()
            }
            Self::NameOfService { component } => format!(
                "a component is called `{component}`, which is what the service of the workload is called in logs, \
                 metrics and policies"
            ),
            Self::Egress { component, source } => format!("component `{component}`: {source}"),
            Self::TooManyParts { count } => format!(
                "{count} components are linked together, more than the {} that one workload may link",
                super::resolve::MAX_PARTS
            ),
            Self::NoComponents => "the workload has no components".to_owned(),
        }
    }

    /// What comes near to what is missing, each with why it does not fit.
    pub fn candidates(&self) -> &[String] {
        match self {
            Self::MissingImport { candidates, .. } => candidates,
            _ => &[],
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::MissingImport { remedy, .. } => remedy.clone(),
            Self::NotGranted {
                near,
                namespace,
                package,
                import,
                ..
            } => {
                let interface = interface_of(import);
                match near.as_deref() {
                    None => format!(
                        "add to `hostInterfaces`: {{namespace: {namespace}, package: {package}, interfaces: \
                         [{interface}]}}"
                    ),
                    Some(NearEntry::Interfaces) => {
                        format!("add `{interface}` to the `interfaces` of that entry")
                    }
                    Some(NearEntry::Version(_)) => {
                        let version = import.rsplit_once('@').map_or("", |(_, version)| version);
                        format!("write `version: {version}` there, or leave `version` out")
                    }
                }
            }
            Self::UnknownSecret { name, .. } => format!(
                "add `{name}` to the `wasmcloud:secrets` entry of `hostInterfaces`, under `config` or by `secretFrom`"
            ),
            Self::SecretTwice { .. } => "take it out of one of them".to_owned(),
            Self::Gpu(_) => "correct its `config`, or leave the key out".to_owned(),
            Self::GpuTwice => "write one entry".to_owned(),
            Self::Ambiguous { .. } => {
                "keep one of them, or give the interfaces different names".to_owned()
            }
            Self::Cycle { .. } => {
                "break it by moving one interface into a third component".to_owned()
            }
            Self::NothingToServe { exports } => {
                if exports
                    .iter()
                    .any(|export| export.starts_with("wasi:cli/run@"))
                {
                    "one of them is a command: make it the `service` of the workload, or run its file alone with \
                     `weft run`"
                        .to_owned()
                } else {
                    "add the component that answers requests, or build one against one of these two"
                        .to_owned()
                }
            }
            Self::NotACommand { .. } => "build it as a command, with a `main` function".to_owned(),
            Self::NoHostName => {
                "give the `wasi:http` entry of `hostInterfaces` a name under `config.host`"
                    .to_owned()
            }
            Self::NoIngress { interface } => format!(
                "add to `hostInterfaces`: {{namespace: wasi, package: http, interfaces: [{interface}], config: {{host: \
                 <name>}}}}"
            ),
            Self::NotAService { exports } => {
                let answers = exports
                    .iter()
                    .any(|export| export.starts_with("wasi:http/incoming-handler@0.2"));
                if answers {
                    "it answers requests: move it to `components`".to_owned()
                } else {
                    "build it as a command, with a `main` function".to_owned()
                }
            }
            Self::TwoEntries => "take one of them out of the workload".to_owned(),
            Self::NameOfService { .. } => "give the component another name".to_owned(),
            Self::Egress { .. } => {
                "correct the entry: scheme, host and port, as in `https://api.example.com:443`"
                    .to_owned()
            }
            Self::TooManyParts { .. } => {
                "join some of them into one component, or move some into a workload of their own"
                    .to_owned()
            }
            Self::NoComponents => "add a component that answers requests".to_owned(),
        }
    }

    /// What it is about, to find the place.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::MissingImport { component, .. }
            | Self::Ambiguous { component, .. }
            | Self::Cycle { component, .. } => Subject::Component(component),
            Self::NotGranted {
                namespace, package, ..
            } => Subject::Entries { namespace, package },
            Self::UnknownSecret { .. } | Self::SecretTwice { .. } => Subject::Entries {
                namespace: "wasmcloud",
                package: "secrets",
            },
            Self::Gpu(_) | Self::GpuTwice => Subject::Entries {
                namespace: "wasi",
                package: "webgpu",
            },
            Self::NoIngress { .. } | Self::NoHostName => Subject::Entries {
                namespace: "wasi",
                package: "http",
            },
            Self::NotAService { .. } | Self::TwoEntries => Subject::Service,
            Self::NameOfService { component } => Subject::Name(component),
            Self::Egress { component, source } => Subject::Reach(component, source),
            Self::NothingToServe { .. }
            | Self::NotACommand { .. }
            | Self::TooManyParts { .. }
            | Self::NoComponents => Subject::Components,
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let candidates = list(self.candidates());
        write!(f, "{}{candidates}; {}", self.message(), self.remedy())
    }
}

impl std::error::Error for PlanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Egress { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// `store` in `wasi:config/store@0.2.0-rc.1`.
fn interface_of(import: &str) -> &str {
    let path = import.split('@').next().unwrap_or_default();
    path.rsplit_once('/')
        .map_or(path, |(_, interface)| interface)
}

fn list(items: &[impl ToString]) -> String {
    items
        .iter()
        .map(|item| format!("\n  - {}", item.to_string().replace('\n', "\n  ")))
        .collect()
}

fn or_nothing(items: &[String]) -> String {
    if items.is_empty() {
        "nothing".to_owned()
    } else {
        items.join(", ")
    }
}
