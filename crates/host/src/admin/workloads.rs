//! The list of workloads as JSON: what each is allowed and what it uses. Documented in `docs/src/admin.md`; fields are
//! added, never renamed.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use weft_engine::limits::Limits;
use weft_engine::service::{End, ServiceStatus};

use crate::publish::PublishedPort;
use crate::registry::{Registry, Row, State};

/// The page.
#[derive(Serialize)]
pub(super) struct List {
    workloads: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    tenant: String,
    workload: String,
    state: &'static str,
    reason: Option<String>,
    /// RFC 3339, in UTC.
    since: Option<String>,
    hosts: Vec<String>,
    service: Option<ServiceEntry>,
    ports: Vec<PublishedPort>,
    limits: Option<Bounds>,
    r#use: Use,
    /// None for what may have none.
    gpu: Option<GpuUse>,
    requests: u64,
    failures: BTreeMap<&'static str, u64>,
}

/// The long-lived component.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceEntry {
    state: &'static str,
    /// RFC 3339, in UTC.
    since: String,
    restarts: u64,
    restarts_left: u32,
    /// The code that it exited with last, if it did.
    last_exit: Option<u8>,
    /// The word for its last trap, if it trapped last.
    last_trap: Option<&'static str>,
    /// How it ended last, in words.
    last_end: Option<String>,
    /// Addresses of the virtual network.
    listening: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bounds {
    memory_bytes: u64,
    cpu_millicores: Option<u32>,
    request_timeout_seconds: f64,
    max_in_flight: u32,
    max_queue: u32,
    queue_wait_seconds: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Use {
    in_flight: u64,
    queued: u64,
    instances: u64,
    memory_bytes: u64,
    network_bytes: u64,
    cpu_seconds: f64,
    code_loaded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GpuUse {
    adapter: String,
    memory_bytes: u64,
    memory_limit_bytes: u64,
    gpu_seconds: f64,
    queue_wait_seconds: f64,
    memory_byte_seconds: f64,
    submissions: u64,
    dispatches: u64,
    uploaded_bytes: u64,
    downloaded_bytes: u64,
    overdue_devices: u64,
}

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
pub(super) fn list(registry: &Registry, tenant: Option<&str>) -> List {
    let rows = registry.workloads().into_iter();
    let wanted = rows.filter(|row| tenant.is_none_or(|tenant| row.tenant.as_str() == tenant));
    List {
        workloads: wanted.map(entry).collect(),
    }
}

impl List {
    /// Each workload for itself.
    pub(super) fn values(self) -> Vec<serde_json::Value> {
        let workloads = self.workloads.into_iter();
        // Strings, numbers and lists of them always serialise.
        let values = workloads.map(|workload| serde_json::to_value(workload).unwrap_or_default());
        values.collect()
    }
}

fn entry(row: Row) -> Entry {
    let (totals, present) = (row.reading.totals, row.reading.present);
    Entry {
        tenant: row.tenant.to_string(),
        workload: row.workload.to_string(),
        state: row.state.as_str(),
        reason: reason(row.state, row.service.as_ref()),
        since: row.since.map(time),
        hosts: row.hosts,
        service: row.service.map(|service| self::service(&service)),
        ports: row.ports,
        limits: present.limits.map(bounds),
        r#use: Use {
            in_flight: present.in_flight,
            queued: present.queued,
            instances: present.instances,
            memory_bytes: present.memory,
            network_bytes: present.network,
            cpu_seconds: totals.spent.cpu.as_secs_f64(),
            code_loaded: present.loaded,
        },
        gpu: row.reading.adapter.map(|(adapter, memory_limit_bytes)| {
            let spent = totals.spent.gpu;
            GpuUse {
                adapter: adapter.to_string(),
                memory_bytes: present.gpu_memory,
                memory_limit_bytes,
                gpu_seconds: spent.gpu_time.as_secs_f64(),
                queue_wait_seconds: spent.queue_wait.as_secs_f64(),
                memory_byte_seconds: spent.byte_seconds,
                submissions: spent.submissions,
                dispatches: spent.dispatches,
                uploaded_bytes: spent.uploaded,
                downloaded_bytes: spent.downloaded,
                overdue_devices: spent.overdue,
            }
        }),
        requests: totals.latency.count(),
        failures: totals.spent.failures,
    }
}

/// Why a workload is not what it should be.
fn reason(state: State, service: Option<&ServiceStatus>) -> Option<String> {
    match state {
        State::Running => None,
        State::Failed | State::Completed => {
            let end = service?.reason()?;
            Some(format!("its service: {end}"))
        }
        State::Stopping => Some("requests in flight are being finished".to_owned()),
        State::Ended => Some("it was stopped".to_owned()),
    }
}

fn service(status: &ServiceStatus) -> ServiceEntry {
    let (last_exit, last_trap) = match &status.last_end {
        Some(End::Exit(code)) => (Some(*code), None),
        Some(End::Trap { cause, .. }) => (None, Some(*cause)),
        Some(End::NotStarted(_) | End::Forced(_)) | None => (None, None),
    };
    ServiceEntry {
        state: status.state.as_str(),
        since: time(status.since),
        restarts: status.restarts,
        restarts_left: status.restarts_left,
        last_exit,
        last_trap,
        last_end: status.last_end.as_ref().map(ToString::to_string),
        listening: status.listening.iter().map(ToString::to_string).collect(),
    }
}

fn bounds(limits: Limits) -> Bounds {
    Bounds {
        memory_bytes: limits.memory,
        cpu_millicores: limits.cpu,
        request_timeout_seconds: limits.request_timeout.as_secs_f64(),
        max_in_flight: limits.requests.max_in_flight,
        max_queue: limits.requests.max_queue,
        queue_wait_seconds: limits.requests.queue_wait.as_secs_f64(),
    }
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
