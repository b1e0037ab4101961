//! Pages of others, and other machines, get nothing.

use http::Request;
use weft_testkit::browser::Browser;
use weft_testkit::client::{Client, full};
use weft_viewer::{Refused, Viewer};

use crate::harness::Running;
use crate::sent::{span, spans};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_made_to_point_here_is_refused() {
    let running = Running::start();
    for path in ["/", "/api/traces", "/api/events", "/v1/traces"] {
        let rebound = Client::new(running.addr).host("evil.example");
        assert_eq!(rebound.get(path).await.unwrap().status, 403, "{path}");
    }
    let reply = Client::new(running.addr)
        .host("localhost")
        .get("/")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_others_can_neither_send_nor_clear() {
    let running = Running::start();
    running
        .store
        .spans(spans("shop", vec![span(1, 1, 0, "x", 0, 1)]));
    for path in ["/v1/traces", "/api/workloads", "/api/clear"] {
        let reply = running
            .post(
                path,
                &[
                    ("origin", "http://evil.example"),
                    ("content-type", "application/json"),
                ],
                b"{}".to_vec(),
            )
            .await;
        assert_eq!(reply.status, 403, "{path}");
    }
    assert_eq!(running.get("/api/state").await["spans"], 1);
    // A browser asks before it sends JSON to another origin. Nobody says yes.
    let asks = Request::options("/v1/traces")
        .header("origin", "http://evil.example")
        .body(full(""))
        .unwrap();
    let answer = Client::new(running.addr).send(asks).await.unwrap();
    assert_eq!(answer.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_policy_and_methods_are_checked() {
    let running = Running::start();
    let client = Client::new(running.addr);
    for (path, status) in [
        ("/", 200),
        ("/app.js", 200),
        ("/api/state", 200),
        ("/nothing", 404),
        ("/api/traces/x", 404),
        ("/../Cargo.toml", 404),
    ] {
        let reply = client.get(path).await.unwrap();
        assert_eq!(reply.status, status, "{path}");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("trusted-types 'none'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    }
    assert_eq!(client.post("/", "").await.unwrap().status, 405);
    assert_eq!(client.post("/api/traces", "").await.unwrap().status, 405);
    assert_eq!(client.get("/v1/traces").await.unwrap().status, 404);
}

#[test]
fn it_listens_on_the_loopback_only() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let refused = Viewer::open(addr.parse().unwrap()).unwrap_err();
        assert!(matches!(refused, Refused::NotLoopback(_)), "{addr}");
    }
    let first = Viewer::open("127.0.0.1:0".parse().unwrap()).unwrap();
    let second = Viewer::open(first.addr).unwrap_err();
    assert!(matches!(second, Refused::Listen(..)), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_reads_nothing_in_a_browser() {
    let (running, other) = (Running::start(), Running::start());
    running
        .store
        .spans(spans("shop", vec![span(1, 1, 0, "secret", 0, 1)]));
    let browser = Browser::start();
    // The policy of a page like ours would already forbid it, so this one has none.
    let page = browser.open("data:text/html,<h1>Somebody else</h1>").await;
    let target = running.url("/api/traces");
    let read = format!("fetch('{target}').then(answer => answer.text(), error => 'refused')");
    assert_eq!(page.evaluate(&read).await, "refused");
    let clear = running.url("/api/clear");
    page.evaluate(&format!(
        "fetch('{clear}', {{ method: 'POST', mode: 'no-cors' }}).then(() => true, () => true)"
    ))
    .await;
    assert_eq!(running.get("/api/state").await["spans"], 1);
    drop(other);
}
