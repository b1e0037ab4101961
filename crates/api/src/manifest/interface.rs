//! `hostInterfaces`: what the workload asks the host to provide.

use super::Scope;
use super::settings::{self, Settings};
use crate::document::decode::At;
use crate::document::problem::Problems;
use crate::host_interface::{
    Parts, check_between, entries, report_http_keys, wrong_routes, wrong_secret,
};
use crate::spec::HostInterface;

/// The entries of a workload, with the rules that hold between them.
pub(super) fn host_interfaces(at: &At<'_>, scope: &mut Scope<'_>) -> Vec<HostInterface> {
    let mut found = Vec::new();
    for item in entries(at, scope.problems) {
        found.extend(host_interface(&item, scope).map(|entry| (item, entry)));
    }
    check_between(&found, scope.problems);
    found.into_iter().map(|(_, entry)| entry).collect()
}

fn host_interface(item: &At<'_>, scope: &mut Scope<'_>) -> Option<HostInterface> {
    let mut fields = item.fields(scope.problems)?;
    let parts = Parts::read(&mut fields, scope.problems);
    let config = fields.optional("config");
    let secret = parts.as_ref().is_some_and(Parts::is_secrets);
    let settings = settings::read(&mut fields, secret, scope);
    fields.finish(scope.problems);
    let parts = parts?;
    if secret {
        check_secrets(&settings, scope.problems);
        return Some(parts.with_secrets(settings::secrets(settings)));
    }
    if parts.is_http() {
        check_routes(&settings, scope.problems);
        if let Some(config) = &config {
            report_http_keys(config, scope.problems);
        }
    }
    Some(parts.with_config(settings::values(settings, scope.problems).into_map()))
}

/// The keys of a `wasmcloud:secrets` entry.
fn check_secrets(settings: &Settings<'_>, problems: &mut Problems) {
    for (key, setting) in settings {
        if let Some(why) = wrong_secret(key, &setting.value) {
            problems.push(setting.problem(key, why));
        }
    }
}

/// The host names and the path of a `wasi:http` entry.
fn check_routes(settings: &Settings<'_>, problems: &mut Problems) {
    let value = |key: &str| settings.get(key).and_then(|setting| setting.value.text());
    for (key, why) in wrong_routes(value) {
        if let Some(setting) = settings.get(key) {
            problems.push(setting.problem(key, why));
        }
    }
}
