//! One message to a collector and its answer: by gRPC, which is a POST with a frame round the message and its status at the
//! end, or by plain HTTP.

use std::io::Write;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER, TE, USER_AGENT,
};
use http::{HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};

use super::connect::Sender;
use super::message;
use crate::config::{Destination, Protocol};

/// Bytes of an answer that are read. It says how many items were refused, and why.
const ANSWER_BYTES: usize = 64 << 10;

const AGENT: HeaderValue = HeaderValue::from_static(concat!(
    "OTel-OTLP-Exporter-weft/",
    env!("CARGO_PKG_VERSION")
));
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// A flag and the length of what follows.
const FRAME: usize = 5;

/// What a collector answers.
pub(super) enum Answer {
    /// It has the message. Its own message comes with it.
    Taken(Bytes),
    /// It does not want it, now or later.
    Refused(String),
    /// It may want it later.
    Again {
        after: Option<Duration>,
        why: String,
    },
}

/// The body in which a message is sent.
pub(super) fn body(destination: &Destination, message: &Bytes) -> Bytes {
    let packed = destination.gzip.then(|| gzip(message)).flatten();
    let (flag, content) = match packed {
        Some(packed) => (1, packed),
        None => (0, message.clone()),
    };
    match destination.protocol {
        Protocol::Http => content,
        Protocol::Grpc => {
            let mut framed = BytesMut::with_capacity(content.len().saturating_add(FRAME));
            framed.put_u8(flag);
            framed.put_u32(u32::try_from(content.len()).unwrap_or(u32::MAX));
            framed.extend_from_slice(&content);
            framed.freeze()
        }
    }
}

fn gzip(message: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(message).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

pub(super) async fn grpc(
    sender: &mut Sender,
    destination: &Destination,
    uri: Uri,
    body: Bytes,
) -> Result<Answer, String> {
    let mut request = request(destination, uri, body);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if destination.gzip {
        headers.insert(GRPC_ENCODING, HeaderValue::from_static("gzip"));
    }
    let response = sender.send(request).await?;
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Ok(by_status(head.status, &head.headers, Bytes::new()));
    }
    // A failure may come without a body, in the head.
    if head.headers.contains_key(&GRPC_STATUS) {
        return Ok(by_trailers(&head.headers, Bytes::new()));
    }
    let body = Limited::new(body, ANSWER_BYTES).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    let mut message = body.to_bytes();
    if message.len() >= FRAME {
        message = message.slice(FRAME..);
    }
    Ok(by_trailers(&trailers, message))
}

pub(super) async fn http(
    sender: &mut Sender,
    destination: &Destination,
    body: Bytes,
) -> Result<Answer, String> {
    let endpoint = &destination.endpoint;
    let path = endpoint.path_and_query().map_or("/", |path| path.as_str());
    let uri = path
        .parse()
        .map_err(|error| format!("the endpoint's path: {error}"))?;
    let mut request = request(destination, uri, body);
    let headers = request.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-protobuf"),
    );
    if destination.gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let authority = endpoint
        .authority()
        .map_or("", |authority| authority.as_str());
    if let Ok(host) = HeaderValue::from_str(authority) {
        headers.insert(HOST, host);
    }
    let (head, body) = sender.send(request).await?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
    Ok(by_status(head.status, &head.headers, body.to_bytes()))
}

fn request(destination: &Destination, uri: Uri, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, AGENT);
    for (name, value) in &destination.headers {
        headers.insert(name.clone(), value.clone());
    }
    request
}

/// What the status of HTTP means to OTLP.
fn by_status(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Answer {
    if status.is_success() {
        return Answer::Taken(body);
    }
    let said = message::text(&body);
    let why = match said.as_str() {
        "" => format!("status {}", status.as_u16()),
        said => format!("status {}: {said}", status.as_u16()),
    };
    if !matches!(status.as_u16(), 429 | 502 | 503 | 504) {
        return Answer::Refused(why);
    }
    let after = headers
        .get(RETRY_AFTER)
        .and_then(|after| after.to_str().ok());
    let after = after.and_then(|after| after.trim().parse().ok());
    Answer::Again {
        after: after.map(Duration::from_secs),
        why,
    }
}

/// What the status of gRPC means to OTLP.
fn by_trailers(trailers: &HeaderMap, message: Bytes) -> Answer {
    let text = |name: &HeaderName| {
        let value = trailers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let code = text(&GRPC_STATUS);
    let after = message::retry_delay(&text(&GRPC_DETAILS));
    let why = || {
        format!(
            "gRPC status {code}: {}",
            message::unescape(&text(&GRPC_MESSAGE))
        )
    };
    match code.as_str() {
        "0" => Answer::Taken(message),
        // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS
        "1" | "4" | "10" | "11" | "14" | "15" => Answer::Again { after, why: why() },
        // RESOURCE_EXHAUSTED, which passes only if the collector says when.
        "8" if after.is_some() => Answer::Again { after, why: why() },
        "" => Answer::Again {
            after: None,
            why: "the answer has no gRPC status".to_owned(),
        },
        _ => Answer::Refused(why()),
    }
}
