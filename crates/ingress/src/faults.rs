//! The faults that this crate finds itself, before a target is asked or in what it does.

use std::time::Duration;

use http::StatusCode;
use weft_api::fault::Blame;

use crate::routes::{Miss, RoutePattern};
use crate::target::Fault;

/// A 404 names at most this many routes.
const ROUTES_SHOWN: usize = 20;
/// A 404 shows this many characters of a path.
const PATH_SHOWN: usize = 100;

/// No route leads to a target. `served` are the routes to tell the client about.
pub(crate) fn no_route(
    miss: Miss,
    host: &str,
    path: &str,
    served: Option<Vec<RoutePattern>>,
) -> Fault {
    let host = host.escape_debug();
    let (code, title, mut reason) = match miss {
        Miss::Host => (
            "unknown-host",
            "Unknown host",
            format!("no workload answers the host name `{host}`"),
        ),
        Miss::Path => (
            "unknown-path",
            "Unknown path",
            format!(
                "no workload of the host name `{host}` answers the path `{}`",
                shown(path)
            ),
        ),
    };
    if let Some(routes) = served {
        reason.push_str(&list(&routes));
    }
    Fault {
        code,
        title,
        ..of_client(StatusCode::NOT_FOUND, "no-route", reason)
    }
}

/// The client asks for a tunnel.
pub(crate) fn no_tunnels() -> Fault {
    Fault {
        code: "method-not-supported",
        title: "Method not supported",
        ..of_client(
            StatusCode::NOT_IMPLEMENTED,
            "connect",
            "CONNECT is not supported: this is not a proxy".to_owned(),
        )
    }
}

/// The host that was asked for is missing or makes no sense.
pub(crate) fn bad_host(code: &'static str, cause: &'static str, reason: String) -> Fault {
    Fault {
        code,
        title: "Invalid host",
        ..of_client(StatusCode::BAD_REQUEST, cause, reason)
    }
}

/// The body of the request is longer than `limit` bytes.
pub(crate) fn body_too_large(limit: u64) -> Fault {
    Fault {
        code: "body-too-large",
        title: "The request's body is too large",
        ..of_client(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-size",
            format!(
                "the body of the request is longer than {limit} bytes, which is the limit here"
            ),
        )
    }
}

/// The client stopped in the midst of the request's body.
pub(crate) fn body_stalled(limit: Duration) -> Fault {
    Fault {
        code: "body-timeout",
        title: "The request's body did not arrive",
        ..of_client(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            format!("nothing of the request's body arrived for {limit:?}"),
        )
    }
}

/// The request's body ended before its end.
pub(crate) fn body_broken() -> Fault {
    Fault {
        code: "body-broken",
        title: "The request's body is not complete",
        ..of_client(
            StatusCode::BAD_REQUEST,
            "broken-off",
            "the body of the request broke off before its end, or is malformed".to_owned(),
        )
    }
}

/// The target answered with a status that announces an answer.
pub(crate) fn not_final(status: StatusCode) -> Fault {
    let reason = format!(
        "the workload answered with status {}, which cannot end an exchange",
        status.as_u16()
    );
    Fault {
        code: "bad-response",
        title: "Bad response from the workload",
        blame: Blame::Guest,
        ..of_client(StatusCode::BAD_GATEWAY, "interim-status", reason)
    }
}

/// The target panicked: a defect of the host.
pub(crate) fn panicked(detail: String) -> Fault {
    Fault {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "internal",
        cause: "panic",
        title: "Internal error",
        reason: "the host failed while it handled the request; its log has the details under the request id".to_owned(),
        detail,
        blame: Blame::Host,
        retry_after: None,
    }
}

/// The body of a response ended with an error that its target cannot explain. Only the log hears of it.
pub(crate) fn broken_response(detail: String) -> Fault {
    Fault {
        code: "response-broken",
        cause: "body",
        title: "The response broke off",
        reason: String::new(),
        ..panicked(detail)
    }
}

/// What can be told to the client and to the log alike.
fn of_client(status: StatusCode, cause: &'static str, reason: String) -> Fault {
    Fault {
        status,
        code: "bad-request",
        cause,
        title: "Bad request",
        detail: reason.clone(),
        reason,
        blame: Blame::Network,
        retry_after: None,
    }
}

/// The start of a path, in characters that disturb no log.
fn shown(path: &str) -> String {
    let start: String = path.chars().take(PATH_SHOWN).collect();
    let dots = if start.len() < path.len() { "..." } else { "" };
    format!("{}{dots}", start.escape_debug())
}

fn list(routes: &[RoutePattern]) -> String {
    if routes.is_empty() {
        return "; no workload is running".to_owned();
    }
    let names: Vec<_> = routes
        .iter()
        .take(ROUTES_SHOWN)
        .map(|route| format!("`{route}`"))
        .collect();
    let more = match routes.len().saturating_sub(ROUTES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; these are answered: {}{more}", names.join(", "))
}
