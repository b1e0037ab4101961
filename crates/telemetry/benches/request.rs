//! What telemetry adds to a request on the thread that serves it: begin, a child span, end; recorded and not.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::hint::black_box;
use std::time::Instant;

use http::{HeaderMap, HeaderValue};
use weft_telemetry::sampler::{Ratio, Root, Sampler};
use weft_telemetry::span::SpanKind;
use weft_telemetry::{Config, Destination, Protocol, Resource, Telemetry, Trace};

const REQUESTS: u32 = 1_000_000;

fn telemetry(share: f64) -> Telemetry {
    let uri = http::Uri::from_static("http://127.0.0.1:9");
    let collector = Destination::new(uri, Protocol::Grpc);
    let mut config = Config::new(Resource::new([("service.name", "bench")])).sent_to(&collector);
    config.sampler = Sampler::ParentBased(Ratio::new(share).map_or(Root::AlwaysOn, Root::Ratio));
    // Nobody sends: what is measured is what a request waits for.
    config.traces.queue = usize::MAX;
    Telemetry::new(config).unwrap_or_else(|error| unreachable!("{error}"))
}

fn measure(name: &str, share: f64, headers: &HeaderMap) {
    let requests = if share > 0.0 {
        REQUESTS / 100
    } else {
        REQUESTS
    };
    let telemetry = telemetry(share);
    let started = Instant::now();
    for _ in 0..requests {
        let trace = Trace::begin(&telemetry, black_box(headers), Instant::now());
        drop(black_box(trace.span("weft.run", SpanKind::Internal)));
        let attributes = match trace.is_sampled() {
            true => vec![
                ("http.request.method", "GET".into()),
                ("http.response.status_code", 200_u16.into()),
            ],
            false => Vec::new(),
        };
        trace.end("GET", SpanKind::Server, attributes, None);
    }
    let each = started.elapsed().as_nanos() / u128::from(requests);
    println!("{name}: {each} ns");
}

fn main() {
    let none = HeaderMap::new();
    let mut parent = HeaderMap::new();
    let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    parent.insert("traceparent", HeaderValue::from_static(text));
    measure("no trace came, not recorded", 0.0, &none);
    measure("a trace came, not recorded", 0.0, &parent);
    measure("no trace came, one of ten recorded", 0.1, &none);
    measure("no trace came, all recorded", 1.0, &none);
}
