//! Collectors that mean harm, and settings that mean nothing: whoever makes data never notices, and the log stays short.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use weft_telemetry::proto::common::v1::InstrumentationScope;
use weft_telemetry::proto::logs::v1::LogRecord;
use weft_telemetry::signal::Scope;
use weft_telemetry::stats::{Loss, SignalKind};
use weft_telemetry::value::attribute;
use weft_telemetry::{Environment, Protocol, Resource, Telemetry};
use weft_testkit::collector::{Collector, Manner};
use weft_testkit::log::LogCapture;
use weft_testkit::{until, within};

use crate::support::{config, request, running};

/// What a server answers, byte by byte: once, and over and over.
struct Script {
    first: Vec<u8>,
    again: Vec<u8>,
}

fn script(first: impl AsRef<[u8]>, again: impl AsRef<[u8]>) -> Script {
    Script {
        first: first.as_ref().to_vec(),
        again: again.as_ref().to_vec(),
    }
}

async fn play(mut stream: TcpStream, script: &Script) -> std::io::Result<()> {
    let mut some = [0; 16];
    stream.read_exact(&mut some).await?;
    stream.write_all(&script.first).await?;
    while !script.again.is_empty() {
        stream.write_all(&script.again).await?;
    }
    // What is still sent is read, so that the answer is not lost with the connection.
    let mut rest = [0; 4096];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// Answers each connection so, until it is aborted.
async fn server(script: Script) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever hangs up is right to.
            let _ = play(stream, &script).await;
        }
    });
    (addr, serving)
}

#[tokio::test]
async fn no_answer_of_a_collector_is_too_much() {
    let mut refused = b"HTTP/1.1 400 x\r\ncontent-length: 60000\r\n\r\n".to_vec();
    refused.extend("\u{1b}]0;HARM\u{7}\u{202e}".as_bytes());
    refused.resize(refused.len() + 60_000, b'y');
    // A partial success with a giant text: field 1 is a message with a count and a text.
    let text = [b"\x1b[2J".as_slice(), &[b'z'; 50_000]].concat();
    let mut partial = b"\x0a\xda\x86\x03\x08\x01\x12\xd4\x86\x03".to_vec();
    partial.extend(text);
    let mut taken = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
        partial.len()
    )
    .into_bytes();
    taken.extend(partial);
    let scripts = [
        script(refused, ""),
        script(taken, ""),
        script(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "4\r\nabcd\r\n",
        ),
        script(
            "HTTP/1.1 200 OK\r\n",
            "x-more: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
        ),
        script(
            "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
            "x",
        ),
        script("", "HTTP/1.1 100 Continue\r\n\r\n"),
        script(
            "HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "",
        ),
        script(
            "HTTP/1.1 503 x\r\nretry-after: 18446744073709551615\r\ncontent-length: 0\r\n\r\n",
            "",
        ),
        script(
            "HTTP/1.1 429 x\r\nretry-after: -1\r\ncontent-length: 0\r\n\r\n",
            "",
        ),
        script([0, 1, 2, 255], [7]),
    ];
    let log = LogCapture::of("");
    for (number, script) in scripts.into_iter().enumerate() {
        for protocol in [Protocol::Http, Protocol::Grpc] {
            let script = Script {
                first: script.first.clone(),
                again: script.again.clone(),
            };
            let (addr, serving) = server(script).await;
            let mut config = config(&format!("http://{addr}"), protocol);
            if let Some(destination) = &mut config.traces.destination {
                destination.timeout = Duration::from_millis(300);
            }
            let telemetry = running(config);
            request(&telemetry, "lost");
            within(telemetry.shutdown(Duration::from_secs(3))).await;
            let traces = telemetry.stats().of(SignalKind::Traces);
            until(|| traces.waiting() == 0).await;
            serving.abort();
            assert!(traces.sent() <= 1, "{number}");
        }
    }
    for line in log.lines() {
        let whole = format!("{} {:?}", line.message, line.fields);
        assert!(whole.len() < 1_000, "{} bytes: {whole:.200}", whole.len());
        let harm = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!line.message.contains(harm), "{whole:?}");
    }
}

#[tokio::test]
async fn absurd_numbers_are_no_reason_to_fail() {
    for number in [
        "18446744073709551615",
        "99999999999999999999",
        "-1",
        "NaN",
        "1e308",
        "0",
    ] {
        let names = [
            "OTEL_BSP_SCHEDULE_DELAY",
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "OTEL_BLRP_SCHEDULE_DELAY",
            "OTEL_METRIC_EXPORT_INTERVAL",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "OTEL_TRACES_SAMPLER_ARG",
        ];
        let variables = names.map(|name| (name.to_owned(), number.to_owned()));
        let more = [
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=b%0d%0ax: y,c=%00"),
        ];
        let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (config, warnings) =
            Environment::of(variables.into_iter().chain(more)).config(Vec::new());
        let headers = warnings
            .iter()
            .any(|warning| warning.variable.ends_with("HEADERS"));
        assert!(headers, "{warnings:?}");
        let telemetry = Telemetry::new(config).expect("it can be set up");
        telemetry.run_on(&tokio::runtime::Handle::current());
        for _ in 0..100 {
            request(&telemetry, "some");
        }
        tokio::task::yield_now().await;
        within(telemetry.shutdown(Duration::from_millis(200))).await;
    }
}

#[tokio::test]
async fn what_a_guest_says_of_itself_counts_with_each_thing_that_it_hands_in() {
    let collector = Collector::start(Manner::Silent).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    let workload = Resource::new([("service.name", "guest")]);
    let large = || (0..64).map(|n| attribute(format!("k{n}"), "v".repeat(4_096)));
    let logs = telemetry.stats().of(SignalKind::Logs);
    let own = workload.with(large());
    let scope = InstrumentationScope {
        attributes: large().collect(),
        ..InstrumentationScope::default()
    };
    let scope = Scope::Guest(Arc::new((scope, String::new())));
    telemetry.guest_log(&own, Scope::Weft, &LogRecord::default());
    telemetry.guest_log(&workload, scope, &LogRecord::default());
    assert_eq!((logs.lost(Loss::Limit), logs.waiting()), (2, 0));
    let small = workload.with([attribute("k", "v")]);
    telemetry.guest_log(&small, Scope::Weft, &LogRecord::default());
    assert_eq!((logs.lost(Loss::Limit), logs.waiting()), (2, 1));
}
