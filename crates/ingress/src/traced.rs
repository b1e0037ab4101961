//! The span of a request: begun with what the client sent, ended with what became of it, in the words of OpenTelemetry's
//! conventions for HTTP servers.

use std::net::SocketAddr;
use std::time::Instant;

use http::uri::{Authority, Scheme};
use http::{Method, Request, Uri, Version};
use weft_api::fault::Blame;
use weft_telemetry::span::SpanKind;
use weft_telemetry::value::Value;
use weft_telemetry::{Resource, Telemetry, Trace};

use crate::observer::Outcome;

/// The trace of one request.
pub(crate) struct Traced {
    trace: Trace,
    secure: bool,
}

/// What is known of a request beside its outcome.
pub(crate) struct Facts<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) host: Option<&'a Authority>,
    pub(crate) peer: SocketAddr,
    pub(crate) id: &'a str,
    /// What went wrong, for the operator.
    pub(crate) detail: Option<&'a str>,
}

impl Traced {
    pub(crate) fn begin<B>(telemetry: &Telemetry, request: &Request<B>, now: Instant) -> Self {
        Self {
            trace: Trace::begin(telemetry, request.headers(), now),
            secure: request.extensions().get() == Some(&Scheme::HTTPS),
        }
    }

    /// What travels with the request.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The trace, if it is recorded: only then the log names it.
    pub(crate) fn recorded(&self) -> Option<&Trace> {
        Some(&self.trace).filter(|trace| trace.is_sampled())
    }

    /// Who answers.
    pub(crate) fn answered_by(&self, resource: Option<&Resource>) {
        if let Some(resource) = resource.filter(|_| self.trace.is_sampled()) {
            self.trace.answered_by(resource);
        }
    }

    /// The request is over.
    pub(crate) fn over(&self, outcome: &Outcome<'_>, facts: &Facts<'_>) {
        if !self.trace.is_sampled() {
            return;
        }
        let (method, original) = known(facts.method);
        let mut all: Vec<(&'static str, Value<'_>)> = Vec::with_capacity(20);
        all.push(("http.request.method", method.into()));
        if let Some(original) = original {
            all.push(("http.request.method_original", original.into()));
        }
        all.push((
            "url.scheme",
            if self.secure { "https" } else { "http" }.into(),
        ));
        all.push(("url.path", facts.uri.path().into()));
        if let Some(host) = facts.host {
            all.push(("server.address", host.host().into()));
            if let Some(port) = host.port_u16() {
                all.push(("server.port", port.into()));
            }
        }
        all.push(("client.address", facts.peer.ip().to_string().into()));
        all.push(("client.port", facts.peer.port().into()));
        all.push(("network.protocol.version", version(outcome.protocol).into()));
        all.push(("http.response.status_code", outcome.status.as_u16().into()));
        all.push(("http.request.body.size", outcome.request_bytes.into()));
        all.push(("http.response.body.size", outcome.response_bytes.into()));
        all.push(("weft.request.id", facts.id.into()));
        let failed = Self::failure(outcome, facts, &mut all);
        let name = if original.is_some() { "HTTP" } else { method };
        self.trace.end(name, SpanKind::Server, all, failed);
    }

    /// What went wrong, if it is an error of the server: what a client does wrong is none.
    fn failure<'a>(
        outcome: &'a Outcome<'_>,
        facts: &Facts<'_>,
        all: &mut Vec<(&'static str, Value<'a>)>,
    ) -> Option<String> {
        let server = outcome.status.is_server_error();
        let Some(code) = outcome.code else {
            if server {
                all.push(("error.type", outcome.status.as_str().into()));
            }
            // The guest answered so itself, and said why in the body.
            return server.then(String::new);
        };
        all.push(("error.type", code.into()));
        if let Some(cause) = outcome.cause {
            all.push(("weft.fault.reason", cause.into()));
        }
        if let Some(blame) = outcome.blame {
            all.push(("weft.fault.blame", blame.as_str().into()));
        }
        let ours = server || outcome.blame.is_some_and(|blame| blame != Blame::Network);
        ours.then(|| match facts.detail {
            Some(detail) => format!("{code}: {detail}"),
            None => code.to_owned(),
        })
    }
}

/// The methods that the conventions know; all others are one, so that nobody makes up values.
fn known(method: &Method) -> (&'static str, Option<&str>) {
    let name = match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        other => return ("_OTHER", Some(other)),
    };
    (name, None)
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}
