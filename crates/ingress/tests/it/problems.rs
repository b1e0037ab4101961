//! What clients are told when something goes wrong.

use std::time::Duration;

use http::{Response, StatusCode};
use weft_api::fault::Blame;
use weft_ingress::{Config, Fault};

use crate::support::{Server, empty, get, get_with_id, lines, read, target, within};

fn overloaded() -> Fault {
    Fault {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "overloaded",
        cause: "in-flight",
        title: "Overloaded",
        reason: "the workload is busy; try again".to_owned(),
        detail: "tenant shop uses 16 of 16 instances".to_owned(),
        blame: Blame::Guest,
        retry_after: Some(Duration::from_millis(1500)),
    }
}

#[tokio::test]
async fn a_fault_becomes_a_problem_document_without_internals() {
    let (server, _route) = Server::with(target(|_| async { Err(overloaded()) })).await;
    let mut lines = lines::of("problem-1");
    let request = get_with_id("/", "problem-1");
    let response = within(server.h1().await.send_request(request))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers()["x-request-id"], "problem-1");
    let expected = r#"{
  "type": "urn:weft:problem:overloaded",
  "title": "Overloaded",
  "status": 503,
  "detail": "the workload is busy; try again",
  "code": "overloaded",
  "reason": "in-flight",
  "blame": "guest",
  "request_id": "problem-1"
}"#;
    assert_eq!(read(response).await.1, expected);
    assert_eq!(
        lines.next().await["detail"],
        "tenant shop uses 16 of 16 instances"
    );
}

#[tokio::test]
async fn an_unknown_host_is_named_but_the_known_ones_are_not() {
    let server = Server::start(Config::default()).await;
    let _route = server.publish(&["secret.example"], target(|_| async { Err(overloaded()) }));
    let response = within(server.h1().await.send_request(get("/")))
        .await
        .unwrap();
    let (status, body) = read(response).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        body.contains(r#""detail": "no workload answers the host name `test.example`","#),
        "{body}"
    );
    assert!(!body.contains("secret"), "{body}");
}

#[tokio::test]
async fn a_development_server_lists_the_host_names_that_it_answers() {
    let config = Config {
        verbose_not_found: true,
        ..Config::default()
    };
    let server = Server::start(config).await;
    let mut client = server.h1().await;
    let (_, body) = read(within(client.send_request(get("/"))).await.unwrap()).await;
    assert!(
        body.contains("the host name `test.example`; no workload is running"),
        "{body}"
    );

    let _route = server.publish(
        &["b.example", "*.a.example"],
        target(|_| async { Err(overloaded()) }),
    );
    within(client.ready()).await.unwrap();
    let (_, body) = read(within(client.send_request(get("/"))).await.unwrap()).await;
    assert!(
        body.contains("`test.example`; these are answered: `b.example`, `*.a.example`"),
        "{body}"
    );
}

#[tokio::test]
async fn a_request_without_a_valid_host_is_a_bad_request() {
    let server = Server::start(Config::default()).await;
    for (host, code) in [
        ("", "missing-host"),
        ("host: a\r\nhost: b\r\n", "invalid-host"),
        ("host: user@a\r\n", "invalid-host"),
    ] {
        let raw = server
            .raw(&format!(
                "GET / HTTP/1.1\r\n{host}connection: close\r\n\r\n"
            ))
            .await;
        assert!(raw.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{raw}");
        assert!(raw.contains(&format!(r#""code": "{code}""#)), "{raw}");
    }
}

#[tokio::test]
async fn a_target_that_panics_gives_a_500_and_the_connection_lives() {
    let panics = target(|request| async move {
        assert!(request.uri().path() != "/panic", "secret state");
        Ok(Response::new(empty()))
    });
    let (server, _route) = Server::with(panics).await;
    let mut lines = lines::of("panics");
    let mut client = server.h1().await;
    let request = get_with_id("/panic", "panics");
    let response = within(client.send_request(request)).await.unwrap();
    let (status, body) = read(response).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!body.contains("secret state"), "{body}");
    let line = lines.next().await;
    assert_eq!(line["detail"], "the target panicked: secret state");
    assert_eq!(line["blame"], "host");

    within(client.ready()).await.unwrap();
    let response = within(client.send_request(get("/"))).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_workload_that_answers_with_an_interim_status_is_a_bad_gateway() {
    let interim = target(|_| async {
        let response = Response::builder()
            .status(StatusCode::PROCESSING)
            .body(empty());
        Ok(response.unwrap())
    });
    let (server, _route) = Server::with(interim).await;
    let response = within(server.h1().await.send_request(get("/")))
        .await
        .unwrap();
    let (status, body) = read(response).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(body.contains(r#""blame": "guest""#), "{body}");
}
