//! Who the data of a workload is said about.

use weft_telemetry::{Resource, Telemetry};

use crate::plan::Part;

/// Configuration of a component that says something about it: what comes after this is the name of an attribute.
const PREFIX: &str = "otel.resource.";

/// Attributes of a component, at most, and characters of each.
const ATTRIBUTES: usize = 64;
const LENGTH: usize = 1024;

/// The resource of a component of the workload `label`, `tenant/name`: what the host knows, then what its configuration
/// says. Whose it is and where it runs no workload can say otherwise.
pub(crate) fn resource(telemetry: &Telemetry, label: &str, part: &Part) -> Resource {
    let (tenant, name) = label.split_once('/').unwrap_or(("", label));
    let mut attributes: Vec<(String, String)> = vec![
        ("service.name".to_owned(), name.to_owned()),
        ("service.namespace".to_owned(), tenant.to_owned()),
    ];
    let given = part.config.iter().filter_map(|(key, value)| {
        let key = key.strip_prefix(PREFIX).filter(|key| !key.is_empty())?;
        let cut = value.chars().take(LENGTH).collect();
        Some((key.chars().take(LENGTH).collect(), cut))
    });
    attributes.extend(given.take(ATTRIBUTES));
    let host = telemetry.resource();
    attributes.extend([
        ("weft.tenant".to_owned(), tenant.to_owned()),
        ("weft.workload".to_owned(), name.to_owned()),
        ("weft.component".to_owned(), part.component.to_string()),
    ]);
    for (own, of_host) in [
        ("weft.host", "service.instance.id"),
        ("host.name", "host.name"),
    ] {
        if let Some(value) = host.text(of_host) {
            attributes.push((own.to_owned(), value.to_owned()));
        }
    }
    Resource::new(attributes)
}
