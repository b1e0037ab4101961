//! What a project file can say and this version cannot do. What would make the project run otherwise than it says (a
//! limit, TLS, a missing part) is refused; what only has no effect is named. Pure.

use weft_api::project::{Dev, Project, WasmProposal};

/// Keys of a project file that have no effect here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unsupported {
    /// Why the project cannot be run; empty = it can.
    pub(super) refused: Vec<String>,
    /// What is not used although it is written.
    pub(super) unused: Vec<String>,
}

/// Looks at every key that is not simply used.
pub(super) fn review(project: &Project) -> Unsupported {
    let mut found = Unsupported::default();
    plugins(&project.dev, &mut found);
    tls(&project.dev, &mut found);
    capabilities(&project.dev, &mut found);
    engine(&project.dev, &mut found);
    if !project.host.host_plugins.is_empty() {
        found.leave(
            "host.hostPlugins",
            "components as host plugins come in a later version",
        );
    }
    found
}

fn plugins(dev: &Dev, found: &mut Unsupported) {
    if !dev.host_plugins.is_empty() {
        found.refuse(
            "dev.host_plugins",
            "components as host plugins come in a later version; remove them",
        );
    }
}

fn tls(dev: &Dev, found: &mut Unsupported) {
    if dev.tls_ca_path.is_some() && dev.tls_cert_path.is_none() {
        found.refuse(
            "dev.tls_ca_path",
            "certificates of clients need TLS, which needs `dev.tls_cert_path` and `dev.tls_key_path`; add them",
        );
    }
}

fn capabilities(dev: &Dev, found: &mut Unsupported) {
    for (key, given, what) in [
        (
            "dev.postgres_url",
            dev.postgres_url.is_some(),
            "wasmcloud:postgres",
        ),
        (
            "dev.data_nats_url",
            dev.data_nats_url.is_some(),
            "keyvalue, blobstore and messaging",
        ),
        (
            "dev.wasi_keyvalue_redis_url",
            dev.wasi_keyvalue_redis_url.is_some(),
            "wasi:keyvalue",
        ),
        (
            "dev.wasi_keyvalue_nats_url",
            dev.wasi_keyvalue_nats_url.is_some(),
            "wasi:keyvalue",
        ),
        (
            "dev.wasi_keyvalue_path",
            dev.wasi_keyvalue_path.is_some(),
            "wasi:keyvalue",
        ),
        (
            "dev.wasi_blobstore_path",
            dev.wasi_blobstore_path.is_some(),
            "wasi:blobstore",
        ),
    ] {
        if given {
            found.leave(key, &format!("this version has no {what} yet"));
        }
    }
}

fn engine(dev: &Dev, found: &mut Unsupported) {
    for proposal in &dev.wasm_proposals {
        if !matches!(
            proposal,
            WasmProposal::ComponentModelAsync | WasmProposal::ComponentModelMap
        ) {
            let why = format!("`{}` is as the engine has it by default", proposal.as_str());
            found.leave("dev.wasm_proposals", &why);
        }
    }
    if dev.allow_insecure_registries {
        found.leave(
            "dev.allow_insecure_registries",
            "nothing is pulled from registries yet",
        );
    }
    let mut names = dev.environment.keys();
    if names.any(|name| !name.starts_with("OTEL_")) {
        found.leave(
            "dev.environment",
            "but for OTEL_*; it is for the host process: set other variables before `weft dev`",
        );
    }
}

impl Unsupported {
    fn refuse(&mut self, key: &str, why: &str) {
        self.refused.push(format!("`{key}`: {why}"));
    }

    fn leave(&mut self, key: &str, why: &str) {
        self.unused.push(format!("`{key}` is not used: {why}"));
    }
}

#[cfg(test)]
mod tests;
