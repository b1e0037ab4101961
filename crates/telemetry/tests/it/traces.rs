//! What a trace consists of: parents, limits, and what is not recorded.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use weft_telemetry::limits::SPANS_PER_REQUEST;
use weft_telemetry::proto::collector::logs::v1::ExportLogsServiceRequest;
use weft_telemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use weft_telemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use weft_telemetry::sampler::{Root, Sampler};
use weft_telemetry::span::SpanKind;
use weft_telemetry::stats::SignalKind;
use weft_telemetry::{Measure, Protocol, Receiver, Resource, Trace};
use weft_testkit::collector::{Collector, Manner, shown};
use weft_testkit::until;

use crate::support::{SOON, config, headers, request, running};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct Measured;

impl Measure for Measured {
    fn cpu(&self) -> Option<Duration> {
        Some(Duration::from_micros(7))
    }

    fn memory(&self) -> u64 {
        65_536
    }
}

#[tokio::test]
async fn a_request_joins_the_trace_that_it_came_with_and_says_what_it_cost() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    let came = headers(&[
        ("traceparent", PARENT),
        ("tracestate", "rojo=1"),
        ("baggage", "a=b"),
    ]);
    let trace = Trace::begin(&telemetry, &came, Instant::now());
    trace.answered_by(&Resource::new([("service.name", "shop")]));
    trace.queued(Duration::from_millis(3));
    trace.measured_by(Arc::new(Measured));
    let mut call = trace
        .span("call", SpanKind::Client)
        .expect("it is recorded");
    call.set("n", 5_i64);
    call.fail("no answer");
    let mut goes = headers(&[]);
    trace.inject(call.context(), &mut goes);
    let passed_on = format!(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01",
        call.context().span
    );
    assert_eq!(goes["traceparent"], passed_on.as_str());
    assert_eq!(
        (&goes["tracestate"], &goes["baggage"]),
        (&came["tracestate"], &came["baggage"])
    );
    drop(call);
    trace.end(
        "GET",
        SpanKind::Server,
        vec![("http.response.status_code", 200_u16.into())],
        None,
    );

    let (server, call) = (collector.span("GET").await, collector.span("call").await);
    assert_eq!(
        server.it.parent_span_id,
        [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]
    );
    // Sampled, and a parent that is known to be elsewhere; the call's is known to be here.
    assert_eq!((server.it.flags, call.it.flags), (0x301, 0x101));
    assert_eq!(server.it.trace_state, "rojo=1");
    assert!(call.is_child_of(&server));
    for span in [&server, &call] {
        assert_eq!(span.resource("service.name"), "shop");
    }
    assert_eq!(
        call.it
            .status
            .as_ref()
            .map(|status| status.message.as_str()),
        Some("no answer")
    );
    assert_eq!(call.attribute("n"), "5");
    assert_eq!(server.attribute("weft.queue.time_ns"), "3000000");
    assert_eq!(server.attribute("weft.cpu.time_ns"), "7000");
    assert_eq!(server.attribute("weft.memory.peak_bytes"), "65536");
    assert!(server.it.start_time_unix_nano <= call.it.start_time_unix_nano);
    assert!(call.it.end_time_unix_nano <= server.it.end_time_unix_nano);
}

#[tokio::test]
async fn what_is_not_recorded_is_passed_on_as_that_and_not_sent() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = config(&collector.url(), Protocol::Grpc);
    config.sampler = Sampler::ParentBased(Root::AlwaysOff);
    let telemetry = running(config);
    let trace = request(&telemetry, "unrecorded");
    assert!(trace.span("child", SpanKind::Internal).is_none());
    let mut goes = headers(&[]);
    trace.inject(trace.context(), &mut goes);
    assert_eq!(goes["traceparent"], trace.context().traceparent().as_str());
    assert!(trace.context().traceparent().ends_with("-00"));
    let recorded = Trace::begin(
        &telemetry,
        &headers(&[("traceparent", PARENT)]),
        Instant::now(),
    );
    recorded.end("recorded", SpanKind::Server, Vec::new(), None);
    telemetry.shutdown(SOON).await;
    let names: Vec<_> = collector
        .received()
        .spans
        .into_iter()
        .map(|span| span.it.name)
        .collect();
    assert_eq!(names, ["recorded"]);
}

#[tokio::test]
async fn a_request_has_a_bounded_number_of_spans() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    let trace = Trace::start(&telemetry);
    for _ in 0..100_000 {
        drop(trace.span("wasi.config.get", SpanKind::Internal));
    }
    trace.end("GET", SpanKind::Server, Vec::new(), None);
    telemetry.shutdown(SOON).await;
    let spans = collector.received().spans;
    assert_eq!(spans.len(), SPANS_PER_REQUEST as usize + 1);
    let server = spans
        .iter()
        .find(|span| span.it.name == "GET")
        .expect("it is there");
    let unmade = 100_000 - SPANS_PER_REQUEST;
    assert_eq!(server.attribute("weft.spans.dropped"), unmade.to_string());
}

#[tokio::test]
async fn a_thousand_different_values_leave_nothing_behind() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    for n in 0..1_000 {
        let trace = Trace::start(&telemetry);
        let name = Cow::Owned(format!("name {n}"));
        trace.end(
            name,
            SpanKind::Server,
            vec![("label", n.to_string().into())],
            None,
        );
        // As workloads come and go.
        let resource = Resource::new([("service.name", format!("service {n}"))]);
        telemetry.knows(&format!("t/w{n}"), &resource);
        telemetry.forgets(&format!("t/w{n}"), &resource);
    }
    let spans = collector.spans(1_000).await;
    let labels: std::collections::BTreeSet<_> = spans
        .iter()
        .map(|span| shown(&span.it.attributes, "label"))
        .collect();
    assert_eq!(labels.len(), 1_000);
    until(|| telemetry.stats().of(SignalKind::Traces).waiting() == 0).await;
}

#[derive(Default)]
struct Viewer(Mutex<Vec<String>>);

impl Receiver for Viewer {
    fn spans(&self, request: ExportTraceServiceRequest) {
        let spans = request
            .resource_spans
            .into_iter()
            .flat_map(|of| of.scope_spans);
        let names = spans.flat_map(|of| of.spans).map(|span| span.name);
        self.0.lock().expect("no panic").extend(names);
    }

    fn metrics(&self, _: ExportMetricsServiceRequest) {}

    fn logs(&self, _: ExportLogsServiceRequest) {}
}

#[tokio::test]
async fn somebody_in_this_process_gets_the_same_with_or_without_a_collector() {
    let collector = Collector::start(Manner::Takes).await;
    for with in [true, false] {
        let viewer = Arc::<Viewer>::default();
        let mut config = match with {
            true => config(&collector.url(), Protocol::Grpc),
            false => weft_telemetry::Config::new(Resource::new([("a", "b")])),
        };
        config.receiver = Some(Arc::clone(&viewer) as Arc<dyn Receiver>);
        let telemetry = running(config);
        request(&telemetry, "seen twice");
        until(|| viewer.0.lock().expect("no panic").as_slice() == ["seen twice"]).await;
        if with {
            collector.span("seen twice").await;
        }
    }
}
