//! A workload seen from the ingress. No logic: bodies pass through, faults become the ingress's.

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response, StatusCode};
use weft_engine::fault::FaultKind;
use weft_engine::workload::Workload;
use weft_ingress::{Body, Fault, Target};

/// The target that a route of a workload leads to.
pub(crate) struct WorkloadTarget(pub(crate) Workload);

impl Target for WorkloadTarget {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn call(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>> {
        async move { self.0.http(request).await.map_err(fault) }.boxed()
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
    };
    let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER);
    Fault {
        status,
        code: kind.code(),
        title,
        reason: kind.reason().to_owned(),
        detail: fault.detail,
        blame: kind.blame(),
        retry_after,
    }
}
