//! A fault as the client sees it: `application/problem+json` (RFC 9457). No internals: `Fault::detail` stays behind.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use serde::Serialize;

use crate::target::{Body, Fault};

/// The response for a fault, in the version of HTTP that the request came in.
pub(crate) fn problem(fault: &Fault, request_id: &str, protocol: Version) -> Response<Body> {
    let Fault {
        status,
        code,
        cause,
        title,
        reason,
        detail: _,
        blame,
        retry_after,
    } = fault;
    let problem = Problem {
        kind: format!("urn:weft:problem:{code}"),
        title,
        status: status.as_u16(),
        detail: reason,
        code,
        reason: cause,
        blame: blame.as_str(),
        request_id,
    };
    // Strings and one number always serialise; should that ever change, the status alone still says the most.
    let text = serde_json::to_vec_pretty(&problem).unwrap_or_default();
    let mut response = Response::new(body(Bytes::from(text)));
    *response.status_mut() = *status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let unread = matches!(
        *status,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT
    );
    if unread && protocol < Version::HTTP_2 {
        // The rest of the body stands where the next request would.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(pause) = retry_after {
        // Whole seconds, rounded up: a client that comes back too early is refused again.
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The members of RFC 9457 (`type`, `title`, `status`, `detail`) and ours, in the order in which they are written.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    reason: &'a str,
    blame: &'a str,
    request_id: &'a str,
}

fn body(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}
