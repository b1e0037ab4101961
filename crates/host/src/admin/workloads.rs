//! The list of workloads as JSON: what each is allowed and what it uses. Documented in `docs/src/admin.md`; fields are
//! added, never renamed.

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use weft_engine::limits::Limits;

use crate::registry::{Registry, Row, State};
use crate::series::Present;

/// The tenant that a query asks for; all, if there is none. Names of tenants need no escapes in a query.
///
/// # Errors
/// The part of the query that means nothing here.
pub(super) fn tenant(query: Option<&str>) -> Result<Option<&str>, &str> {
    let mut asked = None;
    let parts = query.unwrap_or_default().split('&');
    for part in parts.filter(|part| !part.is_empty()) {
        match part.strip_prefix("tenant=") {
            Some(name) if asked.is_none() => asked = Some(name),
            Some(_) | None => return Err(part),
        }
    }
    Ok(asked)
}

/// All workloads, or those of one tenant, in order of their names.
pub(super) fn list(registry: &Registry, tenant: Option<&str>) -> Value {
    let rows = registry.workloads().into_iter();
    let wanted = rows.filter(|row| tenant.is_none_or(|tenant| row.tenant.as_str() == tenant));
    json!({ "workloads": wanted.map(|row| entry(&row)).collect::<Vec<_>>() })
}

fn entry(row: &Row) -> Value {
    let Present {
        in_flight,
        queued,
        instances,
        memory,
        loaded,
        limits,
    } = row.reading.present;
    let totals = &row.reading.totals;
    json!({
        "tenant": row.tenant.as_str(),
        "workload": row.workload.as_str(),
        "state": row.state.as_str(),
        "reason": reason(row.state),
        "since": row.since.map(time),
        "hosts": row.hosts,
        "limits": limits.map(|limits| bounds(&limits)),
        "use": {
            "inFlight": in_flight,
            "queued": queued,
            "instances": instances,
            "memoryBytes": memory,
            "cpuSeconds": totals.spent.cpu.as_secs_f64(),
            "codeLoaded": loaded,
        },
        "requests": totals.latency.count(),
        "failures": totals.spent.failures,
    })
}

/// Why a workload is not what it should be.
fn reason(state: State) -> Option<&'static str> {
    match state {
        State::Running => None,
        State::Stopping => Some("requests in flight are being finished"),
        State::Ended => Some("it was stopped"),
    }
}

fn bounds(limits: &Limits) -> Value {
    json!({
        "memoryBytes": limits.memory,
        "cpuMillicores": limits.cpu,
        "requestTimeoutSeconds": limits.request_timeout.as_secs_f64(),
        "maxInFlight": limits.requests.max_in_flight,
        "maxQueue": limits.requests.max_queue,
        "queueWaitSeconds": limits.requests.queue_wait.as_secs_f64(),
    })
}

fn time(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::tenant;

    #[test]
    fn a_query_names_one_tenant_or_none() {
        assert_eq!(tenant(None), Ok(None));
        assert_eq!(tenant(Some("")), Ok(None));
        assert_eq!(tenant(Some("tenant=alice")), Ok(Some("alice")));
        assert_eq!(tenant(Some("tenant=")), Ok(Some("")));
    }

    #[test]
    fn a_filter_that_does_not_exist_is_named() {
        assert_eq!(tenant(Some("tennant=a")), Err("tennant=a"));
        assert_eq!(tenant(Some("tenant=a&tenant=b")), Err("tenant=b"));
        assert_eq!(tenant(Some("tenant=a&state=x")), Err("state=x"));
    }
}
