//! The one wrapper round every request: identity, route, target, and every failure turned into a response.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tracing::Instrument;
use weft_api::fault::Blame;

use crate::activity::Active;
use crate::drain::Lifeline;
use crate::record::{Observed, Record, panic_text};
use crate::request_id::{REQUEST_ID, RequestIds};
use crate::routes::Routes;
use crate::target::{Body, BoxError, Fault, Target};
use crate::{authority, hostname, respond};

/// A 404 names at most this many host names.
const NAMES_SHOWN: usize = 20;

/// What all requests of one server share.
pub(crate) struct Handler {
    routes: Routes,
    verbose_not_found: bool,
    ids: RequestIds,
    lifeline: Arc<Lifeline>,
}

impl Handler {
    /// A handler whose requests count on `lifeline`.
    pub(crate) fn new(routes: Routes, verbose_not_found: bool, lifeline: Arc<Lifeline>) -> Self {
        Self {
            routes,
            verbose_not_found,
            ids: RequestIds::new(),
            lifeline,
        }
    }

    /// Answers one request, whatever happens. Dropping the future drops the target's: the client has gone.
    pub(crate) async fn handle(
        &self,
        connection: Active,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Observed> {
        let id = self.ids.adopt(request.headers());
        let method = request.method().clone();
        let mut record = Record::open(&self.lifeline, connection, peer, &request, id);
        let span = record.span();
        let answer = self.answer(&mut record, request).instrument(span).await;
        let response = answer.unwrap_or_else(|fault| {
            record.failed(&fault);
            respond::problem(&fault, record.request_id().to_str().unwrap_or_default())
        });
        let (mut head, body) = response.into_parts();
        head.headers.insert(REQUEST_ID, record.request_id().clone());
        let body = sendable(&method, &mut head, body);
        let body = record.follow(head.status, &head.headers, body);
        Response::from_parts(head, body)
    }

    async fn answer(
        &self,
        record: &mut Record,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Fault> {
        let authority = authority::of(&request)?;
        record.asked_for(authority.clone());
        if request.method() == Method::CONNECT {
            return Err(no_tunnels());
        }
        // The authority was checked, so its host has a normal form.
        let host = hostname::normalise(authority.host()).unwrap_or_default();
        let lease = self
            .routes
            .find(&host)
            .ok_or_else(|| self.unknown_host(&host))?;
        let target = Arc::clone(&lease.target);
        record.answered_by(lease);

        let (mut head, body) = request.into_parts();
        let scheme = head.extensions.remove().unwrap_or(Scheme::HTTP);
        head.uri = authority::absolute(&head.uri, scheme, authority)?;
        head.headers.insert(REQUEST_ID, record.request_id().clone());
        let body = body.map_err(BoxError::from).boxed_unsync();
        let response = call(target.as_ref(), Request::from_parts(head, body)).await?;
        if response.status().is_informational() {
            return Err(not_final(response.status()));
        }
        Ok(response)
    }

    fn unknown_host(&self, host: &str) -> Fault {
        let mut reason = format!(
            "no workload answers the host name `{}`",
            host.escape_debug()
        );
        if self.verbose_not_found {
            reason.push_str(&self.served_names());
        }
        Fault {
            status: StatusCode::NOT_FOUND,
            code: "unknown-host",
            title: "Unknown host",
            detail: reason.clone(),
            reason,
            blame: Blame::Network,
            retry_after: None,
        }
    }

    fn served_names(&self) -> String {
        let hosts = self.routes.hosts();
        if hosts.is_empty() {
            return "; no workload is running".to_owned();
        }
        let names: Vec<_> = hosts
            .iter()
            .take(NAMES_SHOWN)
            .map(|host| format!("`{host}`"))
            .collect();
        let more = match hosts.len().saturating_sub(NAMES_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("; these are answered: {}{more}", names.join(", "))
    }
}

/// Calls the target; a panic in it is a fault like any other.
async fn call(target: &dyn Target, request: Request<Body>) -> Result<Response<Body>, Fault> {
    // Nothing of ours is shared with the target across the unwind.
    let called = AssertUnwindSafe(async { target.call(request).await }).catch_unwind();
    called.await.unwrap_or_else(|panic| {
        Err(Fault {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal",
            title: "Internal error",
            reason: "the host failed while it handled the request; its log has the details under the request id".to_owned(),
            detail: format!("the target panicked: {}", panic_text(panic.as_ref())),
            blame: Blame::Host,
            retry_after: None,
        })
    })
}

/// The body to send: none where HTTP allows none, so that both protocol versions agree.
fn sendable(method: &Method, head: &mut http::response::Parts, body: Body) -> Option<Body> {
    if matches!(
        head.status,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    ) {
        return None;
    }
    if method != Method::HEAD {
        return Some(body);
    }
    let length = body.size_hint().exact().filter(|length| *length > 0);
    if let Some(length) = length
        && !head.headers.contains_key(TRANSFER_ENCODING)
    {
        head.headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    None
}

fn no_tunnels() -> Fault {
    let reason = "CONNECT is not supported: this is not a proxy";
    Fault {
        status: StatusCode::NOT_IMPLEMENTED,
        code: "method-not-supported",
        title: "Method not supported",
        reason: reason.to_owned(),
        detail: reason.to_owned(),
        blame: Blame::Network,
        retry_after: None,
    }
}

fn not_final(status: StatusCode) -> Fault {
    let reason = format!(
        "the workload answered with status {}, which cannot end an exchange",
        status.as_u16()
    );
    Fault {
        status: StatusCode::BAD_GATEWAY,
        code: "bad-response",
        title: "Bad response from the workload",
        detail: reason.clone(),
        reason,
        blame: Blame::Guest,
        retry_after: None,
    }
}
