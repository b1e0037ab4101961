//! Which page a request to the admin listener gets. Every answer is made at once, from what is in memory.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::Full;
use serde_json::json;
use weft_engine::Engine;
use weft_ingress::Stats;

use super::{metrics, workloads};
use crate::readiness::Readiness;
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
    /// Requests that no route led anywhere.
    pub(crate) unrouted: Arc<Requests>,
}

impl Pages {
    /// The answer to a request.
    pub(super) fn answer(&self, method: &Method, uri: &Uri) -> Response<Full<Bytes>> {
        let page: fn(&Self, &Uri) -> Response<Full<Bytes>> = match uri.path() {
            "/healthz" => |_, _| page(StatusCode::OK, TEXT, "ok\n"),
            "/readyz" => |pages, _| pages.ready(),
            "/metrics" => |pages, _| pages.metrics(),
            "/workloads" => |pages, uri| pages.workloads(uri),
            _ => return unknown_path(),
        };
        if method == Method::GET || method == Method::HEAD {
            page(self, uri)
        } else {
            method_not_allowed()
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        match self.readiness.check() {
            Ok(()) => json_page(StatusCode::OK, JSON, &json!({ "ready": true })),
            Err(why) => json_page(
                StatusCode::SERVICE_UNAVAILABLE,
                JSON,
                &json!({ "ready": false, "reason": why.as_str(), "detail": why.detail() }),
            ),
        }
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

fn unknown_path() -> Response<Full<Bytes>> {
    problem(
        StatusCode::NOT_FOUND,
        "unknown-path",
        "Unknown path",
        "there are /healthz, /readyz, /metrics and /workloads",
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
    let problem = json!({
        "type": format!("urn:weft:problem:{code}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    });
    json_page(status, PROBLEM, &problem)
}

fn json_page(
    status: StatusCode,
    content_type: &'static str,
    value: &serde_json::Value,
) -> Response<Full<Bytes>> {
    page(status, content_type, format!("{value:#}\n"))
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
