//! Bodies of requests: limits on their size, on the time between their frames, and what each side is told.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use weft_ingress::{Body, Config, Limits, RequestBodyError, Target};

use crate::support::{
    Answer, DropSignal, Server, chunk, empty, fed_body, get, lines, ok, read, read_to_end, target,
    text, within,
};

const LIMIT: u64 = 1000;

fn limited() -> Config {
    config(LIMIT, Duration::from_secs(3600))
}

fn impatient() -> Config {
    config(LIMIT, Duration::from_millis(50))
}

fn config(max_request_body: u64, body_idle_timeout: Duration) -> Config {
    let limits = Limits {
        max_request_body,
        body_idle_timeout,
        ..Limits::default()
    };
    Config {
        limits,
        ..Config::default()
    }
}

/// Answers with the length of the body, or with what it ended with. Tells when it is called.
fn measures() -> (Arc<dyn Target>, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let target = target(move |request: Request<Body>| {
        let sender = sender.clone();
        async move {
            sender.send("called".to_owned()).unwrap();
            let told = match request.into_body().collect().await {
                Ok(body) => body.to_bytes().len().to_string(),
                Err(error) => error.to_string(),
            };
            sender.send(told.clone()).unwrap();
            ok(text(told))
        }
    });
    (target, receiver)
}

fn post(body: Body, id: &str) -> Request<Body> {
    let request = Request::post("http://a/").header("x-request-id", id);
    request.body(body).unwrap()
}

async fn send(server: &Server, request: Request<Body>) -> (StatusCode, String) {
    let mut client = server.h2().await;
    read(within(client.send_request(request)).await.unwrap()).await
}

#[tokio::test]
async fn a_body_up_to_the_limit_reaches_the_target() {
    let (target, mut told) = measures();
    let (server, _route) = Server::with_config(target, limited()).await;
    let body = text(vec![b'x'; 1000]);
    let answer = send(&server, post(body, "fits")).await;
    assert_eq!(answer, (StatusCode::OK, "1000".to_owned()));
    assert_eq!(within(told.recv()).await.unwrap(), "called");
}

#[tokio::test]
async fn a_body_announced_above_the_limit_is_answered_with_413_and_the_target_is_not_called() {
    let (target, mut told) = measures();
    let (server, _route) = Server::with_config(target, limited()).await;
    let raw = server
        .raw("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\n")
        .await;
    assert!(
        raw.starts_with("HTTP/1.1 413 Payload Too Large\r\n"),
        "{raw}"
    );
    assert!(raw.contains(r#""code": "body-too-large""#), "{raw}");
    assert!(raw.contains(r#""reason": "body-size""#), "{raw}");
    assert!(
        raw.contains("connection: close\r\n"),
        "what follows is no request: {raw}"
    );

    let (status, body) = send(&server, post(text(vec![b'x'; 1001]), "announced")).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        body.contains("longer than 1000 bytes, which is the limit here"),
        "{body}"
    );
    assert!(told.try_recv().is_err(), "the target was called");
}

#[tokio::test]
async fn a_stream_that_passes_the_limit_ends_with_an_error_there_and_with_413_here() {
    let (target, mut told) = measures();
    let (server, _route) = Server::with_config(target, limited()).await;
    let mut lines = lines::of("grows");
    let (feed, body) = fed_body();
    let mut client = server.h2().await;
    let answer = tokio::spawn(client.send_request(post(body, "grows")));
    for _ in 0..2 {
        feed.send(Ok(Bytes::from_static(&[b'x'; 600]))).unwrap();
    }
    let (status, body) = read(within(answer).await.unwrap().unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
    assert_eq!(within(told.recv()).await.unwrap(), "called");
    let error = RequestBodyError::TooLarge { limit: LIMIT };
    assert_eq!(within(told.recv()).await.unwrap(), error.to_string());
    let line = lines.next().await;
    assert_eq!(line["status"], "413");
    assert_eq!(line["code"], "body-too-large");
    assert_eq!(line["reason"], "body-size");
    assert_eq!(line["blame"], "network");
}

#[tokio::test]
async fn a_chunked_body_that_passes_the_limit_is_answered_and_the_connection_ends() {
    let (target, _told) = measures();
    let (server, _route) = Server::with_config(target, limited()).await;
    let chunk = format!("258\r\n{}\r\n", "x".repeat(600));
    let raw = server
        .raw(&format!(
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n"
        ))
        .await;
    assert!(raw.starts_with("HTTP/1.1 413 "), "{raw}");
    assert_eq!(raw.matches("HTTP/1.1 ").count(), 1, "{raw}");
}

#[tokio::test]
async fn the_answer_413_reaches_a_client_that_is_still_sending() {
    let (target, _told) = measures();
    let (server, _route) = Server::with_config(target, limited()).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8000000\r\n\r\n")
        .await
        .unwrap();
    // More than all the buffers between the two, sent without a look at the answer.
    for _ in 0..1000 {
        within(stream.write_all(&[b'x'; 8000])).await.unwrap();
    }
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on_only_if_the_body_is_wanted() {
    let (target, _told) = measures();
    let (server, _route) = Server::with_config(target, limited()).await;
    let head = |length| {
        format!(
            "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let refused = server.raw(&head(1001)).await;
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");

    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(head(4).as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    within(stream.read_exact(&mut interim)).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n4"), "{answer}");
}

#[tokio::test]
async fn a_target_that_does_not_want_the_body_lets_nobody_send_it() {
    let (server, _route) = Server::with(target(|_| async { ok(text("no, thanks")) })).await;
    let raw = server
        .raw("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
        .await;
    assert!(raw.starts_with("HTTP/1.1 200 OK\r\n"), "{raw}");
}

#[tokio::test]
async fn an_upload_that_stops_half_way_is_answered_with_408() {
    let (target, mut told) = measures();
    let (server, _route) = Server::with_config(target, impatient()).await;
    let raw = server
        .raw("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf")
        .await;
    assert!(raw.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{raw}");
    assert!(raw.contains(r#""code": "body-timeout""#), "{raw}");
    assert_eq!(within(told.recv()).await.unwrap(), "called");
    let limit = Duration::from_millis(50);
    assert_eq!(
        within(told.recv()).await.unwrap(),
        RequestBodyError::Stalled { limit }.to_string()
    );

    let mut lines = lines::of("half");
    let (_feed, body) = fed_body();
    let (status, _) = send(&server, post(body, "half")).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    let line = lines.next().await;
    assert_eq!(
        (&*line["code"], &*line["reason"]),
        ("body-timeout", "timeout")
    );
}

#[tokio::test]
async fn a_stalled_upload_is_answered_for_a_target_that_swallows_the_error() {
    let ignores = target(|request: Request<Body>| async move {
        let _ = request.into_body().collect().await;
        std::future::pending::<Answer>().await
    });
    let (server, _route) = Server::with_config(ignores, impatient()).await;
    let (_feed, body) = fed_body();
    let (status, _) = send(&server, post(body, "swallows")).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
}

async fn echo(request: Request<Body>) -> Answer {
    ok(request.into_body())
}

#[tokio::test]
async fn a_response_that_has_begun_is_cut_when_its_upload_stalls() {
    let (server, _route) = Server::with_config(target(echo), impatient()).await;
    let mut lines = lines::of("begun-stalled");
    let (feed, body) = fed_body();
    let mut client = server.h2().await;
    let response = within(client.send_request(post(body, "begun-stalled")));
    feed.send(Ok("one".into())).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(chunk(&mut body).await, "one");
    assert!(within(body.frame()).await.unwrap().is_err());
    let line = lines.next().await;
    assert_eq!((&*line["status"], &*line["code"]), ("200", "body-timeout"));
    assert_eq!(line["blame"], "network");
}

#[tokio::test]
async fn a_response_that_has_begun_is_cut_when_its_upload_grows_too_large() {
    // This target hides the error from the client: without the cut, the response would look whole.
    let hides = target(|request: Request<Body>| async move {
        let body = request.into_body();
        let frames = futures::stream::unfold(body, |mut body| async {
            let frame = body.frame().await?.ok()?;
            Some((Ok(frame), body))
        });
        ok(http_body_util::StreamBody::new(frames).boxed_unsync())
    });
    let (server, _route) = Server::with_config(hides, limited()).await;
    let mut lines = lines::of("begun-grows");
    let (feed, body) = fed_body();
    let mut client = server.h2().await;
    let response = within(client.send_request(post(body, "begun-grows")));
    feed.send(Ok("one".into())).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(chunk(&mut body).await, "one");
    feed.send(Ok(Bytes::from_static(&[0; 1000]))).unwrap();
    assert!(within(body.frame()).await.unwrap().is_err());
    assert_eq!(lines.next().await["code"], "body-too-large");
}

/// A target that reads its body as long as it comes, then waits for ever, and what happens to its futures.
fn reads_on() -> (Arc<dyn Target>, mpsc::UnboundedReceiver<&'static str>) {
    let (sender, events) = mpsc::unbounded_channel();
    let target = target(move |request: Request<Body>| {
        let signal = DropSignal(sender.clone());
        async move {
            let mut body = request.into_body();
            assert!(body.frame().await.unwrap().is_ok());
            signal.0.send("reading").unwrap();
            let _ = body.frame().await;
            std::future::pending().await
        }
    });
    (target, events)
}

#[tokio::test]
async fn an_http1_client_that_leaves_in_the_midst_of_its_upload_cancels_the_target() {
    let (target, mut events) = reads_on();
    let (server, _route) = Server::with_config(target, limited()).await;
    let mut lines = lines::of("leaves-upload-h1");
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nhost: a\r\nx-request-id: leaves-upload-h1\r\ncontent-length: 10\r\n\r\nhalf")
        .await
        .unwrap();
    assert_eq!(within(events.recv()).await, Some("reading"));
    drop(stream);
    assert_eq!(within(events.recv()).await, Some("dropped"));
    let line = lines.next().await;
    assert_eq!(
        (&*line["code"], &*line["blame"]),
        ("body-broken", "network")
    );
}

#[tokio::test]
async fn the_part_of_a_cancelled_upload_is_not_taken_for_the_whole() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let stores = target(move |request: Request<Body>| {
        let sender = sender.clone();
        async move {
            let mut body = request.into_body();
            assert!(body.frame().await.unwrap().is_ok());
            sender.send("reading".to_owned()).unwrap();
            // Goes on when the request is cancelled, as a guest does until it has heard of that.
            tokio::spawn(async move {
                let rest = body.collect().await.map(|_| "stored".to_owned());
                sender.send(rest.unwrap_or_else(|error| error.to_string()))
            });
            std::future::pending().await
        }
    });
    let (server, _route) = Server::with(stores).await;
    let (feed, body) = fed_body();
    let mut client = server.h2().await;
    let response = tokio::spawn(client.send_request(post(body, "part")));
    feed.send(Ok("half".into())).unwrap();
    assert_eq!(within(told.recv()).await.unwrap(), "reading");
    response.abort();
    let told = within(told.recv()).await.unwrap();
    assert_eq!(told, "error reading a body from connection");
}

#[tokio::test]
async fn a_chunk_that_is_none_is_a_bad_request_and_the_end_of_the_connection() {
    let (target, _told) = measures();
    let (server, _route) = Server::with(target).await;
    let raw = server
        .raw("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert!(raw.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{raw}");
    assert!(raw.contains(r#""code": "body-broken""#), "{raw}");
    assert_eq!(raw.matches("HTTP/1.1 ").count(), 1, "{raw}");
}

#[tokio::test]
async fn an_http2_client_that_leaves_in_the_midst_of_its_upload_cancels_the_target() {
    let (target, mut events) = reads_on();
    let (server, _route) = Server::with_config(target, limited()).await;
    let mut lines = lines::of("leaves-upload-h2");
    let (feed, body) = fed_body();
    let mut client = server.h2().await;
    let response = tokio::spawn(client.send_request(post(body, "leaves-upload-h2")));
    feed.send(Ok("half".into())).unwrap();
    assert_eq!(within(events.recv()).await, Some("reading"));
    response.abort();
    assert_eq!(within(events.recv()).await, Some("dropped"));
    assert_eq!(lines.next().await["code"], "client-gone");
}

#[tokio::test]
async fn a_stream_whose_client_reads_nothing_is_cut_and_its_neighbours_are_not() {
    let (sender, mut events) = mpsc::unbounded_channel();
    let endless = target(move |request: Request<Body>| {
        let signal = DropSignal(sender.clone());
        async move {
            if request.uri().path() == "/short" {
                std::mem::forget(signal);
                return ok(text("short"));
            }
            let frames = futures::stream::repeat_with(move || {
                let _ = &signal;
                Ok(hyper::body::Frame::data(Bytes::from_static(
                    &[0; 64 * 1024],
                )))
            });
            ok(http_body_util::StreamBody::new(frames).boxed_unsync())
        }
    });
    let limits = Limits {
        write_stall_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let (server, _route) = Server::with_config(endless, config).await;
    let mut lines = lines::of("unread");
    let mut builder = http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder.initial_stream_window_size(1);
    let mut client = server.h2_with(&builder).await;
    let request = Request::get("http://a/").header("x-request-id", "unread");
    let unread = within(client.send_request(request.body(empty()).unwrap()));
    let mut unread = unread.await.unwrap().into_body();
    assert_eq!(
        within(events.recv()).await,
        Some("dropped"),
        "the target is cancelled"
    );
    let line = lines.next().await;
    assert_eq!(
        (&*line["status"], &*line["code"]),
        ("200", "client-stalled")
    );
    assert_eq!((&*line["reason"], &*line["blame"]), ("timeout", "network"));
    let ended = within(async {
        while let Some(frame) = unread.frame().await {
            if let Err(error) = frame {
                return Some(error);
            }
        }
        None
    });
    let reset = format!("{:?}", ended.await.unwrap());
    assert!(reset.contains("CANCEL"), "{reset}");
    let short = within(client.send_request(get("http://a/short")))
        .await
        .unwrap();
    assert_eq!(read(short).await.1, "short", "the connection goes on");
}

#[tokio::test]
async fn a_short_response_that_nobody_takes_is_cut_and_logged_as_such() {
    let limits = Limits {
        write_stall_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let answer = target(|_| async { ok(text("one frame")) });
    let (server, _route) = Server::with_config(answer, config).await;
    let mut lines = lines::of("short-unread");
    let mut builder = http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder.initial_stream_window_size(0);
    let mut client = server.h2_with(&builder).await;
    let request = Request::get("http://a/").header("x-request-id", "short-unread");
    let response = client.send_request(request.body(empty()).unwrap());
    let _unread = within(response).await.unwrap();
    let line = lines.next().await;
    assert_eq!(
        (&*line["status"], &*line["code"]),
        ("200", "client-stalled")
    );
}

#[tokio::test]
async fn a_target_that_says_nothing_for_long_is_not_taken_for_a_stalled_client() {
    let (feed, body) = fed_body();
    let body = std::sync::Mutex::new(Some(body));
    let events = target(move |_: Request<Body>| {
        let body = body.lock().unwrap().take().unwrap();
        async { ok(body) }
    });
    let limit = Duration::from_millis(50);
    let limits = Limits {
        write_stall_timeout: limit,
        body_idle_timeout: limit,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let (server, _route) = Server::with_config(events, config).await;
    let mut client = server.h2().await;
    feed.send(Ok("first".into())).unwrap();
    let mut body = within(client.send_request(get("http://a/")))
        .await
        .unwrap()
        .into_body();
    assert_eq!(chunk(&mut body).await, "first");
    // The silence is what this is about.
    tokio::time::sleep(limit * 4).await;
    feed.send(Ok("second".into())).unwrap();
    assert_eq!(chunk(&mut body).await, "second");
}
