//! The one log line of a request that went well. The lines of lost requests are tested where they are lost.

use std::sync::{Arc, Mutex};

use http::Request;
use tracing::Subscriber;
use weft_ingress::Body;

use crate::support::{Server, get_with_id, lines, ok, read, target, text, within};

#[tokio::test]
async fn a_request_has_one_line_with_everything_but_its_query() {
    let (server, _route) = Server::with(target(|_| async { ok(text("hello")) })).await;
    let mut lines = lines::of("logged-1");
    let request = Request::put("http://Test.Example:1/path?token=secret")
        .header("x-request-id", "logged-1")
        .body(text("body"))
        .unwrap();
    let response = within(server.h2().await.send_request(request))
        .await
        .unwrap();
    read(response).await;
    let mut line = lines.next().await;
    assert!(line.remove("latency_ms").unwrap().parse::<f64>().unwrap() >= 0.0);
    assert!(line.remove("peer").unwrap().starts_with("127.0.0.1:"));
    let line: Vec<_> = line
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let expected = [
        "bytes=5",
        "host=Test.Example:1",
        "level=INFO",
        "message=request",
        "method=PUT",
        "path=/path",
        "request_id=logged-1",
        "status=200",
        "workload=t/w",
    ];
    assert_eq!(line, expected);
    assert!(!lines.has_more());
}

#[tokio::test]
async fn responses_without_a_body_are_complete() {
    let answer = target(|request: Request<Body>| async move {
        let status = request
            .uri()
            .path()
            .trim_start_matches('/')
            .parse::<u16>()
            .unwrap();
        let mut response = http::Response::new(text("ignored"));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        Ok(response)
    });
    let (server, _route) = Server::with(answer).await;
    for (method, path) in [("HEAD", "/200"), ("GET", "/204"), ("GET", "/304")] {
        let id = format!("bodiless-{}", &path[1..]);
        let mut lines = lines::of(&id);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n"
        );
        let raw = server.raw(&head).await;
        assert!(!raw.contains("ignored"), "{raw}");
        let line = lines.next().await;
        assert_eq!(line["status"], path[1..]);
        assert_eq!(line.get("detail"), None);
    }
}

/// A place where log lines can be read again.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// What one failing request writes, as `format` writes it.
    async fn of_a_request<S: Subscriber + Send + Sync>(&self, format: S) -> String {
        // The server runs on this thread too.
        let _here = tracing::subscriber::set_default(format);
        let (server, _route) = Server::with(target(|_| async { panic!("oh") })).await;
        let mut client = server.h2().await;
        let response = client.send_request(get_with_id("http://a/", "on-paper"));
        read(within(response).await.unwrap()).await;
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn as_text_the_line_has_its_request_id_once() {
    let paper = Paper::default();
    let writer = paper.clone();
    let format = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let text = paper.of_a_request(format).await;
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(text.matches("on-paper").count(), 1, "{text}");
    assert!(
        text.contains(r#" code="internal" reason="panic" blame="host" "#),
        "{text}"
    );
}

#[tokio::test]
async fn as_json_the_line_has_all_fields_side_by_side() {
    let paper = Paper::default();
    let writer = paper.clone();
    let format = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .finish();
    let text = paper.of_a_request(format).await;
    let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    for (field, value) in [
        ("message", "request"),
        ("request_id", "on-paper"),
        ("code", "internal"),
        ("reason", "panic"),
        ("blame", "host"),
        ("workload", "t/w"),
        ("detail", "the target panicked: oh"),
    ] {
        assert_eq!(line[field], value, "{text}");
    }
    assert_eq!(line["status"], 500);
    assert_eq!(text.matches("on-paper").count(), 1, "{text}");
}
