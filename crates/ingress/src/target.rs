//! What a route leads to. The trait lives here, with its caller; the layer above implements it for its workloads.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use weft_api::fault::Blame;
use weft_telemetry::Resource;

use crate::observer::Outcome;

/// An error whose type does not matter any more.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that streams, in either direction; the next frame is produced only when the other side has room for it.
///
/// A response body that yields an error ends the response abnormally (HTTP/1 closes the connection without the last
/// chunk, HTTP/2 resets the stream). [`Target::explain`] says what the log makes of it.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Something that answers requests: a workload, seen from the network.
pub trait Target: Send + Sync + 'static {
    /// The name in the log: `tenant/workload`.
    fn name(&self) -> &str;

    /// What is said of its requests is said of this; by default, of the host.
    fn resource(&self) -> Option<&Resource> {
        None
    }

    /// Answers one request. If telemetry is on, its extensions have the [`Trace`](weft_telemetry::Trace). Its URI is absolute: the scheme of the connection, the authority that the client asked for,
    /// path and query. Dropping the future, or the response's body, cancels the request: the client has gone, or a drain cut it.
    ///
    /// The body of the request ends with a [`RequestBodyError`](crate::RequestBodyError) if it breaks a limit. The
    /// client is then told so, and the answer to it is thrown away.
    fn call(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>>;

    /// What an error in the body of a response means, if this target knows. By default, an error that is a [`Fault`]
    /// is that fault.
    fn explain(&self, error: &BoxError) -> Option<Fault> {
        error.downcast_ref::<Fault>().cloned()
    }

    /// A request that this target was called for is over: exactly one call for each. It must be quick, must not block
    /// and must not panic.
    fn observe(&self, outcome: &Outcome<'_>) {
        let _ = outcome;
    }
}

/// A request that failed: what the client is told, what the log is told, and who has to change something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Fault {
    /// The response's status.
    pub status: StatusCode,
    /// A stable word for programs, in kebab case.
    pub code: &'static str,
    /// Why, in one stable word for programs and metrics: `memory`, `timeout`, `overloaded`. The problem document has
    /// it as `reason`.
    pub cause: &'static str,
    /// What kind of failure it is, in a few words that do not depend on the request.
    pub title: &'static str,
    /// What happened this time, safe to show to any client. The problem document has it as `detail`.
    pub reason: String,
    /// What happened, for the log of this host only.
    pub detail: String,
    /// The party whose change would have avoided the failure.
    pub blame: Blame,
    /// When another attempt makes sense.
    pub retry_after: Option<Duration>,
}
