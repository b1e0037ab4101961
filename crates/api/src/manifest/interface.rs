//! `hostInterfaces`: what the workload asks the host to provide.

use super::Scope;
use super::settings::{self, Settings};
use crate::document::decode::At;
use crate::document::problem::Problems;
use crate::host_interface::{Parts, check_between, entries, report_http_keys, wrong_routes};
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
    let settings = settings::read(&mut fields, scope);
    fields.finish(scope.problems);
    let parts = parts?;
    if parts.is_http() {
        check_routes(&settings, scope.problems);
        if let Some(config) = &config {
            report_http_keys(config, scope.problems);
        }
    }
    Some(parts.with_config(settings::values(settings)))
}

/// The host names and the path of a `wasi:http` entry.
fn check_routes(settings: &Settings<'_>, problems: &mut Problems) {
    let value = |key: &str| settings.get(key).map(|setting| setting.value.as_str());
    for (key, why) in wrong_routes(value) {
        if let Some(setting) = settings.get(key) {
            problems.push(setting.problem(key, why));
        }
    }
}
