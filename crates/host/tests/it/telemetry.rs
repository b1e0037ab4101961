//! What a collector hears of a host: the trace of a request from the client to the server that its guest calls, what the
//! request cost, and metrics.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Request};
use weft_host::HostConfig;
use weft_telemetry::proto::metrics::v1::metric::Data;
use weft_telemetry::sampler::{Root, Sampler};
use weft_telemetry::{Config, Destination, Protocol, Resource, Telemetry};
use weft_testkit::client::{Client, full};
use weft_testkit::collector::{Collector, Manner, Of, Received, proto, text};
use weft_testkit::guest;
use weft_testkit::server::EchoServer;

use crate::manifest::Manifest;
use crate::operated::Operated;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A configuration that sends everything there, as soon as there is anything.
pub(crate) fn sent_to(collector: &Collector) -> Config {
    let endpoint = collector.url().parse().expect("it is a URL");
    let destination = Destination::new(endpoint, Protocol::Grpc);
    let mut config = Config::new(Resource::new(weft_host::about())).sent_to(&destination);
    for signal in [&mut config.traces, &mut config.metrics, &mut config.logs] {
        signal.delay = Duration::from_millis(5);
    }
    config.metric_interval = Duration::from_millis(50);
    config
}

/// A host that tells.
pub(crate) async fn telling(config: Config) -> Operated {
    let mut host = HostConfig {
        telemetry: Some(Telemetry::new(config).expect("it needs no files")),
        ..HostConfig::default()
    };
    host.engine.network.settings.host_loopback = true;
    Operated::with(host).await
}

fn kitchen() -> Manifest {
    Manifest::new("acme", "shop", &guest("http_kitchen"))
}

async fn get(client: &Client, path: &str, headers: &[(&'static str, &str)]) -> String {
    let mut request = Request::new(full(""));
    *request.uri_mut() = path.parse().expect("it is a path");
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("it is a header's value");
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    let incoming = client.send(request).await.expect("the host answers");
    incoming.reply().await.expect("to the end").text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

type Span = Of<proto::trace::v1::Span>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_is_one_trace_from_the_client_to_the_server_that_its_guest_calls() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let upstream = EchoServer::start().await;
    let manifest = kitchen()
        .allow(&upstream)
        .set("otel.resource.service.name", "storefront")
        .set("otel.resource.deployment.environment.name", "test");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let url = upstream.url("/headers?secret=1");
    let came = [
        ("traceparent", PARENT),
        ("tracestate", "rojo=1"),
        ("baggage", "user=alice"),
    ];
    let seen = get(&client, &format!("/fetch?{url}"), &came).await;

    let spans = collector.spans(4).await;
    let find = |kind: i32, name: &str| -> &Span {
        let found = spans
            .iter()
            .find(|span| span.it.kind == kind && span.it.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
    };
    let server = find(2, "GET");
    let run = find(1, "weft.run");
    let call = find(3, "GET");
    let made = find(1, "weft.instantiate");
    assert_eq!(hex(&server.it.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(hex(&server.it.parent_span_id), "00f067aa0ba902b7");
    assert!(run.is_child_of(server) && made.is_child_of(server) && call.is_child_of(run));
    // What went out is the call's, with all that came in.
    let went = format!(
        "traceparent: 00-{}-{}-01\n",
        hex(&call.it.trace_id),
        hex(&call.it.span_id)
    );
    for header in [
        went.as_str(),
        "tracestate: rojo=1\n",
        "baggage: user=alice\n",
    ] {
        assert!(seen.contains(header), "{header} is not in {seen}");
    }
    for (key, value) in [
        ("http.request.method", "GET"),
        ("url.path", "/fetch"),
        ("url.scheme", "http"),
        ("server.address", "shop.acme.example"),
        ("http.response.status_code", "200"),
        ("network.protocol.version", "1.1"),
        ("weft.queue.time_ns", "0"),
    ] {
        assert_eq!(server.attribute(key), value, "{key}");
    }
    let number = |key: &str| server.attribute(key).parse::<u64>().unwrap_or_default();
    assert!(number("weft.cpu.time_ns") > 1_000, "{server:#?}");
    assert!(number("weft.memory.peak_bytes") >= 65_536, "{server:#?}");
    assert_eq!(number("http.response.body.size"), seen.len() as u64);
    assert_eq!(call.attribute("server.address"), "host.weft.internal");
    assert_eq!(call.attribute("url.path"), "/headers");
    // A query may carry secrets.
    assert!(!format!("{spans:?}").contains("secret=1"));
    for span in &spans {
        for (key, value) in [
            ("service.name", "storefront"),
            ("service.namespace", "acme"),
            ("deployment.environment.name", "test"),
            ("weft.tenant", "acme"),
            ("weft.workload", "shop"),
            ("weft.component", "main"),
        ] {
            assert_eq!(span.resource(key), value, "{key}");
        }
        assert!(!span.resource("weft.host").is_empty());
        assert_eq!(span.scope.name, "weft");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_recorded_is_passed_on_all_the_same() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = sent_to(&collector);
    config.sampler = Sampler::ParentBased(Root::AlwaysOff);
    let operated = telling(config).await;
    let upstream = EchoServer::start().await;
    let manifest = kitchen().allow(&upstream);
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let path = format!("/fetch?{}", upstream.url("/headers"));
    let unrecorded = PARENT.replace("-01", "-00");
    let seen = get(
        &client,
        &path,
        &[("traceparent", &unrecorded), ("baggage", "a=1")],
    )
    .await;
    assert!(
        seen.contains("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{seen}"
    );
    assert!(
        seen.contains("-00\n") && seen.contains("baggage: a=1\n"),
        "{seen}"
    );
    // The recorded one comes after it, and nothing before.
    get(&client, "/hello", &[("traceparent", PARENT)]).await;
    let first = collector.wait_for(|all| all.spans.first().cloned()).await;
    assert_eq!(hex(&first.it.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(
        collector
            .received()
            .spans
            .iter()
            .all(|span| span.it.kind != 3)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_capabilities_have_spans_and_lines_of_the_guest_have_the_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = kitchen().set("colour", "blue");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    assert_eq!(get(&client, "/config?colour", &[]).await, "blue");
    let call = collector.span("wasi.config.get").await;
    let run = collector.span("weft.run").await;
    assert!(call.is_child_of(&run));
    get(&client, "/log?info&sold", &[]).await;
    let call = collector.span("wasi.logging.log").await;
    assert_eq!(call.resource("service.name"), "shop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_a_secret_has_spans_with_its_name_and_without_its_value() {
    const CANARY: &str = "canary-7f3a";
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest =
        Manifest::new("acme", "vault", &guest("secrets_http")).secret("api-token", CANARY);
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let seen = get(&client, "/reveal?api-token", &[]).await;
    assert_eq!(seen, format!("text {CANARY}"));
    let looked = collector.span("wasmcloud.secrets.get").await;
    let revealed = collector.span("wasmcloud.secrets.reveal").await;
    let run = collector.span("weft.run").await;
    for call in [&looked, &revealed] {
        assert!(call.is_child_of(&run));
        assert_eq!(call.attribute("weft.secret.name"), "api-token");
        assert_eq!(call.it.status, None);
    }
    // What a guest asks for and does not have may be anything, a value for instance.
    get(&client, &format!("/reveal?{CANARY}"), &[]).await;
    let failed = |all: &Received| {
        let mut spans = all.spans.iter();
        spans
            .find(|span| span.attribute("error.type") == "not-found")
            .cloned()
    };
    let failed = collector.wait_for(failed).await;
    assert_eq!(failed.it.name, "wasmcloud.secrets.get");
    let calls = collector.received().spans.into_iter();
    let calls = calls.filter(|span| span.it.name.starts_with("wasmcloud."));
    let calls: Vec<_> = calls.collect();
    assert_eq!(calls.len(), 3, "{calls:#?}");
    assert!(!format!("{calls:?}").contains(CANARY), "{calls:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_span_of_the_guests_work_says_why_it_failed_in_the_words_of_the_metrics() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = kitchen()
        .set("weft.dev/request-timeout", "1s")
        .set("weft.dev/memory", "16Mi");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (path, reason) in [
        ("/trap", "the component failed while it handled the request"),
        ("/exit?3", "the component ended itself instead of answering"),
        ("/early-drop", "the component returned without an answer"),
        ("/spin", "the component took longer than a request may take"),
        ("/oom", "the component failed while it handled the request"),
        // The head of the answer had gone out.
        ("/half", "the component failed while it handled the request"),
    ] {
        let request = Request::builder().uri(path).body(full(""));
        let incoming = client.send(request.expect("it is a request")).await;
        // One answer is cut off, perhaps before its head has gone out.
        if let Ok(incoming) = incoming {
            let _ = incoming.reply().await;
        }
        let of = |all: &Received| {
            let mut spans = all.spans.iter();
            let server = spans.find(|span| {
                let asked = span.attribute("url.path");
                span.it.kind == 2 && path.split('?').next() == Some(asked.as_str())
            })?;
            let mut spans = all.spans.iter();
            let run = spans.find(|span| span.it.name == "weft.run" && span.is_child_of(server))?;
            Some((server.clone(), run.clone()))
        };
        let (server, run) = collector.wait_for(of).await;
        let cause = run.attribute("error.type");
        assert!(!cause.is_empty(), "{path}: {run:#?}");
        assert_eq!(cause, server.attribute("weft.fault.reason"), "{path}");
        let status = run.it.status.as_ref().expect("it failed");
        assert_eq!(
            (status.code, status.message.as_str()),
            (2, reason),
            "{path}"
        );
        assert!(run.it.end_time_unix_nano <= server.it.end_time_unix_nano);
        operated
            .metrics_once(|page| {
                let labels = [("workload", "shop"), ("cause", cause.as_str())];
                page.sum("weft_failures_total", &labels) > 0.0
            })
            .await;
    }
    let hello = get(&client, "/hello?well", &[]).await;
    assert_eq!(hello, "hello");
    let well = |all: &Received| {
        let mut spans = all.spans.iter();
        let server = spans.find(|span| span.attribute("url.path") == "/hello")?;
        let mut spans = all.spans.iter();
        spans
            .find(|span| span.it.name == "weft.run" && span.is_child_of(server))
            .cloned()
    };
    let well = collector.wait_for(well).await;
    assert_eq!(well.it.status, None);
    assert_eq!(well.attribute("error.type"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_denied_says_so_in_the_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = kitchen();
    let _running = operated.start(&manifest).await;
    get(
        &operated.client(&manifest),
        "/fetch?http://example.com/",
        &[],
    )
    .await;
    let call = collector
        .wait_for(|all| all.spans.iter().find(|span| span.it.kind == 3).cloned())
        .await;
    assert_eq!(call.attribute("error.type"), "denied");
    let status = call.it.status.expect("it failed");
    assert_eq!(status.code, 2);
    assert!(status.message.contains("example.com"), "{}", status.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_is_an_error_of_the_span_and_a_missing_page_is_none() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = kitchen();
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    get(&client, "/trap", &[]).await;
    get(&client, "/nothing-there", &[]).await;
    let nobody = Client::new(operated.addr).host("nobody.example");
    get(&nobody, "/", &[]).await;
    let of = async |path: &str, host: &str| {
        let wanted = |span: &&Span| {
            span.attribute("url.path") == path && span.attribute("server.address") == host
        };
        let found = |all: &Received| all.spans.iter().find(wanted).cloned();
        collector.wait_for(found).await
    };
    let trap = of("/trap", "shop.acme.example").await;
    assert_eq!(trap.attribute("error.type"), "guest-trap");
    assert_eq!(trap.attribute("weft.fault.blame"), "guest");
    assert!(
        trap.it
            .status
            .expect("it failed")
            .message
            .starts_with("guest-trap: ")
    );
    let missing = of("/nothing-there", "shop.acme.example").await;
    assert_eq!(missing.it.status, None);
    let unrouted = of("/", "nobody.example").await;
    assert_eq!(unrouted.resource("service.name"), "weft");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_start_of_a_service_is_told_and_names_the_one_before() {
    let collector = Collector::start(Manner::Takes).await;
    let mut host = HostConfig {
        telemetry: Some(Telemetry::new(sent_to(&collector)).expect("it needs no files")),
        ..HostConfig::default()
    };
    host.engine.service.first_pause = Duration::from_millis(1);
    let operated = Operated::with(host).await;
    // It traps three times, and is given up then.
    let manifest = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: worker, namespace: acme}}
spec:
  service:
    image: {:?}
    maxRestarts: 2
    localResources: {{environment: {{config: {{DO: trap}}}}}}
",
        format!("file:{}", guest("service_kitchen").display())
    );
    let specs = weft_api::manifest::parse("test.yaml", std::path::Path::new("/"), &manifest)
        .unwrap_or_else(|report| panic!("{report:?}"));
    let spec = specs.first().expect("there is one");
    let (granting, purpose) = (weft_host::Granting::Entries, weft_host::Purpose::Serve);
    let prepared = operated.host.prepare(spec, granting, purpose).await;
    let started = operated.host.start(spec, prepared.expect("it is valid"));
    assert!(started.await.is_err(), "it has failed for good");

    let lives = collector
        .wait_for(|all| {
            let lives = all.spans.iter();
            let lives = lives.filter(|span| span.it.name.starts_with("weft.service."));
            let mut lives: Vec<Span> = lives.cloned().collect();
            lives.sort_by_key(|life| life.attribute("weft.service.restarts"));
            (lives.len() >= 3).then_some(lives)
        })
        .await;
    let [first, second, third] = lives.as_slice() else {
        panic!("there are three lives: {lives:#?}");
    };
    assert_eq!(first.it.name, "weft.service.start");
    assert_eq!(first.it.links, []);
    for (number, before, life) in [(1, first, second), (2, second, third)] {
        assert_eq!(life.it.name, "weft.service.restart");
        assert_eq!(life.attribute("weft.service.restarts"), number.to_string());
        let [link] = life.it.links.as_slice() else {
            panic!("it is linked to the life before, and to nothing else: {life:#?}");
        };
        assert_eq!(
            (&link.trace_id, &link.span_id),
            (&before.it.trace_id, &before.it.span_id)
        );
        assert_ne!(life.it.trace_id, before.it.trace_id);
        let reason = life.attribute("weft.service.last_end");
        assert!(reason.starts_with("it failed: "), "{reason}");
        assert!(reason.contains("unreachable"), "{reason}");
    }
    for life in &lives {
        assert_eq!(life.resource("weft.workload"), "worker");
        // The start went well; what came of it, the next one says.
        assert_eq!(life.it.status, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_those_of_the_page() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = kitchen();
    let _running = operated.start(&manifest).await;
    get(&operated.client(&manifest), "/hello", &[]).await;
    let counted = |metric: &proto::metrics::v1::Metric| match &metric.data {
        Some(Data::Sum(sum)) if metric.name == "weft.requests" => sum
            .data_points
            .iter()
            .find(|point| text(&point.attributes, "workload") == "shop")
            .is_some_and(|point| text(&point.attributes, "status") == "2xx"),
        _ => false,
    };
    let all = collector
        .wait_for(|all| {
            let found = all.metrics.iter().any(|metric| counted(&metric.it));
            found.then(|| all.metrics.clone())
        })
        .await;
    let names: std::collections::BTreeSet<_> =
        all.iter().map(|metric| metric.it.name.as_str()).collect();
    for name in [
        "weft.requests",
        "weft.request_duration",
        "weft.guest_cpu",
        "weft.host_instances",
        "weft.telemetry_sent",
        "process.resident_memory",
    ] {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
    let duration = all
        .iter()
        .rfind(|metric| metric.it.name == "weft.request_duration");
    let Some(Data::Histogram(histogram)) = &duration.expect("it is there").it.data else {
        panic!("it is a histogram");
    };
    let point = histogram
        .data_points
        .first()
        .expect("one workload was asked");
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    // And the page has what is only told of telemetry itself.
    let page = operated
        .metrics_once(|page| page.get("weft_telemetry_sent_total", &[("signal", "metrics")]) > 0.0)
        .await;
    let lost = [("signal", "traces"), ("reason", "queue-full")];
    assert_eq!(page.get("weft_telemetry_dropped_total", &lost), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_answered_as_fast_with_a_collector_that_is_down_or_never_answers() {
    let down = Collector::start(Manner::Takes).await;
    let nobody = sent_to(&down);
    drop(down);
    let silent = Collector::start(Manner::Silent).await;
    for mut config in [nobody, sent_to(&silent)] {
        config.traces.queue = 64;
        let operated = telling(config).await;
        let manifest = kitchen();
        let _running = operated.start(&manifest).await;
        let client = operated.client(&manifest);
        for _ in 0..100 {
            assert_eq!(get(&client, "/hello", &[]).await, "hello");
        }
        let lost = [("signal", "traces"), ("reason", "queue-full")];
        operated
            .metrics_once(|page| page.get("weft_telemetry_dropped_total", &lost) > 0.0)
            .await;
    }
}
