//! The one wrapper round every request: identity, route, target, and every failure turned into a response.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use tracing::Instrument;

use crate::activity::Active;
use crate::body::BodyLimits;
use crate::drain::Lifeline;
use crate::observed::Observed;
use crate::record::{Books, Record, panic_text};
use crate::request_id::{REQUEST_ID, RequestIds};
use crate::routes::{Lease, Routes};
use crate::serve::Config;
use crate::socket::Pulse;
use crate::target::{Body, Fault, Target};
use crate::{authority, faults, hostname, respond};

/// What all requests of one server share.
pub(crate) struct Handler {
    routes: Routes,
    verbose_not_found: bool,
    bodies: BodyLimits,
    ids: RequestIds,
    books: Arc<Books>,
}

impl Handler {
    /// A handler whose requests count on `lifeline`.
    pub(crate) fn new(routes: Routes, config: &Config, lifeline: Arc<Lifeline>) -> Self {
        Self {
            routes,
            verbose_not_found: config.verbose_not_found,
            bodies: BodyLimits {
                max_bytes: config.limits.max_request_body,
                idle: config.limits.body_idle_timeout,
            },
            ids: RequestIds::new(),
            books: Arc::new(Books {
                lifeline,
                observer: config.observer.clone(),
                telemetry: config.telemetry.clone(),
            }),
        }
    }

    /// Answers one request, whatever happens. Dropping the future drops the target's: the client has gone.
    pub(crate) async fn handle(
        &self,
        connection: Active,
        pulse: Arc<Pulse>,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Observed> {
        let id = self.ids.adopt(request.headers());
        let method = request.method().clone();
        let mut record = Record::open(&self.books, connection, pulse, peer, &request, id);
        let span = record.span();
        let answer = self.answer(&mut record, request).instrument(span).await;
        let response = answer.unwrap_or_else(|fault| {
            record.failed(&fault);
            let id = record.request_id().to_str().unwrap_or_default();
            respond::problem(&fault, id, record.protocol())
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
        let authority = authority::of(&request);
        if let Ok(authority) = &authority {
            record.asked_for(authority.clone());
        }
        let found = authority.and_then(|authority| {
            let lease = self.find(&request, &authority)?;
            Ok((authority, lease))
        });
        let (authority, target) = match found {
            Ok((authority, lease)) => {
                let target = Arc::clone(&lease.target);
                record.answered_by(Some(lease));
                (authority, target)
            }
            Err(fault) => {
                record.answered_by(None);
                return Err(fault);
            }
        };

        let (mut head, body) = request.into_parts();
        authority::settle(&mut head, authority)?;
        head.headers.insert(REQUEST_ID, record.request_id().clone());
        if let Some(trace) = record.trace() {
            head.extensions.insert(trace.clone());
        }
        let (body, intake) = self.bodies.admit(body)?;
        let call = call(target.as_ref(), Request::from_parts(head, body));
        let response = match intake {
            None => call.await?,
            Some(intake) => {
                record.takes_in(Arc::clone(&intake));
                intake.watch(call).await?
            }
        };
        if response.status().is_informational() {
            return Err(faults::not_final(response.status()));
        }
        Ok(response)
    }

    /// Who answers a request.
    fn find(&self, request: &Request<Incoming>, authority: &Authority) -> Result<Lease, Fault> {
        if request.method() == Method::CONNECT {
            return Err(faults::no_tunnels());
        }
        // The authority was checked, so its host has a normal form.
        let host = hostname::normalise(authority.host()).unwrap_or_default();
        let path = request.uri().path();
        self.routes.find(&host, path).map_err(|miss| {
            let served = self.verbose_not_found.then(|| self.routes.patterns());
            faults::no_route(miss, &host, path, served)
        })
    }
}

/// Calls the target; a panic in it is a fault like any other.
async fn call(target: &dyn Target, request: Request<Body>) -> Result<Response<Body>, Fault> {
    // Nothing of ours is shared with the target across the unwind.
    let called = AssertUnwindSafe(async { target.call(request).await }).catch_unwind();
    called.await.unwrap_or_else(|panic| {
        let text = panic_text(panic.as_ref());
        Err(faults::panicked(format!("the target panicked: {text}")))
    })
}

/// The body to send: none where HTTP allows none, so that both protocol versions agree.
fn sendable(method: &Method, head: &mut http::response::Parts, body: Body) -> Option<Body> {
    match head.status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT => {
            // A length here would make a client wait for what never comes.
            head.headers.remove(CONTENT_LENGTH);
            return None;
        }
        StatusCode::NOT_MODIFIED => return None,
        _ if *method != Method::HEAD => return Some(body),
        _ => {}
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
