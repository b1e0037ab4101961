//! Why a workload is refused before anything is started.

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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("component `{component}` imports `{import}`, which nothing provides{}", list(.candidates))]
    MissingImport {
        component: ComponentName,
        import: String,
        candidates: Vec<String>,
    },
    #[error(
        "component `{component}` imports `{import}`, which the host serves but the manifest does not ask for; add to \
         `hostInterfaces`: {{namespace: {namespace}, package: {package}, interfaces: [{interface}]}}"
    )]
    NotGranted {
        component: ComponentName,
        import: String,
        namespace: String,
        package: String,
        interface: String,
    },
    #[error(
        "component `{component}` imports the secret `{name}`, which the workload does not have; it has: {}. Add \
         `{name}` to the `wasmcloud:secrets` entry of `hostInterfaces`, under `config` or by `secretFrom`",
        or_nothing(.known)
    )]
    UnknownSecret {
        component: ComponentName,
        name: String,
        known: Vec<String>,
    },
    #[error(
        "the secret `{name}` is given by two entries for `wasmcloud:secrets`, and which of them is meant cannot be told; \
         take it out of one of them"
    )]
    SecretTwice { name: String },
    #[error(
        "component `{component}` imports `{import}`, which several components export: {}; keep one of them, or give \
         the interfaces different names",
        .exporters.join(", ")
    )]
    Ambiguous {
        component: ComponentName,
        import: String,
        exporters: Vec<String>,
    },
    #[error("components import from each other in a circle: {}; break it by moving one interface into a third component", .path.join(" -> "))]
    Cycle { path: Vec<String> },
    #[error(
        "no component exports `wasi:http/incoming-handler@0.2` or `wasi:http/handler@0.3`, so nothing can be served; \
         exported are: {}",
        or_nothing(.exports)
    )]
    NothingToServe { exports: Vec<String> },
    #[error("the component exports no `wasi:cli/run`, so it is not a command; exported are: {}", or_nothing(.exports))]
    NotACommand { exports: Vec<String> },
    #[error(
        "no host name: give the `wasi:http` entry of `hostInterfaces` a name under `config.host`"
    )]
    NoHostName,
    #[error(
        "no `wasi:http` entry: nothing would reach the component; add to `hostInterfaces`: {{namespace: wasi, package: http, interfaces: [{interface}], config: {{host: <name>}}}}"
    )]
    NoIngress { interface: &'static str },
    #[error(
        "the service exports neither `wasi:cli/run` nor `wasi:http/handler@0.3`, so there is nothing to run; exported \
         are: {}",
        or_nothing(.exports)
    )]
    NotAService { exports: Vec<String> },
    #[error(
        "the service exports `wasi:http/handler@0.3` and no `wasi:cli/run`, and a component exports wasi:http as well, \
         so it is not clear which of them answers requests; take one of them out of the workload"
    )]
    TwoEntries,
    #[error("component `{component}`: {source}")]
    Egress {
        component: ComponentName,
        source: EntryError,
    },
    #[error("{count} components are linked together, more than the {max} that one workload may link", max = super::resolve::MAX_PARTS)]
    TooManyParts { count: usize },
    #[error("the workload has no components")]
    NoComponents,
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
