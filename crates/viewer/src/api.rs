//! What the page asks for, as JSON. Ids are hexadecimal; times are milliseconds since 1970, or microseconds from the start
//! of a trace, so that a double holds them.
//!
//! | Path | What |
//! |---|---|
//! | `GET /api/state` | how much there is, and of whom |
//! | `GET /api/traces` | traces: `service`, `q`, `failed=1`, `least` (ms), `limit` |
//! | `GET /api/traces/ID` | one trace: its waterfall and its log lines; `span` is the one to show all of |
//! | `GET /api/logs` | lines: `after`, `service`, `level`, `q`, `trace`, `limit` |
//! | `GET /api/metrics` | instruments and their lines: `service`, `q` |
//! | `GET /api/workloads` | what processes say of their workloads; `POST` says so |
//! | `GET /api/events` | server-sent events: what has changed |
//! | `POST /api/clear` | forgets traces, logs and metrics |

mod events;
mod shown;

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::Serialize;

use crate::intake::Intake;
use crate::server::{Answer, full, not_allowed, words};
use crate::store::Store;
use crate::store::logs::LEVELS;
use crate::store::traces::{SpanId, TraceId, span_id, trace_id};
use crate::store::workloads::{REPORT_MAX, Report};
use shown::{Instruments, Lines, State, Summaries, Told, Whole};

/// Traces, or lines, of one answer.
const LIMIT_MAX: usize = 2_000;
const LIMIT: usize = 200;

/// What a query asks for.
#[derive(Debug)]
struct Query {
    service: Option<String>,
    /// In lower case.
    text: String,
    failed: bool,
    /// Nanoseconds.
    least: u64,
    /// The lowest level, as a place in the list.
    level: usize,
    trace: Option<TraceId>,
    /// The span of a trace that is looked at.
    span: Option<SpanId>,
    after: u64,
    limit: usize,
}

pub(crate) async fn answer(
    store: &Arc<Store>,
    intake: &Intake,
    request: Request<Incoming>,
) -> Answer {
    let path = request.uri().path();
    if request.method() == Method::POST {
        return match path {
            "/api/workloads" => report(store, intake, request).await,
            "/api/clear" => {
                store.clear();
                json(&true)
            }
            _ => not_allowed("GET"),
        };
    }
    if request.method() != Method::GET {
        return not_allowed("GET");
    }
    let query = Query::of(request.uri().query().unwrap_or_default());
    match path {
        "/api/state" => json(&State::of(store)),
        "/api/traces" => json(&Summaries::of(store, &query)),
        "/api/logs" => json(&Lines::of(store, &query)),
        "/api/metrics" => json(&Instruments::of(store, &query)),
        "/api/workloads" => json(&Told::of(store)),
        "/api/events" => events::answer(store),
        _ => {
            let id = path.strip_prefix("/api/traces/").and_then(unhex);
            match id.and_then(|id| Whole::of(store, &id, &query)) {
                Some(trace) => json(&trace),
                None => words(StatusCode::NOT_FOUND, "there is nothing under this name"),
            }
        }
    }
}

/// Takes what another process says of its workloads.
async fn report(store: &Store, intake: &Intake, request: Request<Incoming>) -> Answer {
    let said = request.headers().get(CONTENT_TYPE);
    if said.is_none_or(|said| said.as_bytes() != b"application/json") {
        return words(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type must be application/json",
        );
    }
    let Ok(body) = intake.whole(request.into_body(), REPORT_MAX + 4096).await else {
        return words(
            StatusCode::BAD_REQUEST,
            "the report is too large or did not arrive",
        );
    };
    match serde_json::from_slice::<Report>(body.bytes()) {
        Ok(report) => {
            store.report(report);
            json(&true)
        }
        Err(error) => words(
            StatusCode::BAD_REQUEST,
            &format!("this is no report: {error}"),
        ),
    }
}

fn json(value: &impl Serialize) -> Answer {
    // Strings, numbers and lists of them always serialise.
    let mut response = Response::new(full(serde_json::to_vec(value).unwrap_or_default()));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

impl Query {
    /// What is not understood counts as not asked for.
    fn of(query: &str) -> Self {
        let mut asked = Self {
            service: None,
            text: String::new(),
            failed: false,
            least: 0,
            level: 0,
            trace: None,
            span: None,
            after: 0,
            limit: LIMIT,
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "service" if !value.is_empty() => asked.service = Some(value.into_owned()),
                "q" => asked.text = value.trim().to_lowercase(),
                "failed" => asked.failed = value == "1",
                "least" => {
                    let millis: f64 = value.parse().unwrap_or(0.0);
                    asked.least = std::time::Duration::try_from_secs_f64(millis / 1e3)
                        .map_or(0, |least| {
                            u64::try_from(least.as_nanos()).unwrap_or(u64::MAX)
                        });
                }
                "level" => {
                    let level = LEVELS.iter().position(|level| *level == value);
                    asked.level = level.unwrap_or(0);
                }
                "trace" => asked.trace = unhex(&value),
                "span" => asked.span = bytes_of(&value).and_then(|id: SpanId| span_id(&id)),
                "after" => asked.after = value.parse().unwrap_or(0),
                "limit" => asked.limit = value.parse().unwrap_or(LIMIT).min(LIMIT_MAX),
                _ => {}
            }
        }
        asked
    }
}

/// Bytes as hexadecimal text.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of a trace.
fn unhex(text: &str) -> Option<TraceId> {
    bytes_of(text).and_then(|id: TraceId| trace_id(&id))
}

/// Bytes of hexadecimal text, if there are so many.
fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, index) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(index..index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
