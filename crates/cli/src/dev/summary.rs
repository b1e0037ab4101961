//! What the components import, what they were given, and what production would refuse: shown once, and again whenever
//! it is no longer the same. Pure.

use std::collections::BTreeMap;

use serde_json::json;
use weft_api::spec::{Resources, VolumeSource, WorkloadSpec};

use crate::printer::{CARE, FAINT, GOOD, NAME};

/// What there is to say about a version that was started.
#[derive(Debug, PartialEq)]
pub(super) struct Summary {
    components: Vec<Part>,
    production: Vec<String>,
}

/// One component.
#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    imports: Vec<String>,
    environment: Vec<String>,
    config: Vec<String>,
    hosts: Vec<String>,
    hosts_by_default: bool,
    mounts: Vec<String>,
}

/// Interfaces through which a component calls out over HTTP.
const OUTBOUND: [&str; 2] = ["wasi:http/outgoing-handler", "wasi:http/client"];

impl Summary {
    /// `imports` are those of each component by its name; `refusals` is what a production host says to the same
    /// workload; `hosts_given` is whether the project file has a list of allowed hosts.
    pub(super) fn new(
        spec: &WorkloadSpec,
        imports: &[(String, Vec<String>)],
        mut refusals: Vec<String>,
        hosts_given: bool,
    ) -> Self {
        let of = |name: &str| {
            let found = imports.iter().find(|(component, _)| component == name);
            found
                .map(|(_, imports)| imports.as_slice())
                .unwrap_or_default()
        };
        let parts: Vec<Part> = spec
            .components
            .iter()
            .map(|component| (component.name.as_str(), &component.resources))
            .chain(
                spec.service
                    .iter()
                    .map(|service| ("service", &service.resources)),
            )
            .map(|(name, resources)| Part::new(spec, name, resources, of(name), hosts_given))
            .collect();
        let calls_out = imports
            .iter()
            .flat_map(|(_, imports)| imports)
            .any(|import| {
                let name = import.split('@').next().unwrap_or_default();
                OUTBOUND.contains(&name)
            });
        if calls_out && parts.iter().any(|part| part.hosts_by_default) {
            refusals.push(
                "outbound HTTP: `workload.allowedHosts` is not set, which means every host here and none in \
                 production; list the hosts that are called"
                    .to_owned(),
            );
        }
        for volume in &spec.volumes {
            if let VolumeSource::HostPath(path) = &volume.source {
                refusals.push(format!(
                    "the folder `{}`: a hostPath volume needs a host that was started with --allow-host-path for it",
                    path.display()
                ));
            }
        }
        Self {
            components: parts,
            production: refusals,
        }
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for part in &self.components {
            part.lines(&mut lines);
        }
        if self.production.is_empty() {
            lines.push(format!(
                "  {GOOD}production{GOOD:#} would refuse nothing of this"
            ));
        } else {
            lines.push(format!("  {CARE}production{CARE:#} would refuse"));
            for refusal in &self.production {
                lines.push(format!("    - {}", refusal.replace('\n', "\n      ")));
            }
        }
        lines
    }

    /// For programs.
    pub(super) fn json(&self) -> serde_json::Value {
        let components: Vec<_> = self
            .components
            .iter()
            .map(|part| {
                json!({
                    "name": part.name, "imports": part.imports, "environment": part.environment,
                    "config": part.config, "allowedHosts": part.hosts, "mounts": part.mounts,
                })
            })
            .collect();
        json!({ "event": "granted", "components": components, "productionRefuses": self.production })
    }
}

impl Part {
    fn new(
        spec: &WorkloadSpec,
        name: &str,
        resources: &Resources,
        imports: &[String],
        hosts_given: bool,
    ) -> Self {
        let source = |name: &str| {
            spec.volumes
                .iter()
                .find(|volume| volume.name == name)
                .map(|volume| &volume.source)
        };
        let mounts = resources
            .volume_mounts
            .iter()
            .map(|mount| match source(&mount.volume) {
                Some(VolumeSource::HostPath(path)) => {
                    format!("{} is {}", mount.mount_path, path.display())
                }
                Some(VolumeSource::EmptyDir) | None => mount.mount_path.clone(),
            });
        Self {
            name: name.to_owned(),
            imports: by_package(imports),
            environment: resources.environment.keys().cloned().collect(),
            config: resources.config.keys().cloned().collect(),
            hosts: resources.allowed_hosts.clone(),
            hosts_by_default: !hosts_given && resources.allowed_hosts == ["*"],
            mounts: mounts.collect(),
        }
    }

    fn lines(&self, lines: &mut Vec<String>) {
        lines.push(format!("  component {NAME}{}{NAME:#}", self.name));
        let nothing = vec!["nothing".to_owned()];
        let imports = if self.imports.is_empty() {
            &nothing
        } else {
            &self.imports
        };
        for (index, import) in imports.iter().enumerate() {
            row(lines, if index == 0 { "imports" } else { "" }, import);
        }
        for (title, names) in [("environment", &self.environment), ("config", &self.config)] {
            if !names.is_empty() {
                row(lines, title, &names.join(", "));
            }
        }
        let hosts = match self.hosts.as_slice() {
            [] => "no host".to_owned(),
            _ if self.hosts_by_default => {
                "every host, because `workload.allowedHosts` is not set".to_owned()
            }
            hosts => hosts.join(", "),
        };
        row(lines, "may call", &hosts);
        for mount in &self.mounts {
            row(lines, "sees", mount);
        }
    }
}

fn row(lines: &mut Vec<String>, title: &str, text: &str) {
    lines.push(format!("    {FAINT}{title:<12}{FAINT:#}{text}"));
}

/// `wasi:http/types@0.2.3` and `wasi:http/client@0.2.3` as `wasi:http@0.2.3 {types, client}`.
fn by_package(imports: &[String]) -> Vec<String> {
    let mut packages: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut others = Vec::new();
    for import in imports {
        let (path, version) = import.split_once('@').unwrap_or((import, ""));
        match path.split_once('/') {
            Some((package, interface)) => {
                let at = if version.is_empty() { "" } else { "@" };
                packages
                    .entry(format!("{package}{at}{version}"))
                    .or_default()
                    .push(interface);
            }
            None => others.push(import.clone()),
        }
    }
    let packages = packages
        .into_iter()
        .map(|(package, interfaces)| format!("{package} {{{}}}", interfaces.join(", ")));
    packages.chain(others).collect()
}

#[cfg(test)]
mod tests;
