//! Every metric of a host: its name without the prefix `weft_`, its unit and what it says. `docs/src/admin.md` repeats
//! this list, and a test compares the two.

use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// A metric. Its full name ends with the unit, and for a counter with `_total` after that.
#[derive(Debug)]
pub(in crate::admin) struct Metric {
    pub(in crate::admin) kind: MetricType,
    pub(in crate::admin) name: &'static str,
    pub(in crate::admin) unit: Option<Unit>,
    pub(in crate::admin) help: &'static str,
}

const fn counter(name: &'static str, unit: Option<Unit>, help: &'static str) -> Metric {
    let kind = MetricType::Counter;
    Metric {
        kind,
        name,
        unit,
        help,
    }
}

const fn gauge(name: &'static str, unit: Option<Unit>, help: &'static str) -> Metric {
    let kind = MetricType::Gauge;
    Metric {
        kind,
        name,
        unit,
        help,
    }
}

// The host.

pub(super) static BUILD: Metric = Metric {
    kind: MetricType::Info,
    name: "build",
    unit: None,
    help: "Which version of weft this is.",
};
pub(super) static READY: Metric = gauge(
    "ready",
    None,
    "Whether requests should be sent here, 1 or 0: what /readyz says.",
);
pub(super) static WORKLOADS: Metric = gauge("workloads", None, "Workloads that run.");
pub(super) static HOST_INSTANCES: Metric = gauge(
    "host_instances",
    None,
    "Instances alive, idle ones included.",
);
pub(super) static HOST_INSTANCES_IDLE: Metric = gauge(
    "host_instances_idle",
    None,
    "Instances that wait for their next request.",
);
pub(super) static HOST_INSTANCES_MAX: Metric = gauge(
    "host_instances_max",
    None,
    "Instances that may be alive at the same time.",
);
pub(super) static HOST_WAITING: Metric = gauge(
    "host_requests_waiting",
    None,
    "Requests that wait for room for an instance.",
);
pub(super) static HOST_MEMORY: Metric = gauge(
    "host_guest_memory",
    Some(Unit::Bytes),
    "Linear memories and tables of all instances, and sockets and buffers of virtual networks.",
);
pub(super) static HOST_MEMORY_MAX: Metric = gauge(
    "host_guest_memory_max",
    Some(Unit::Bytes),
    "What guests may have of it together.",
);
pub(super) static CODE: Metric = counter(
    "code_loads",
    None,
    "How often compiled code was needed, by where it came from: memory, disk or compiler.",
);

// Workloads.

pub(super) static REQUESTS: Metric = counter(
    "requests",
    None,
    "Requests that are over, by the class of their status and the code of their failure (empty if there was none).",
);
pub(super) static DURATION: Metric = Metric {
    kind: MetricType::Histogram,
    name: "request_duration",
    unit: Some(Unit::Seconds),
    help: "From the end of a request's head to the last byte of its response.",
};
pub(super) static RECEIVED: Metric = counter(
    "request_body",
    Some(Unit::Bytes),
    "Bodies of requests that the workload took.",
);
pub(super) static SENT: Metric = counter(
    "response_body",
    Some(Unit::Bytes),
    "Bodies of responses that were sent.",
);
pub(super) static FAILURES: Metric = counter(
    "failures",
    None,
    "Requests that failed in the workload, by cause.",
);
pub(super) static EGRESS_DENIED: Metric = counter(
    "egress_denied",
    None,
    "What guests asked for outside and did not get, by reason.",
);
pub(super) static EGRESS_CONNECTIONS: Metric = gauge(
    "egress_connections",
    None,
    "Connections from guests to the outside.",
);
pub(super) static SERVICE_RESTARTS: Metric = counter(
    "service_restarts",
    None,
    "How often a service was started again.",
);
pub(super) static SECRET_REVEALS: Metric = counter(
    "secret_reveals",
    None,
    "How often guests looked at the value of a secret of `wasmcloud:secrets`.",
);
pub(super) static GPU_MEMORY: Metric =
    gauge("gpu_memory", Some(Unit::Bytes), "GPU memory that is held.");
pub(super) static GPU_TIME: Metric =
    counter("gpu", Some(Unit::Seconds), "For how long the GPU worked.");
pub(super) static GPU_QUEUE_WAIT: Metric = counter(
    "gpu_queue_wait",
    Some(Unit::Seconds),
    "For how long submissions waited for their turn on the GPU, added up.",
);
pub(super) static GPU_BYTE_SECONDS: Metric = counter(
    "gpu_memory_byte",
    Some(Unit::Seconds),
    "GPU memory times the time for which it was held.",
);
pub(super) static GPU_SUBMISSIONS: Metric =
    counter("gpu_submissions", None, "Submissions to the GPU.");
pub(super) static GPU_DISPATCHES: Metric = counter(
    "gpu_dispatches",
    None,
    "Dispatches and draws of what was submitted.",
);
pub(super) static GPU_OVERDUE: Metric = counter(
    "gpu_devices_overdue",
    None,
    "Devices that were lost because a submission passed its deadline.",
);
pub(super) static GPU_TRANSFERRED: Metric = counter(
    "gpu_transferred",
    Some(Unit::Bytes),
    "Bytes written to the GPU and read from it.",
);
pub(super) static IN_FLIGHT: Metric =
    gauge("requests_in_flight", None, "Requests that are worked on.");
pub(super) static QUEUED: Metric = gauge(
    "requests_queued",
    None,
    "Requests that wait for their turn.",
);
pub(super) static INSTANCES: Metric =
    gauge("instances", None, "Instances alive, idle ones included.");
pub(super) static MEMORY: Metric = gauge(
    "guest_memory",
    Some(Unit::Bytes),
    "Linear memories and tables of all instances of the workload, and sockets and buffers of its virtual network.",
);
pub(super) static CPU: Metric = counter(
    "guest_cpu",
    Some(Unit::Seconds),
    "How long code of the workload has run.",
);

// Tenants.

pub(super) static TENANT_IN_FLIGHT: Metric = gauge(
    "tenant_requests_in_flight",
    None,
    "Requests of all workloads of the tenant that are worked on.",
);
pub(super) static TENANT_QUEUED: Metric = gauge(
    "tenant_requests_queued",
    None,
    "Requests that wait because the tenant has as many as it may have.",
);
pub(super) static TENANT_INSTANCES: Metric =
    gauge("tenant_instances", None, "Instances of the tenant alive.");
pub(super) static TENANT_MEMORY: Metric = gauge(
    "tenant_guest_memory",
    Some(Unit::Bytes),
    "Linear memories and tables of the tenant's instances, and sockets and buffers of its virtual networks.",
);

// Connections.

pub(super) static OPEN: Metric = gauge(
    "connections_open",
    None,
    "Connections of clients that are open, those in their handshake included.",
);
pub(super) static ACCEPTED: Metric = counter(
    "connections_accepted",
    None,
    "Connections of clients that were accepted.",
);
pub(super) static ACCEPT_ERRORS: Metric = counter(
    "accept_errors",
    None,
    "Failures to accept a connection, for want of file descriptors for instance.",
);
pub(super) static REFUSED: Metric = counter(
    "connections_refused",
    None,
    "Connections that were closed before they could send a request, by cause.",
);
pub(super) static CUT: Metric = counter(
    "connections_cut",
    None,
    "Connections that the host closed, by cause.",
);

pub(super) static RELOADS: Metric = counter(
    "certificate_reloads",
    None,
    "How often changed certificates were read, by result: ok or failed.",
);
pub(super) static EXPIRY: Metric = gauge(
    "certificate_expiry_timestamp",
    Some(Unit::Seconds),
    "When the first of the certificates expires, in seconds since 1970.",
);

// Connections to ports of services.

pub(super) static FORWARDED_OPEN: Metric = gauge(
    "forwarded_connections_open",
    None,
    "Connections to published ports that are open, those that have not been forwarded yet included.",
);
pub(super) static FORWARDED_ACCEPTED: Metric = counter(
    "forwarded_connections_accepted",
    None,
    "Connections to published ports that were accepted.",
);
pub(super) static FORWARDED_ACCEPT_ERRORS: Metric = counter(
    "forwarded_accept_errors",
    None,
    "Failures to accept a connection to a published port.",
);
pub(super) static FORWARDED_REFUSED: Metric = counter(
    "forwarded_connections_refused",
    None,
    "Connections to published ports that were not forwarded, by cause.",
);
pub(super) static FORWARDED_RECEIVED: Metric = counter(
    "forwarded_received",
    Some(Unit::Bytes),
    "Bytes from clients to services over published ports.",
);
pub(super) static FORWARDED_SENT: Metric = counter(
    "forwarded_sent",
    Some(Unit::Bytes),
    "Bytes from services to clients over published ports.",
);

// Telemetry.

pub(super) static TELEMETRY_SENT: Metric = counter(
    "telemetry_sent",
    None,
    "Spans, metrics and log records that a collector has taken, by signal: traces, metrics or logs.",
);
pub(super) static TELEMETRY_DROPPED: Metric = counter(
    "telemetry_dropped",
    None,
    "Those that were lost, by signal and reason.",
);
pub(super) static TELEMETRY_QUEUED: Metric = gauge(
    "telemetry_queued",
    None,
    "Those that wait to be sent, or are on their way, by signal.",
);

// The process: with the prefix `process_`.

pub(in crate::admin) static RESIDENT: Metric = gauge(
    "resident_memory",
    Some(Unit::Bytes),
    "Resident memory of the host process.",
);
pub(in crate::admin) static VIRTUAL: Metric = gauge(
    "virtual_memory",
    Some(Unit::Bytes),
    "Address space of the host process. Much of it is reserved for guests and not used.",
);
pub(in crate::admin) static START_TIME: Metric = gauge(
    "start_time",
    Some(Unit::Seconds),
    "When the host process was started, in seconds since 1970.",
);
pub(in crate::admin) static PROCESS_CPU: Metric = counter(
    "cpu",
    Some(Unit::Seconds),
    "CPU time of the host process, guests included.",
);
pub(in crate::admin) static OPEN_FDS: Metric = gauge("open_fds", None, "Open file descriptors.");
pub(in crate::admin) static MAX_FDS: Metric =
    gauge("max_fds", None, "File descriptors that may be open.");
