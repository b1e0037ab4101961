//! As much of gRPC as a unary call needs: a message has five bytes before it, and the outcome is in trailers.

use bytes::{Buf, Bytes};
use futures::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use super::{MESSAGE_MAX, Problem, Signal};
use crate::server::{Answer, full};

const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
/// An answer has no fields that matter: no compression, no bytes.
const EMPTY: [u8; 5] = [0; 5];

/// How messages are compressed that say that they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
}

/// What a method takes.
pub(super) fn signal(path: &str) -> Option<Signal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Signal::Traces),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        _ => None,
    }
}

/// How compressed messages of this call are compressed.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let said = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !matches!(said, Some("application/grpc" | "application/grpc+proto")) {
        return Err(Problem::Unsupported(
            "the content type must be application/grpc",
        ));
    }
    match headers.get("grpc-encoding").map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(Encoding::Identity),
        Some(b"gzip") => Ok(Encoding::Gzip),
        Some(_) => Err(Problem::Unsupported(
            "messages may be compressed with gzip only",
        )),
    }
}

/// The one message of a call, and whether it is compressed.
pub(super) fn message(frame: &Bytes) -> Result<(bool, Bytes), Problem> {
    let mut rest = frame.clone();
    let broken = |why: &str| Problem::Broken(why.to_owned());
    if rest.len() < EMPTY.len() {
        return Err(broken("there is no message"));
    }
    let compressed = match rest.get_u8() {
        0 => false,
        1 => true,
        _ => return Err(broken("a message is compressed or not")),
    };
    let length = usize::try_from(rest.get_u32()).unwrap_or(usize::MAX);
    if length > MESSAGE_MAX {
        return Err(Problem::TooLarge);
    }
    match rest.len() == length {
        true => Ok((compressed, rest)),
        false => Err(broken("there must be one whole message")),
    }
}

/// The answer to a call.
pub(super) fn answer(taken: Result<(), Problem>) -> Answer {
    let mut response = Response::new(match &taken {
        Ok(()) => {
            let mut trailers = HeaderMap::new();
            trailers.insert(STATUS, HeaderValue::from_static("0"));
            let frames = [
                Frame::data(Bytes::from_static(&EMPTY)),
                Frame::trailers(trailers),
            ];
            StreamBody::new(stream::iter(frames.map(Ok))).boxed_unsync()
        }
        Err(_) => full(Bytes::new()),
    });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Err(problem) = taken {
        // Numbers of the standard: invalid argument, deadline exceeded, resource exhausted, unimplemented,
        // unavailable.
        let status = match problem {
            Problem::Broken(_) => "3",
            Problem::Slow => "4",
            Problem::TooLarge => "8",
            Problem::Busy => "14",
            Problem::Unsupported(_) => "12",
        };
        headers.insert(STATUS, HeaderValue::from_static(status));
        let words = problem.words();
        let plain = words.chars().map(|c| {
            if (' '..'\x7f').contains(&c) && c != '%' {
                c
            } else {
                '?'
            }
        });
        if let Ok(words) = HeaderValue::from_str(&plain.collect::<String>()) {
            headers.insert(MESSAGE, words);
        }
    }
    response
}
