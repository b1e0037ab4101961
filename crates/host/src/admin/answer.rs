//! Which page a request to the admin listener gets. Every answer is made at once, from what is in memory.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::Full;
use serde::Serialize;
use weft_engine::Engine;
use weft_ingress::{ForwardStats, Stats, Tls};
use weft_telemetry::Telemetry;

use super::{metrics, workloads};
use crate::learned::learned;
use crate::readiness::{NotReady, Readiness};
use crate::registry::Registry;
use crate::series::Requests;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// What the pages are made of.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) engine: Engine,
    pub(crate) registry: Arc<Registry>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) connections: Arc<Stats>,
    pub(crate) forwarded: Arc<ForwardStats>,
    /// Requests that no route led anywhere.
    pub(crate) unrouted: Arc<Requests>,
    pub(crate) tls: Arc<OnceLock<Tls>>,
    /// Whether what guests reach is learned.
    pub(crate) learning: bool,
    /// Where the host tells what it does.
    pub(crate) telemetry: Option<Telemetry>,
}

impl Pages {
    /// The answer to a request.
    pub(super) fn answer(&self, method: &Method, uri: &Uri) -> Response<Full<Bytes>> {
        let page: fn(&Self, &Uri) -> Response<Full<Bytes>> = match uri.path() {
            "/healthz" => |_, _| page(StatusCode::OK, TEXT, "ok\n"),
            "/readyz" => |pages, _| pages.ready(),
            "/metrics" => |pages, _| pages.metrics(),
            "/workloads" => |pages, uri| pages.workloads(uri),
            "/policy" => |pages, _| {
                let learned = learned(&pages.registry, pages.learning);
                json_page(StatusCode::OK, JSON, &learned)
            },
            _ => return unknown_path(),
        };
        if method == Method::GET || method == Method::HEAD {
            page(self, uri)
        } else {
            method_not_allowed()
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        let not = self.readiness.check().err();
        let status = match not {
            None => StatusCode::OK,
            Some(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let ready = Ready {
            ready: not.is_none(),
            reason: not.map(NotReady::as_str),
            detail: not.map(NotReady::detail),
        };
        json_page(status, JSON, &ready)
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        match metrics::page(self) {
            Ok(text) => page(StatusCode::OK, metrics::CONTENT_TYPE, text),
            // Writing to a string does not fail.
            Err(error) => problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                &error.to_string(),
            ),
        }
    }

    fn workloads(&self, uri: &Uri) -> Response<Full<Bytes>> {
        match workloads::tenant(uri.query()) {
            Ok(tenant) => json_page(
                StatusCode::OK,
                JSON,
                &workloads::list(&self.registry, tenant),
            ),
            Err(unknown) => problem(
                StatusCode::BAD_REQUEST,
                "invalid-query",
                "Invalid query",
                &format!(
                    "`{}` is no filter; write `/workloads` or `/workloads?tenant=NAME`",
                    unknown.escape_debug()
                ),
            ),
        }
    }
}

/// The same members as in the answers to clients.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

fn unknown_path() -> Response<Full<Bytes>> {
    problem(
        StatusCode::NOT_FOUND,
        "unknown-path",
        "Unknown path",
        "there are /healthz, /readyz, /metrics, /workloads and /policy",
    )
}

fn method_not_allowed() -> Response<Full<Bytes>> {
    let mut response = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Method not allowed",
        "only GET and HEAD: nothing can be changed here",
    );
    let allowed = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(ALLOW, allowed);
    response
}

fn problem(status: StatusCode, code: &str, title: &str, detail: &str) -> Response<Full<Bytes>> {
    let problem = Problem {
        kind: format!("urn:weft:problem:{code}"),
        title,
        status: status.as_u16(),
        detail,
        code,
    };
    json_page(status, PROBLEM, &problem)
}

fn json_page(
    status: StatusCode,
    content_type: &'static str,
    value: &impl Serialize,
) -> Response<Full<Bytes>> {
    // Strings, numbers and lists of them always serialise.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    page(status, content_type, text)
}

fn page(
    status: StatusCode,
    content_type: &'static str,
    text: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
