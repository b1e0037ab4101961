//! The one log line of a request that went well. The lines of lost requests are tested where they are lost.

use http::Request;
use weft_ingress::Body;

use crate::support::{Server, lines, ok, read, target, text, within};

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
