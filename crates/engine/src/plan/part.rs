//! One component of a program: what it imports from the others, sees and may reach. Pure.

use weft_api::spec::{Resources, Values, WorkloadSpec};
use weft_net::firewall::policy::{Lists, Policy};

use super::resolve::{Graph, Provider};
use super::{Link, Part, PlanError};

impl Graph<'_> {
    /// The part at a place of `order`, which has the positions of all parts.
    pub(super) fn part(
        &self,
        position: usize,
        order: &[usize],
        notes: &mut Vec<String>,
        errors: &mut Vec<PlanError>,
    ) -> Option<Part> {
        let spec = self.spec.components.get(position)?;
        let shape = self.shapes.get(position)?;
        let links = shape.imports.iter().filter_map(|import| {
            match self.provider(position, import).ok()? {
                Provider::Host => None,
                Provider::Component { position, export } => {
                    let provider = order.iter().position(|other| *other == position)?;
                    Some(Link {
                        import: import.name.clone(),
                        export,
                        provider,
                    })
                }
            }
        });
        let lists = Lists {
            allowed_hosts: &spec.resources.allowed_hosts,
            allowed_ip_name_lookups: &spec.resources.allowed_ip_name_lookups,
            allowed_host_loopback_ports: &spec.resources.allowed_host_loopback_ports,
        };
        let egress = Policy::parse(lists).unwrap_or_else(|entries| {
            errors.extend(entries.into_iter().map(|source| PlanError::Egress {
                component: spec.name.clone(),
                source,
            }));
            Policy::default()
        });
        let without_effect = egress.without_effect().into_iter();
        notes.extend(without_effect.map(|(entry, why)| {
            format!(
                "component `{}`: `{entry}` in `allowedHosts` has no effect: {why}",
                spec.name
            )
        }));
        Some(Part {
            component: spec.name.clone(),
            position,
            links: links.collect(),
            environment: spec.resources.environment.clone(),
            config: merged_config(self.spec, &spec.resources),
            secrets: self.secrets.clone(),
            egress,
            mounts: spec.resources.volume_mounts.clone(),
            limits: spec.resources.limits.clone(),
        })
    }
}

/// What a component's `wasi:config/store` holds: the entry's config, then the component's own config, then its
/// environment, the later winning, as in wasmCloud.
fn merged_config(spec: &WorkloadSpec, resources: &Resources) -> Values {
    let mut config = Values::default();
    for entry in spec
        .host_interfaces
        .iter()
        .filter(|e| e.namespace == "wasi" && e.package == "config")
    {
        config.take_over(entry.config.clone());
    }
    config.take_over(resources.config.clone());
    config.take_over(resources.environment.clone());
    config
}
