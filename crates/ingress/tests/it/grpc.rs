//! gRPC passes through: its messages both ways at once, its trailers, and the ways in which it says that a call failed.
//!
//! The client is hyper's, which sends exactly what a gRPC library sends: HTTP/2, `te: trailers`, messages with a
//! prefix of five bytes. HTTP/2 here is without TLS; over TLS the same bytes come out of it.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use futures::stream;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::sync::mpsc;
use weft_ingress::{Body, Target};

use crate::support::{Answer, Server, empty, fed_body, target, text, within};

/// A message as gRPC frames it: not compressed, its length, its bytes.
fn message(text: &str) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(text.len().try_into().unwrap());
    framed.put_slice(text.as_bytes());
    framed.freeze()
}

fn call(method: &str, body: Body) -> Request<Body> {
    Request::post(format!("http://grpc.example/test.Echo/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "10S")
        .body(body)
        .unwrap()
}

fn status(code: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        "grpc-status".parse().unwrap(),
        HeaderValue::from_static(code),
    )])
}

/// Sends every message back as it comes, and then the status.
fn echo(mut request: Request<Body>) -> Response<Body> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(frame) = request.body_mut().frame().await {
            if sender.send(frame).is_err() {
                return;
            }
        }
        let _ = sender.send(Ok(Frame::trailers(status("0"))));
    });
    let frames = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    grpc(StreamBody::new(frames).boxed_unsync())
}

fn grpc(body: Body) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(body).unwrap()
}

/// A small gRPC service.
fn service() -> Arc<dyn Target> {
    target(|request: Request<Body>| async move {
        assert_eq!(request.headers()["te"], "trailers");
        assert_eq!(request.headers()["grpc-timeout"], "10S");
        let answer: Answer = match request.uri().path() {
            "/test.Echo/Stream" => Ok(echo(request)),
            "/test.Echo/Missing" => {
                let mut response = grpc(empty());
                response.headers_mut().extend(status("12"));
                Ok(response)
            }
            "/test.Echo/Trailers" => {
                let body = request.into_body().collect().await.unwrap();
                let told = body.trailers().map(|trailers| format!("{trailers:?}"));
                Ok(grpc(text(told.unwrap_or_default())))
            }
            path => panic!("{path}"),
        };
        answer
    })
}

/// Reads one message, however it was cut into frames.
async fn next_message(body: &mut Incoming, buffer: &mut BytesMut) -> String {
    loop {
        if let Some(head) = buffer.first_chunk::<5>() {
            let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
            if buffer.len() >= 5 + length {
                let whole = buffer.split_to(5 + length);
                return String::from_utf8(whole[5..].to_vec()).unwrap();
            }
        }
        let frame = within(body.frame()).await.unwrap().unwrap();
        buffer.extend_from_slice(&frame.into_data().unwrap());
    }
}

#[tokio::test]
async fn messages_flow_both_ways_at_once_and_the_status_comes_in_the_trailers() {
    let (server, _route) = Server::with(service()).await;
    let mut client = server.h2().await;
    let (feed, body) = fed_body();
    let mut response = within(client.send_request(call("Stream", body)))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    let mut buffer = BytesMut::new();
    // Each message is answered before the next is sent. One is larger than any window and frame.
    let large = "x".repeat(300_000);
    for word in ["one", "", &large, "last"] {
        feed.send(Ok(message(word))).unwrap();
        let echoed = next_message(response.body_mut(), &mut buffer).await;
        assert!(echoed == word, "{} bytes, not {}", echoed.len(), word.len());
    }
    drop(feed);
    let rest = within(response.into_body().collect()).await.unwrap();
    assert_eq!(rest.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(rest.to_bytes(), "");
}

#[tokio::test]
async fn calls_on_one_connection_do_not_wait_for_each_other() {
    let (server, _route) = Server::with(service()).await;
    let client = server.h2().await;
    let mut open = Vec::new();
    for _ in 0..20 {
        let (feed, body) = fed_body();
        let mut client = client.clone();
        let response = within(client.send_request(call("Stream", body)))
            .await
            .unwrap();
        open.push((feed, response));
    }
    for (n, (feed, response)) in open.iter_mut().enumerate().rev() {
        feed.send(Ok(message(&n.to_string()))).unwrap();
        let echoed = next_message(response.body_mut(), &mut BytesMut::new()).await;
        assert_eq!(echoed, n.to_string());
    }
}

#[tokio::test]
async fn an_answer_of_trailers_alone_is_one_head_that_ends_the_stream() {
    let (server, _route) = Server::with(service()).await;
    let mut client = server.h2().await;
    let response = within(client.send_request(call("Missing", text(message("?")))))
        .await
        .unwrap();
    assert_eq!(response.headers()["grpc-status"], "12");
    let body = response.into_body();
    assert!(
        hyper::body::Body::is_end_stream(&body),
        "nothing follows the head"
    );
}

#[tokio::test]
async fn trailers_of_a_request_reach_the_target() {
    let (server, _route) = Server::with(service()).await;
    let mut client = server.h2().await;
    let trailers = HeaderMap::from_iter([(
        "x-checksum".parse().unwrap(),
        HeaderValue::from_static("c0ffee"),
    )]);
    let body = text(message("data")).with_trailers(std::future::ready(Some(Ok(trailers))));
    let response = client.send_request(call("Trailers", body.boxed_unsync()));
    let body = within(within(response).await.unwrap().into_body().collect())
        .await
        .unwrap();
    assert_eq!(body.to_bytes(), r#"{"x-checksum": "c0ffee"}"#);
}

#[tokio::test]
async fn a_call_that_nobody_answers_fails_by_its_http_status() {
    // gRPC maps HTTP statuses to its own where a proxy answers in place of the server.
    let server = Server::start(weft_ingress::Config::default()).await;
    let mut client = server.h2().await;
    let response = within(client.send_request(call("Stream", empty())))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}
