//! OTLP: over HTTP as protobuf or JSON at `/v1/{traces,logs,metrics}`, and over gRPC. Both may be compressed with gzip.
//!
//! A message is bounded before and after it is decompressed, and in how many things it has: an empty span is two bytes on
//! the wire and hundreds in memory. One message is read at a time, so what is in memory between is bounded, too.

mod arrival;
mod grpc;
mod size;

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Body;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::sync::Mutex;

use self::arrival::{Room, Whole};
use crate::server::{Answer, full};
use crate::store::Store;

/// Bytes of a message, compressed and not. What receivers of OTLP over gRPC usually take.
pub(crate) const MESSAGE_MAX: usize = 4 << 20;
/// The same with what gRPC puts before it.
const FRAME_MAX: usize = MESSAGE_MAX + 5;

/// Takes what is sent.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// What may arrive at the same time.
    room: Room,
    /// Held while a message is read into memory.
    turn: Mutex<()>,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Logs,
    Metrics,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Protobuf,
    Json,
}

/// Why a message was not taken. The words are for whoever sent it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    TooLarge,
    Slow,
    Busy,
    Broken(String),
    Unsupported(&'static str),
}

/// A request for this module; none if the path is of another one.
pub(crate) fn route(method: &Method, path: &str) -> Option<(Signal, bool)> {
    let http = match path {
        "/v1/traces" => Some(Signal::Traces),
        "/v1/logs" => Some(Signal::Logs),
        "/v1/metrics" => Some(Signal::Metrics),
        _ => None,
    };
    let signal = http.or_else(|| grpc::signal(path))?;
    (method == Method::POST).then_some((signal, http.is_none()))
}

impl Intake {
    /// The whole of a body of at most so many bytes, within the time for it and the room for all that arrive.
    pub(crate) async fn whole<B>(&self, body: B, max: usize) -> Result<Whole<'_>, Problem>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        arrival::whole(&self.room, body, max).await
    }

    /// Answers a request that `route` knows.
    pub(crate) async fn answer<B>(
        &self,
        store: &Store,
        request: Request<B>,
        (signal, is_grpc): (Signal, bool),
    ) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        if is_grpc {
            let taken = self.grpc(store, &head.headers, body, signal).await;
            return grpc::answer(taken);
        }
        let form = form(&head.headers);
        match self.http(store, &head.headers, body, signal).await {
            Ok(()) => accepted(signal, form.unwrap_or(Form::Protobuf)),
            Err(problem) => problem.answer(),
        }
    }

    async fn http<B>(
        &self,
        store: &Store,
        headers: &HeaderMap,
        body: B,
        signal: Signal,
    ) -> Result<(), Problem>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let form = form(headers)?;
        let zipped = zipped(headers)?;
        let arrived = self.whole(body, FRAME_MAX).await?;
        let _turn = self.turn.lock().await;
        match zipped {
            true => take(store, signal, form, &unzip(arrived.bytes())?),
            false => take(store, signal, form, arrived.bytes()),
        }
    }

    async fn grpc<B>(
        &self,
        store: &Store,
        headers: &HeaderMap,
        body: B,
        signal: Signal,
    ) -> Result<(), Problem>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let encoding = grpc::encoding(headers)?;
        let arrived = self.whole(body, FRAME_MAX).await?;
        let (compressed, bytes) = grpc::message(arrived.bytes())?;
        let _turn = self.turn.lock().await;
        let bytes = match (compressed, encoding) {
            (false, _) => bytes,
            (true, grpc::Encoding::Gzip) => unzip(&bytes)?,
            (true, grpc::Encoding::Identity) => {
                return Err(Problem::Broken(
                    "a compressed message without grpc-encoding".to_owned(),
                ));
            }
        };
        take(store, signal, Form::Protobuf, &bytes)
    }
}

/// Reads a message and gives it to the store.
fn take(store: &Store, signal: Signal, form: Form, bytes: &[u8]) -> Result<(), Problem> {
    let fits = match form {
        Form::Protobuf => size::protobuf_fits(signal, bytes),
        Form::Json => size::json_fits(bytes),
    };
    if !fits {
        return Err(Problem::TooLarge);
    }
    match signal {
        Signal::Traces => store.spans(decode::<ExportTraceServiceRequest>(form, bytes)?),
        Signal::Logs => store.logs(decode::<ExportLogsServiceRequest>(form, bytes)?),
        Signal::Metrics => store.metrics(decode::<ExportMetricsServiceRequest>(form, bytes)?),
    }
    Ok(())
}

fn decode<T>(form: Form, bytes: &[u8]) -> Result<T, Problem>
where
    T: Message + Default + serde::de::DeserializeOwned,
{
    let broken = |error: &dyn std::fmt::Display| Problem::Broken(error.to_string());
    match form {
        Form::Protobuf => T::decode(bytes).map_err(|error| broken(&error)),
        Form::Json => serde_json::from_slice(bytes).map_err(|error| broken(&error)),
    }
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let said = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let said = said
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    match said.trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" => Ok(Form::Protobuf),
        "application/json" => Ok(Form::Json),
        // Also what keeps pages of others out: a browser asks before it sends one of the above.
        _ => Err(Problem::Unsupported(
            "the content type must be application/x-protobuf or application/json",
        )),
    }
}

fn zipped(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity" | b"") => Ok(false),
        Some(b"gzip") => Ok(true),
        Some(_) => Err(Problem::Unsupported(
            "the content encoding must be gzip, or none",
        )),
    }
}

fn unzip(bytes: &[u8]) -> Result<Bytes, Problem> {
    let mut whole = Vec::new();
    let limit = u64::try_from(MESSAGE_MAX).unwrap_or(u64::MAX);
    let mut reader = MultiGzDecoder::new(bytes).take(limit.saturating_add(1));
    let read = reader.read_to_end(&mut whole);
    read.map_err(|error| Problem::Broken(format!("gzip: {error}")))?;
    match whole.len() > MESSAGE_MAX {
        true => Err(Problem::TooLarge),
        false => Ok(whole.into()),
    }
}

/// All of it was taken.
fn accepted(signal: Signal, form: Form) -> Answer {
    let body = match (form, signal) {
        (Form::Json, _) => b"{}".to_vec(),
        (Form::Protobuf, Signal::Traces) => ExportTraceServiceResponse::default().encode_to_vec(),
        (Form::Protobuf, Signal::Logs) => ExportLogsServiceResponse::default().encode_to_vec(),
        (Form::Protobuf, Signal::Metrics) => {
            ExportMetricsServiceResponse::default().encode_to_vec()
        }
    };
    let content_type = match form {
        Form::Json => "application/json",
        Form::Protobuf => "application/x-protobuf",
    };
    let mut response = Response::new(full(body));
    let content_type = http::HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

impl Problem {
    fn words(&self) -> String {
        match self {
            Self::TooLarge => {
                format!(
                    "a message may have {MESSAGE_MAX} bytes and 50000 parts; send smaller batches"
                )
            }
            Self::Slow => "the message did not arrive in time".to_owned(),
            Self::Busy => "too much arrives at the same time; try again".to_owned(),
            Self::Broken(why) => format!("this is no message of OTLP: {why}"),
            Self::Unsupported(why) => (*why).to_owned(),
        }
    }

    fn answer(&self) -> Answer {
        let status = match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        };
        crate::server::words(status, &self.words())
    }
}
