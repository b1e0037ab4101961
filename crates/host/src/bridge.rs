//! A workload seen from the ingress. No logic: bodies pass through, faults become the ingress's.

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response, StatusCode};
use weft_engine::fault::FaultKind;
use weft_engine::workload::Workload;
use weft_ingress::{Body, BoxError, Fault, Target};

/// The target that a route of a workload leads to.
pub(crate) struct WorkloadTarget(pub(crate) Workload);

impl Target for WorkloadTarget {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn call(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>> {
        async move { self.0.http(request).await.map_err(fault) }.boxed()
    }

    fn explain(&self, error: &BoxError) -> Option<Fault> {
        error.downcast_ref().cloned().map(fault)
    }
}

fn fault(fault: weft_engine::fault::Fault) -> Fault {
    let kind = fault.kind;
    let (status, title) = match kind {
        FaultKind::Trap | FaultKind::Exit => (StatusCode::BAD_GATEWAY, "the component failed"),
        FaultKind::NoResponse | FaultKind::GuestError => {
            (StatusCode::BAD_GATEWAY, "the component gave no answer")
        }
        FaultKind::Instantiate => (StatusCode::BAD_GATEWAY, "the component cannot be started"),
        FaultKind::Abandoned => (StatusCode::GATEWAY_TIMEOUT, "the request was given up"),
        FaultKind::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "the host is busy"),
        FaultKind::Load => (StatusCode::INTERNAL_SERVER_ERROR, "the host failed"),
    };
    let retry_after = (kind == FaultKind::Overloaded).then_some(std::time::Duration::from_secs(1));
    let cause = match kind {
        FaultKind::Trap => "trap",
        FaultKind::Exit => "exit",
        FaultKind::NoResponse => "no-response",
        FaultKind::GuestError => "error",
        FaultKind::Instantiate => "instantiate",
        FaultKind::Abandoned => "disconnect",
        FaultKind::Overloaded => "overloaded",
        FaultKind::Load => "load",
    };
    Fault {
        status,
        code: kind.code(),
        cause,
        title,
        reason: kind.reason().to_owned(),
        detail: fault.detail,
        blame: kind.blame(),
        retry_after,
    }
}
