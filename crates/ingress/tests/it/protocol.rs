//! HTTP/1.1 and HTTP/2 as clients see them, and the request as a target sees it.

use http::{Method, Request, StatusCode, Version};
use http_body_util::BodyExt;
use weft_ingress::{Body, Config, Limits};

use crate::support::{Answer, Server, empty, get, get_with_id, ok, read, target, text, within};

/// Answers with what it was asked.
async fn mirror(request: Request<Body>) -> Answer {
    let id = request.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    ok(text(format!("{} {} {id}", request.method(), request.uri())))
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let (server, _route) = Server::with(target(mirror)).await;
    let mut client = server.h1().await;
    for n in 0..10 {
        within(client.ready()).await.unwrap();
        let response = client.send_request(get(&format!("/{n}"))).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_11);
        let (status, body) = read(response).await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            body.starts_with(&format!("GET http://test.example/{n} ")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn http2_with_prior_knowledge_serves_requests_side_by_side() {
    let (server, _route) = Server::with(target(mirror)).await;
    let client = server.h2().await;
    let requests = (0..50).map(|n| {
        let mut client = client.clone();
        async move {
            let request = Request::get(format!("http://h2.example:81/{n}?q"))
                .body(empty())
                .unwrap();
            let response = client.send_request(request).await.unwrap();
            assert_eq!(response.version(), Version::HTTP_2);
            let (_, body) = read(response).await;
            assert!(
                body.starts_with(&format!("GET http://h2.example:81/{n}?q ")),
                "{body}"
            );
        }
    });
    within(futures::future::join_all(requests)).await;
}

#[tokio::test]
async fn the_clients_request_id_reaches_the_target_and_comes_back() {
    let (server, _route) = Server::with(target(mirror)).await;
    let request = get_with_id("/", "from-the-client");
    let response = server.h1().await.send_request(request).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "from-the-client");
    assert!(read(response).await.1.ends_with(" from-the-client"));
}

#[tokio::test]
async fn a_request_without_an_id_gets_one() {
    let (server, _route) = Server::with(target(mirror)).await;
    let response = server.h1().await.send_request(get("/")).await.unwrap();
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(id.len(), 16);
    assert!(read(response).await.1.ends_with(&id));
}

#[tokio::test]
async fn head_has_the_length_but_no_body() {
    let (server, _route) = Server::with(target(|_| async { ok(text("hello")) })).await;
    let raw = server
        .raw("HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(
        raw.contains("content-length: 5\r\n") && raw.ends_with("\r\n\r\n"),
        "{raw}"
    );

    let request = Request::head("http://a/").body(empty()).unwrap();
    let response = server.h2().await.send_request(request).await.unwrap();
    assert_eq!(response.headers()["content-length"], "5");
    assert_eq!(read(response).await.1, "");
}

#[tokio::test]
async fn a_status_without_content_has_no_length_whatever_the_target_says() {
    let answer = target(|request: Request<Body>| async move {
        let status: u16 = request.uri().path()[1..].parse().unwrap();
        let response = http::Response::builder().status(status);
        let response = response.header("content-length", "4").body(text("body"));
        Ok(response.unwrap())
    });
    let (server, _route) = Server::with(answer).await;
    for (status, length) in [(204, None), (205, None), (304, Some("4"))] {
        let mut client = server.h2().await;
        let response = client.send_request(get(&format!("http://a/{status}")));
        let response = within(response).await.unwrap();
        let header = response.headers().get("content-length");
        assert_eq!(
            header.map(|value| value.to_str().unwrap()),
            length,
            "{status}"
        );
        assert_eq!(read(response).await.1, "");

        // The next request on the connection is answered: nobody waits for a body.
        let mut client = server.h1().await;
        for _ in 0..2 {
            within(client.ready()).await.unwrap();
            let response = within(client.send_request(get(&format!("/{status}")))).await;
            assert_eq!(read(response.unwrap()).await.1, "");
        }
    }
}

#[tokio::test]
async fn head_of_a_failure_has_its_status_and_no_document() {
    let server = Server::start(Config::default()).await;
    let raw = server
        .raw("HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(raw.starts_with("HTTP/1.1 404 Not Found\r\n"), "{raw}");
    assert!(raw.ends_with("\r\n\r\n"), "{raw}");
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    let echo = target(|request: Request<Body>| async { ok(request.into_body()) });
    let (server, _route) = Server::with(echo).await;
    let trailers = http::HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
    let body = text("data").with_trailers(std::future::ready(Some(Ok(trailers.clone()))));
    let request = Request::post("http://a/")
        .body(body.boxed_unsync())
        .unwrap();
    let response = server.h2().await.send_request(request).await.unwrap();
    let collected = within(response.into_body().collect()).await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes(), "data");
}

#[tokio::test]
async fn a_head_above_the_limit_is_answered_with_431() {
    let limits = Limits {
        max_header_bytes: Limits::MIN_HEADER_BYTES,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let (server, _route) = Server::with_config(target(mirror), config).await;
    let large = "x".repeat(Limits::MIN_HEADER_BYTES);
    let raw = server
        .raw(&format!(
            "GET / HTTP/1.1\r\nhost: a\r\nlarge: {large}\r\n\r\n"
        ))
        .await;
    assert!(raw.starts_with("HTTP/1.1 431 "), "{raw}");

    let request = Request::get("http://a/")
        .header("large", large)
        .body(empty())
        .unwrap();
    let response = server.h2().await.send_request(request).await.unwrap();
    assert_eq!(
        response.status(),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
}

#[tokio::test]
async fn host_names_are_matched_without_case_port_and_final_dot() {
    let server = Server::start(Config::default()).await;
    let _route = server.publish(&["www.example.com"], target(mirror));
    for host in [
        "www.example.com",
        "WWW.Example.COM:8080",
        "www.example.com.",
        "www.example.com.:80",
    ] {
        let raw = server
            .raw(&format!(
                "GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert!(raw.starts_with("HTTP/1.1 200 OK\r\n"), "{host}: {raw}");
        assert!(
            raw.contains(&format!("GET http://{host}/ ")),
            "the target sees the host as it was sent: {raw}"
        );
    }
}

#[tokio::test]
async fn connect_is_refused() {
    let (server, _route) = Server::with(target(mirror)).await;
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri("db.internal:5432");
    let response = server
        .h1()
        .await
        .send_request(request.body(empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
}
