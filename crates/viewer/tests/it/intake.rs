//! OTLP in all its forms.

use std::io::Write;
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::json;
use tokio::net::TcpStream;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::uri::PathAndQuery;

use crate::harness::Running;
use crate::sent::{failed, gauge, line, logs, point, span, spans, trace_hex};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An independent client of gRPC.
async fn export<I, O>(
    addr: SocketAddr,
    path: &'static str,
    message: I,
    gzip: bool,
) -> Result<O, tonic::Status>
where
    I: Message + Send + Sync + 'static,
    O: Message + Default + Send + Sync + 'static,
{
    let stream = TcpStream::connect(addr).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let origin = format!("http://{addr}").parse().unwrap();
    let mut client = tonic::client::Grpc::with_origin(Sender(sender), origin);
    if gzip {
        client = client.send_compressed(CompressionEncoding::Gzip);
    }
    let codec = tonic_prost::ProstCodec::<I, O>::default();
    let path = PathAndQuery::from_static(path);
    let answer = client
        .unary(tonic::Request::new(message), path, codec)
        .await?;
    Ok(answer.into_inner())
}

struct Sender(hyper::client::conn::http2::SendRequest<tonic::body::Body>);

impl tonic::codegen::Service<http::Request<tonic::body::Body>> for Sender {
    type Response = http::Response<hyper::body::Incoming>;
    type Error = hyper::Error;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, hyper::Error>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), hyper::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let mut sender = self.0.clone();
        Box::pin(async move {
            sender.ready().await?;
            sender.send_request(request).await
        })
    }
}

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

#[tokio::test(flavor = "multi_thread")]
async fn spans_logs_and_metrics_arrive_over_grpc_plain_and_zipped() {
    for gzip in [false, true] {
        let running = Running::start();
        let sent = spans("shop", vec![span(1, 1, 0, "GET /", 0, 10)]);
        let _: ExportTraceServiceResponse = export(running.addr, TRACES, sent, gzip).await.unwrap();
        let sent = logs("shop", vec![line(9, "hello", 1, 1)]);
        let _: ExportLogsServiceResponse = export(running.addr, LOGS, sent, gzip).await.unwrap();
        let sent = gauge("shop", "memory", vec![point(0, 7.0, vec![])]);
        let _: ExportMetricsServiceResponse =
            export(running.addr, METRICS, sent, gzip).await.unwrap();
        all_is_there(&running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_logs_and_metrics_arrive_over_http_as_protobuf_plain_and_zipped() {
    for zipped in [false, true] {
        let running = Running::start();
        for (path, bytes) in [
            (
                "/v1/traces",
                spans("shop", vec![span(1, 1, 0, "GET /", 0, 10)]).encode_to_vec(),
            ),
            (
                "/v1/logs",
                logs("shop", vec![line(9, "hello", 1, 1)]).encode_to_vec(),
            ),
            (
                "/v1/metrics",
                gauge("shop", "memory", vec![point(0, 7.0, vec![])]).encode_to_vec(),
            ),
        ] {
            let reply = match zipped {
                true => running.post(path, &[PROTOBUF, GZIP], zip(&bytes)).await,
                false => running.post(path, &[PROTOBUF], bytes).await,
            };
            assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{path}");
            assert_eq!(reply.headers["content-type"], "application/x-protobuf");
        }
        all_is_there(&running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_logs_and_metrics_arrive_over_http_as_json() {
    let running = Running::start();
    let resource =
        json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] });
    let id = trace_hex(1);
    let span = json!({
        "traceId": id, "spanId": "0000000000000001", "name": "GET /", "kind": 2,
        "startTimeUnixNano": "1794441600000000000", "endTimeUnixNano": "1794441600010000000",
    });
    let record = json!({
        "timeUnixNano": "1794441600005000000", "severityNumber": 9, "body": { "stringValue": "hello" },
        "traceId": id, "spanId": "0000000000000001",
    });
    let metric = json!({
        "name": "memory", "unit": "By",
        "gauge": { "dataPoints": [{ "timeUnixNano": "1794441600000000000", "asDouble": 7.0 }] },
    });
    for (path, message) in [
        (
            "/v1/traces",
            json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": [span] }] }] }),
        ),
        (
            "/v1/logs",
            json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": [record] }] }] }),
        ),
        (
            "/v1/metrics",
            json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [{ "metrics": [metric] }] }] }),
        ),
    ] {
        let reply = running
            .post(path, &[JSON], message.to_string().into_bytes())
            .await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "{}"), "{path}");
        assert_eq!(reply.headers["content-type"], "application/json");
    }
    all_is_there(&running).await;
}

async fn all_is_there(running: &Running) {
    let traces = running.get("/api/traces").await;
    assert_eq!(traces["traces"][0]["id"], trace_hex(1));
    assert_eq!(traces["traces"][0]["name"], "GET /");
    assert_eq!(traces["traces"][0]["micros"], 10_000.0);
    let trace = running.get(&format!("/api/traces/{}", trace_hex(1))).await;
    assert_eq!(trace["logs"][0]["body"], "hello");
    let lines = running.get("/api/logs").await;
    assert_eq!(lines["lines"][0]["level"], "info");
    assert_eq!(lines["lines"][0]["trace"], trace_hex(1));
    let metrics = running.get("/api/metrics").await;
    assert_eq!(metrics["instruments"][0]["name"], "memory");
    assert_eq!(metrics["instruments"][0]["series"][0]["last"], 7.0);
    let state = running.get("/api/state").await;
    assert_eq!(
        (&state["viewer"], &state["services"]),
        (&json!("weft"), &json!(["shop"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_refused_in_words_and_the_next_is_taken() {
    let running = Running::start();
    for (path, headers, bytes, status) in [
        ("/v1/traces", vec![PROTOBUF], b"\xff\xff\xff".to_vec(), 400),
        ("/v1/traces", vec![PROTOBUF], b"\x0a\x7f".to_vec(), 400),
        ("/v1/logs", vec![JSON], b"{".to_vec(), 400),
        ("/v1/logs", vec![JSON], b"7".to_vec(), 400),
        (
            "/v1/metrics",
            vec![JSON],
            "[".repeat(100_000).into_bytes(),
            400,
        ),
        (
            "/v1/metrics",
            vec![PROTOBUF, GZIP],
            b"no gzip".to_vec(),
            400,
        ),
        (
            "/v1/traces",
            vec![PROTOBUF, ("content-encoding", "br")],
            vec![],
            415,
        ),
        (
            "/v1/traces",
            vec![("content-type", "text/plain")],
            vec![],
            415,
        ),
        ("/v1/traces", vec![], vec![], 415),
        ("/v1/nothing", vec![PROTOBUF], vec![], 404),
        (
            TRACES,
            vec![("content-type", "application/grpc")],
            b"\x00\x00\x00".to_vec(),
            200,
        ),
        ("/api/workloads", vec![JSON], b"{}".to_vec(), 400),
        ("/api/workloads", vec![], b"{}".to_vec(), 415),
    ] {
        let reply = running.post(path, &headers, bytes).await;
        assert_eq!(reply.status, status, "{path} {headers:?}: {}", reply.text);
        if path == TRACES {
            assert_eq!(reply.headers["grpc-status"], "3");
        }
    }
    // Nested as deep as it goes.
    let mut deep = vec![0x0a, 0];
    for _ in 0..5_000 {
        let mut outer = vec![0x0a];
        let mut length = deep.len();
        while length >= 0x80 {
            outer.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.extend(&deep);
        deep = outer;
    }
    assert_ne!(
        running.post("/v1/traces", &[PROTOBUF], deep).await.status,
        500
    );
    let bytes = spans("shop", vec![span(1, 1, 0, "next", 0, 1)]).encode_to_vec();
    assert_eq!(
        running.post("/v1/traces", &[PROTOBUF], bytes).await.status,
        200
    );
    assert_eq!(running.get("/api/state").await["spans"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_also_after_it_was_unzipped() {
    let running = Running::start();
    let large = vec![0; 6 << 20];
    for (headers, bytes) in [
        (vec![PROTOBUF], large.clone()),
        (vec![PROTOBUF, GZIP], zip(&large)),
        (vec![JSON, GZIP], zip(&"{".repeat(500_000).into_bytes())),
        (vec![PROTOBUF], [0x0a, 0].repeat(100_000)),
    ] {
        let reply = running.post("/v1/traces", &headers, bytes).await;
        assert_eq!(reply.status, 413, "{headers:?}: {}", reply.text);
    }
    let sent = spans("shop", vec![span(1, 1, 0, &"x".repeat(5 << 20), 0, 1)]);
    for gzip in [false, true] {
        let refused =
            export::<_, ExportTraceServiceResponse>(running.addr, TRACES, sent.clone(), gzip).await;
        assert_eq!(refused.unwrap_err().code(), tonic::Code::ResourceExhausted);
    }
    let _: Result<ExportTraceServiceResponse, _> = export(running.addr, LOGS, sent, false).await;
    assert_eq!(running.get("/api/state").await["spans"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_comes_in_pieces_out_of_order_and_twice_is_one() {
    let running = Running::start();
    // The last first, its parent from another process later.
    running.store.spans(spans(
        "back",
        vec![failed(span(1, 3, 2, "query", 4, 9), "no table")],
    ));
    let early = running.get("/api/traces").await;
    assert_eq!(early["traces"][0]["complete"], false);
    running
        .store
        .spans(spans("middle", vec![span(1, 2, 1, "call", 2, 10)]));
    running
        .store
        .spans(spans("front", vec![span(1, 1, 0, "GET /", 0, 12)]));
    running
        .store
        .spans(spans("front", vec![span(1, 1, 0, "GET /", 0, 12)]));
    let trace = running.get(&format!("/api/traces/{}", trace_hex(1))).await;
    let rows: Vec<_> = trace["spans"].as_array().unwrap().iter().collect();
    let shape: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["depth"].as_u64().unwrap(),
                row["name"].as_str().unwrap(),
                row["micros"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            (0, "GET /", 12_000.0),
            (1, "call", 8_000.0),
            (2, "query", 5_000.0)
        ]
    );
    assert_eq!(rows[2]["start"], 4_000.0);
    assert_eq!(rows[2]["message"], "no table");
    let list = running.get("/api/traces").await;
    let summary = &list["traces"][0];
    assert_eq!(
        (&summary["spans"], &summary["failed"], &summary["complete"]),
        (&json!(3), &json!(1), &json!(true))
    );
    assert_eq!(
        summary["services"],
        json!({ "front": 1, "middle": 1, "back": 1 })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parents_in_a_circle_are_shown_once_each() {
    let running = Running::start();
    let circle = vec![
        span(1, 1, 2, "one", 0, 1),
        span(1, 2, 1, "two", 0, 2),
        span(1, 3, 3, "self", 5, 6),
    ];
    running.store.spans(spans("odd", circle));
    let trace = running.get(&format!("/api/traces/{}", trace_hex(1))).await;
    assert_eq!(trace["spans"].as_array().unwrap().len(), 3);
    assert_eq!(running.get("/api/traces").await["traces"][0]["spans"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_is_asked_for() {
    let running = Running::start();
    running
        .store
        .spans(spans("shop", vec![span(1, 1, 0, "GET /cart", 0, 10)]));
    running.store.spans(spans(
        "bank",
        vec![failed(span(2, 1, 0, "POST /pay", 0, 200), "declined")],
    ));
    let names = async |query: &str| {
        let traces = running.get(&format!("/api/traces?{query}")).await;
        let traces = traces["traces"].as_array().unwrap().clone();
        traces
            .iter()
            .map(|trace| trace["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["POST /pay", "GET /cart"]);
    assert_eq!(names("service=shop").await, ["GET /cart"]);
    assert_eq!(names("failed=1").await, ["POST /pay"]);
    assert_eq!(names("least=100").await, ["POST /pay"]);
    assert_eq!(names("q=DECLINED").await, ["POST /pay"]);
    assert_eq!(names(&format!("q={}", trace_hex(1))).await, ["GET /cart"]);
    assert_eq!(names("q=nothing").await, [""; 0]);
    assert_eq!(names("limit=1").await, ["POST /pay"]);
    running.store.logs(logs(
        "shop",
        vec![line(9, "one", 0, 0), line(17, "two", 1, 1)],
    ));
    let bodies = async |query: &str| {
        let lines = running.get(&format!("/api/logs?{query}")).await;
        let lines = lines["lines"].as_array().unwrap().clone();
        lines
            .iter()
            .map(|line| line["body"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies("").await, ["one", "two"]);
    assert_eq!(bodies("level=error").await, ["two"]);
    assert_eq!(bodies("after=1").await, ["two"]);
    assert_eq!(bodies("limit=1").await, ["two"]);
    assert_eq!(bodies(&format!("trace={}", trace_hex(1))).await, ["two"]);
    assert_eq!(bodies("q=ONE").await, ["one"]);
}
