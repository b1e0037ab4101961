//! A workload seen from the ingress. No logic: bodies pass through, faults become the ingress's.

use std::ops::Deref;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response, StatusCode};
use weft_engine::fault::FaultKind;
use weft_engine::service::Service;
use weft_engine::workload::Workload;
use weft_ingress::{Body, BoxError, Fault, Observer, Outcome, Target};

use crate::series::{Over, Requests, Series};

/// The target that a route of a workload leads to: one version of it.
pub(crate) struct WorkloadTarget {
    version: Arc<Workload>,
    series: Arc<Series>,
}

impl WorkloadTarget {
    /// Requests of `version` are counted in `series`.
    pub(crate) fn new(version: Workload, series: &Arc<Series>) -> Self {
        let version = Arc::new(version);
        series.begin(&version);
        Self {
            version,
            series: Arc::clone(series),
        }
    }
}

impl Target for WorkloadTarget {
    fn name(&self) -> &str {
        self.version.name()
    }

    fn resource(&self) -> Option<&weft_telemetry::Resource> {
        self.version.resource()
    }

    fn call(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>> {
        async move { self.version.http(request).await.map_err(fault) }.boxed()
    }

    fn explain(&self, error: &BoxError) -> Option<Fault> {
        error.downcast_ref().cloned().map(fault)
    }

    fn observe(&self, outcome: &Outcome<'_>) {
        self.series.requests.count(&over(outcome));
    }
}

/// A service whose use of the host is counted with that of its workload.
pub(crate) struct CountedService {
    service: Arc<Service>,
    series: Arc<Series>,
}

impl CountedService {
    /// What `service` uses is counted in `series`.
    pub(crate) fn new(service: Service, series: &Arc<Series>) -> Self {
        let service = Arc::new(service);
        series.begin(&service);
        Self {
            service,
            series: Arc::clone(series),
        }
    }
}

impl Deref for CountedService {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Drop for CountedService {
    fn drop(&mut self) {
        self.series.end(&self.service);
    }
}

impl Drop for WorkloadTarget {
    fn drop(&mut self) {
        self.series.end(&self.version);
    }
}

/// Counts the requests that no route led anywhere. All others are counted by their target.
pub(crate) struct Unrouted(pub(crate) Arc<Requests>);

impl Observer for Unrouted {
    fn request_over(&self, outcome: &Outcome<'_>) {
        if outcome.target.is_none() {
            self.0.count(&over(outcome));
        }
    }
}

fn over(outcome: &Outcome<'_>) -> Over {
    Over {
        status: outcome.status,
        code: outcome.code,
        latency: outcome.latency,
        received: outcome.request_bytes,
        sent: outcome.response_bytes,
    }
}

/// When a refused request may come again: requests take milliseconds to seconds.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

fn fault(fault: weft_engine::fault::Fault) -> Fault {
    let kind = fault.kind;
    let (status, title) = match kind {
        FaultKind::Trap | FaultKind::Exit => (StatusCode::BAD_GATEWAY, "the component failed"),
        FaultKind::NoResponse | FaultKind::GuestError => {
            (StatusCode::BAD_GATEWAY, "the component gave no answer")
        }
        FaultKind::Instantiate => (StatusCode::BAD_GATEWAY, "the component cannot be started"),
        FaultKind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "the component took too long"),
        FaultKind::Abandoned => (StatusCode::GATEWAY_TIMEOUT, "the request was given up"),
        FaultKind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "the workload is busy"),
        FaultKind::Full => (StatusCode::SERVICE_UNAVAILABLE, "the host is busy"),
        FaultKind::Load => (StatusCode::INTERNAL_SERVER_ERROR, "the host failed"),
        FaultKind::ServiceFailed => (StatusCode::SERVICE_UNAVAILABLE, "the workload has failed"),
    };
    let passes = matches!(kind, FaultKind::Busy | FaultKind::Full);
    let retry_after = passes.then_some(RETRY_AFTER);
    Fault {
        status,
        code: kind.code(),
        cause: fault.cause,
        title,
        reason: kind.reason().to_owned(),
        detail: fault.detail,
        blame: kind.blame(),
        retry_after,
    }
}
