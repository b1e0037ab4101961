//! Programs and pages that mean harm: each costs a bounded part, and the others are answered.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use weft_testkit::browser::Browser;
use weft_testkit::client::{Client, full};
use weft_viewer::{Limits, Report, Source};

use crate::harness::Running;
use crate::sent::{span, spans, text, trace_hex};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// A field of a protobuf message.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_never_say_a_word_give_way() {
    let running = Running::start();
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(TcpStream::connect(running.addr).await.unwrap());
    }
    // Some say a little: the beginning of what both versions of HTTP could be.
    for stream in silent.iter_mut().step_by(2) {
        stream.write_all(b"P").await.unwrap();
    }
    let state = running.get("/api/state");
    let state = tokio::time::timeout(Duration::from_secs(90), state).await;
    assert_eq!(state.unwrap()["viewer"], "weft");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_never_end_take_a_bounded_room() {
    let running = Running::start();
    let mut unfinished = Vec::new();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/x-protobuf\r\ncontent-length: 4000001\r\n\r\n";
    let most = vec![0; 4_000_000];
    for _ in 0..24 {
        let mut stream = TcpStream::connect(running.addr).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Whoever finds no room is answered before all of it is sent.
        let _ = stream.write_all(&most).await;
        unfinished.push(stream);
    }
    let post = || running.post("/v1/traces", &[PROTOBUF], vec![0; 4_000_000]);
    // They are read in the viewer's own time: until then there is room.
    while post().await.status != 503 {}
    drop(unfinished);
    // It is no OTLP, but there is room to see that.
    while post().await.status != 400 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_bytes_do_not_become_a_gigabyte() {
    let running = Running::start();
    let points = [0x0a, 0].repeat(2_000_000);
    for instrument in [0x2a, 0x3a, 0x4a, 0x52, 0x5a] {
        let metric = field(0x12, &field(instrument, &points));
        let message = field(0x0a, &field(0x12, &metric));
        let mut zip = GzEncoder::new(Vec::new(), Compression::best());
        zip.write_all(&message).unwrap();
        let zip = zip.finish().unwrap();
        assert!(zip.len() < 10_000);
        let headers = [PROTOBUF, ("content-encoding", "gzip")];
        let reply = running.post("/v1/metrics", &headers, zip).await;
        assert_eq!(reply.status, 413, "{}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_nothing_but_circles_is_drawn_in_time() {
    let running = Running::with(Limits {
        spans_per_trace: 50_000,
        ..Limits::default()
    });
    let own_parent = (1..=50_000).map(|id| span(1, id, id, "x", 0, 1));
    running.store.spans(spans("shop", own_parent.collect()));
    let path = format!("/api/traces/{}", trace_hex(1));
    let whole = tokio::time::timeout(Duration::from_secs(60), running.get(&path)).await;
    assert_eq!(whole.unwrap()["spans"].as_array().unwrap().len(), 50_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_trace_that_is_too_large_the_span_that_is_looked_at_is_whole() {
    let running = Running::start();
    let large = "\u{1}".repeat(8_000);
    for id in 1..=500 {
        let mut span = span(1, id, 0, "large", 0, 1);
        span.attributes = (0..7).map(|n| text(&format!("k{n}"), &large)).collect();
        span.events = vec![Event::default()];
        running.store.spans(spans("shop", vec![span]));
    }
    let path = format!("/api/traces/{}", trace_hex(1));
    let whole = running.get(&path).await;
    let rows = whole["spans"].as_array().unwrap();
    let last = &rows[499];
    assert_eq!((rows.len(), &last["cut"]), (500, &true.into()));
    assert_eq!(last["attributes"].as_array().unwrap().len(), 0);
    assert_eq!(rows[0]["attributes"].as_array().unwrap().len(), 7);
    let asked = format!("{path}?span={}", last["id"].as_str().unwrap());
    let whole = running.get(&asked).await;
    let last = &whole["spans"][499];
    assert_eq!(
        (&last["cut"], last["events"].as_array().unwrap().len()),
        (&false.into(), 1)
    );
    assert_eq!(last["attributes"].as_array().unwrap().len(), 7);
    let reply = Client::new(running.addr).get(&path).await.unwrap();
    assert!(reply.text.len() < 64 << 20, "{}", reply.text.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_many_small_things_do_not_fill_the_memory() {
    let running = Running::start();
    for number in 0..64 {
        let source = Source {
            id: number.to_string(),
            name: String::new(),
            url: String::new(),
        };
        let report = |workloads| Report {
            source: source.clone(),
            state: "serving".to_owned(),
            workloads,
        };
        // Sixty thousand empty mappings are refused; a thousand of each of many are kept as long as there is room.
        let small = serde_json::json!({});
        running.store.report(report(vec![small.clone(); 60_000]));
        let told = running.get("/api/workloads").await;
        let processes = told["processes"].as_array().unwrap();
        let id = number.to_string();
        let own = processes.iter().find(|one| one["id"] == id.as_str());
        assert_eq!(own.unwrap()["workloads"].as_array().unwrap().len(), 0);
        running.store.report(report(vec![small; 5_000]));
    }
    let told = running.get("/api/workloads").await;
    assert!(told["processes"].as_array().unwrap().len() < 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_on_the_page_of_another_holds_no_connection() {
    let running = Running::start();
    for site in ["cross-site", "same-site"] {
        let picture = Request::get("/api/events")
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", "no-cors")
            .header("sec-fetch-dest", "image")
            .body(full(""))
            .unwrap();
        let answer = Client::new(running.addr).send(picture).await.unwrap();
        assert_eq!(answer.status(), 403, "{site}");
    }
    // A link is followed all the same, and the page that it leads to works.
    let browser = Browser::start();
    let elsewhere = format!("data:text/html,<a href='{}'>there</a>", running.url("/"));
    let page = browser.open(&elsewhere).await;
    page.evaluate("document.querySelector('a').click()").await;
    page.arrives(&running.url("/")).await;
    page.wait_for("#live", "Live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_report_that_makes_no_sense_does_not_hide_the_others() {
    let running = Running::start();
    let report = |id: &str, name: &str, workload: serde_json::Value| Report {
        source: Source {
            id: id.to_owned(),
            name: name.to_owned(),
            url: "javascript:alert(1)".to_owned(),
        },
        state: "serving".to_owned(),
        workloads: vec![workload],
    };
    let odd =
        serde_json::json!({ "workload": {}, "hosts": "a", "ports": "b", "use": 7, "since": {} });
    running.store.report(report("1", "odd", odd));
    let good = serde_json::json!({ "workload": "shop", "state": "running", "tenant": "default" });
    running.store.report(report("1", "good", good));
    let browser = Browser::start();
    let page = browser.open(&running.url("/#/trace/%E0%A4%A")).await;
    page.wait_for(".empty", "This trace is not here").await;
    page.evaluate("location.hash = '#/workloads'").await;
    page.wait_for(".workload h2", "shop").await;
    page.wait_for(".workload .soft", "cannot be read").await;
    assert_eq!(page.texts(".process a").await, Vec::<String>::new());
}
