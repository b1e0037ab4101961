//! A collector for OTLP, by gRPC (tonic's server) and by HTTP on the same port, which keeps what it is sent and answers as
//! the test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
pub use opentelemetry_proto::tonic as proto;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tonic::codec::CompressionEncoding;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use crate::within;

/// How a collector answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes everything.
    Takes,
    /// It takes everything but so many spans of each batch.
    TakesBut(i64),
    /// It wants nothing.
    Refuses,
    /// It is too busy for so many messages, then takes everything.
    Busy(usize),
    /// It never answers.
    Silent,
}

/// A collector on a free port. Dropping it closes the port and every connection.
pub struct Collector {
    /// Where it listens.
    pub addr: SocketAddr,
    books: Arc<Books>,
    accepting: JoinHandle<()>,
}

/// What a collector was sent.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Spans.
    pub spans: Vec<Of<Span>>,
    /// Metrics.
    pub metrics: Vec<Of<Metric>>,
    /// Log records.
    pub logs: Vec<Of<LogRecord>>,
    /// The headers of each message.
    pub headers: Vec<HeaderMap>,
}

/// Something that was received, and what was said of where it is from.
#[derive(Clone, Debug)]
pub struct Of<T> {
    /// Attributes of the resource.
    pub resource: Vec<KeyValue>,
    /// The library that made it.
    pub scope: InstrumentationScope,
    /// The thing itself.
    pub it: T,
}

struct Books {
    manner: Mutex<Manner>,
    received: Mutex<Received>,
    more: Notify,
}

impl Collector {
    /// Starts one.
    pub async fn start(manner: Manner) -> Self {
        Self::start_at("127.0.0.1:0", manner).await
    }

    /// Starts one at an address.
    pub async fn start_at(addr: &str, manner: Manner) -> Self {
        // The one before it at this address may be about to close its port.
        let listener = within(async {
            loop {
                match TcpListener::bind(addr).await {
                    Ok(listener) => return listener,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })
        .await;
        let addr = listener.local_addr().expect("a listener has an address");
        let books = Arc::new(Books {
            manner: Mutex::new(manner),
            received: Mutex::default(),
            more: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&books)));
        Self {
            addr,
            books,
            accepting,
        }
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Answers otherwise from now on.
    pub fn turn(&self, manner: Manner) {
        *lock(&self.books.manner) = manner;
    }

    /// What was received so far.
    pub fn received(&self) -> Received {
        lock(&self.books.received).clone()
    }

    /// Waits for something that may have been received already.
    pub async fn wait_for<T>(&self, wanted: impl Fn(&Received) -> Option<T>) -> T {
        within(async {
            loop {
                let more = self.books.more.notified();
                if let Some(found) = wanted(&self.received()) {
                    return found;
                }
                more.await;
            }
        })
        .await
    }

    /// Waits for a span with this name.
    pub async fn span(&self, name: &str) -> Of<Span> {
        self.wait_for(|all| all.spans.iter().find(|span| span.it.name == name).cloned())
            .await
    }

    /// Waits for so many spans.
    pub async fn spans(&self, count: usize) -> Vec<Of<Span>> {
        self.wait_for(|all| (all.spans.len() >= count).then(|| all.spans.clone()))
            .await
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl<T> Of<T> {
    /// A text attribute of its resource; empty if it has none.
    pub fn resource(&self, key: &str) -> &str {
        text(&self.resource, key)
    }
}

impl Of<Span> {
    /// An attribute of the span, as text; empty if it has none.
    pub fn attribute(&self, key: &str) -> String {
        shown(&self.it.attributes, key)
    }

    /// Whether it is right below another span.
    pub fn is_child_of(&self, other: &Self) -> bool {
        self.it.trace_id == other.it.trace_id && self.it.parent_span_id == other.it.span_id
    }
}

impl Of<LogRecord> {
    /// An attribute of the record, as text; empty if it has none.
    pub fn attribute(&self, key: &str) -> String {
        shown(&self.it.attributes, key)
    }

    /// What it says.
    pub fn body(&self) -> &str {
        match self.it.body.as_ref().and_then(|body| body.value.as_ref()) {
            Some(Value::StringValue(text)) => text,
            _ => "",
        }
    }
}

/// A text attribute; empty if there is none.
pub fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// An attribute as text; empty if there is none.
pub fn shown(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(so)) => so.to_string(),
        _ => String::new(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, books: Arc<Books>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let books = Arc::clone(&books);
        open.spawn(async move {
            let answer = service_fn(move |request| answer(request, Arc::clone(&books)));
            // A client that leaves early is part of some tests.
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    books: Arc<Books>,
) -> Result<Response<tonic::body::Body>, Status> {
    let manner = {
        let mut manner = lock(&books.manner);
        let now = *manner;
        if let Manner::Busy(times) = now {
            *manner = match times {
                0 | 1 => Manner::Takes,
                more => Manner::Busy(more - 1),
            };
        }
        now
    };
    if manner == Manner::Silent {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    let path = request.uri().path().to_owned();
    let kind = request.headers().get(CONTENT_TYPE).cloned();
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        let service = Service { books, manner };
        return Ok(match path.as_str() {
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => {
                unary::<ExportTraceServiceRequest, ExportTraceServiceResponse>(service, request)
                    .await
            }
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => {
                unary::<ExportMetricsServiceRequest, ExportMetricsServiceResponse>(service, request)
                    .await
            }
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => {
                unary::<ExportLogsServiceRequest, ExportLogsServiceResponse>(service, request).await
            }
            _ => Status::unimplemented("no such method").into_http(),
        });
    }
    let response = by_http(&path, request, &books, manner).await;
    Ok(response.map(tonic::body::Body::new))
}

async fn by_http(
    path: &str,
    request: Request<Incoming>,
    books: &Arc<Books>,
    manner: Manner,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return plain(StatusCode::BAD_REQUEST, "the body broke off");
    };
    let mut body = body.to_bytes();
    if head
        .headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "gzip")
    {
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut GzDecoder::new(body.as_ref()), &mut plain)
            .expect("the test sends sound gzip");
        body = plain.into();
    }
    match manner {
        Manner::Refuses => return plain(StatusCode::BAD_REQUEST, "not today"),
        Manner::Busy(_) => {
            let mut busy = plain(StatusCode::SERVICE_UNAVAILABLE, "busy");
            let soon = http::HeaderValue::from_static("0");
            busy.headers_mut().insert(http::header::RETRY_AFTER, soon);
            return busy;
        }
        Manner::Takes | Manner::TakesBut(_) | Manner::Silent => {}
    }
    let answer = match path {
        p if p.ends_with("/v1/traces") => {
            kept::<ExportTraceServiceRequest>(books, &head.headers, body, manner)
        }
        p if p.ends_with("/v1/metrics") => {
            kept::<ExportMetricsServiceRequest>(books, &head.headers, body, manner)
        }
        p if p.ends_with("/v1/logs") => {
            kept::<ExportLogsServiceRequest>(books, &head.headers, body, manner)
        }
        _ => return plain(StatusCode::NOT_FOUND, "no such path"),
    };
    Response::new(Full::new(answer))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

fn kept<R: Kept>(books: &Arc<Books>, headers: &HeaderMap, body: Bytes, manner: Manner) -> Bytes {
    let request = R::decode(body).expect("what is sent is sound");
    books.keep(headers, request);
    R::answer(manner).encode_to_vec().into()
}

/// A message that is kept, and what is answered to it.
trait Kept: Message + Default + Send + 'static {
    type Answer: Message + Default + Send + 'static;
    fn keep(self, in_: &mut Received);
    fn answer(manner: Manner) -> Self::Answer;
}

impl Books {
    fn keep(&self, headers: &HeaderMap, request: impl Kept) {
        let mut received = lock(&self.received);
        received.headers.push(headers.clone());
        request.keep(&mut received);
        drop(received);
        self.more.notify_waiters();
    }
}

impl Kept for ExportTraceServiceRequest {
    type Answer = ExportTraceServiceResponse;

    fn keep(self, in_: &mut Received) {
        for of in self.resource_spans {
            let resource = of.resource.unwrap_or_default().attributes;
            for of in of.scope_spans {
                let scope = of.scope.unwrap_or_default();
                in_.spans.extend(of.spans.into_iter().map(|it| Of {
                    resource: resource.clone(),
                    scope: scope.clone(),
                    it,
                }));
            }
        }
    }

    fn answer(manner: Manner) -> Self::Answer {
        let partial_success = match manner {
            Manner::TakesBut(rejected_spans) => Some(ExportTracePartialSuccess {
                rejected_spans,
                error_message: "not all of them".to_owned(),
            }),
            _ => None,
        };
        ExportTraceServiceResponse { partial_success }
    }
}

impl Kept for ExportMetricsServiceRequest {
    type Answer = ExportMetricsServiceResponse;

    fn keep(self, in_: &mut Received) {
        for of in self.resource_metrics {
            let resource = of.resource.unwrap_or_default().attributes;
            for of in of.scope_metrics {
                let scope = of.scope.unwrap_or_default();
                in_.metrics.extend(of.metrics.into_iter().map(|it| Of {
                    resource: resource.clone(),
                    scope: scope.clone(),
                    it,
                }));
            }
        }
    }

    fn answer(_: Manner) -> Self::Answer {
        ExportMetricsServiceResponse::default()
    }
}

impl Kept for ExportLogsServiceRequest {
    type Answer = ExportLogsServiceResponse;

    fn keep(self, in_: &mut Received) {
        for of in self.resource_logs {
            let resource = of.resource.unwrap_or_default().attributes;
            for of in of.scope_logs {
                let scope = of.scope.unwrap_or_default();
                in_.logs.extend(of.log_records.into_iter().map(|it| Of {
                    resource: resource.clone(),
                    scope: scope.clone(),
                    it,
                }));
            }
        }
    }

    fn answer(_: Manner) -> Self::Answer {
        ExportLogsServiceResponse::default()
    }
}

struct Service {
    books: Arc<Books>,
    manner: Manner,
}

impl<R: Kept> UnaryService<R> for Service {
    type Response = R::Answer;
    type Future = std::future::Ready<Result<tonic::Response<R::Answer>, Status>>;

    fn call(&mut self, request: tonic::Request<R>) -> Self::Future {
        let (metadata, _, message) = request.into_parts();
        std::future::ready(match self.manner {
            Manner::Refuses => Err(Status::new(Code::InvalidArgument, "not today")),
            Manner::Busy(_) => Err(Status::new(Code::Unavailable, "busy")),
            manner => {
                self.books.keep(&metadata.into_headers(), message);
                Ok(tonic::Response::new(R::answer(manner)))
            }
        })
    }
}

async fn unary<R, A>(service: Service, request: Request<Incoming>) -> Response<tonic::body::Body>
where
    R: Kept<Answer = A>,
    A: Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::<A, R>::default())
        .accept_compressed(CompressionEncoding::Gzip)
        .unary(service, request)
        .await
}
