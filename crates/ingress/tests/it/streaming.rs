//! Bodies stream in both directions, with back-pressure, and a body that fails ends the response abnormally.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use bytes::Bytes;
use futures::stream;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use weft_api::fault::Blame;
use weft_ingress::{Body, BoxError, Fault, Target};

use crate::support::{
    Answer, Feed, Server, chunk, empty, fed_body, get, get_with_id, lines, ok, target, text, within,
};

async fn echo(request: Request<Body>) -> Answer {
    ok(request.into_body())
}

async fn ping_pong(feed: Feed, mut body: Incoming) {
    for word in ["one", "two", "three"] {
        feed.send(Ok(word.into())).unwrap();
        assert_eq!(chunk(&mut body).await, word);
    }
    drop(feed);
    assert_eq!(within(body.collect()).await.unwrap().to_bytes(), "");
}

#[tokio::test]
async fn an_echo_answers_before_the_request_has_ended() {
    let (server, _route) = Server::with(target(echo)).await;

    let (feed, body) = fed_body();
    let request = Request::post("/").header("host", "a").body(body).unwrap();
    let response = within(server.h1().await.send_request(request))
        .await
        .unwrap();
    ping_pong(feed, response.into_body()).await;

    let (feed, body) = fed_body();
    let request = Request::post("http://a/").body(body).unwrap();
    let response = within(server.h2().await.send_request(request))
        .await
        .unwrap();
    ping_pong(feed, response.into_body()).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_body_back() {
    const CHUNK: usize = 64 * 1024;
    const CHUNKS: usize = 512;
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let (server, _route) = Server::with(target(move |request: Request<Body>| {
        let counter = Arc::clone(&counter);
        async move {
            if request.uri().path() == "/short" {
                return ok(empty());
            }
            let long = stream::poll_fn(move |_| {
                let more = counter.fetch_add(1, Ordering::Relaxed) < CHUNKS;
                Poll::Ready(more.then(|| Ok(Frame::data(Bytes::from_static(&[0; CHUNK])))))
            });
            ok(StreamBody::new(long).boxed_unsync())
        }
    }))
    .await;
    let mut client = server.h2().await;
    let long = within(client.send_request(get("http://a/long")))
        .await
        .unwrap();
    for _ in 0..50 {
        // Each round trip on the connection gives the server another turn to send too much.
        within(client.send_request(get("http://a/short")))
            .await
            .unwrap();
    }
    // The client's window for one stream is 2 MiB, which is 32 chunks; a few more are in buffers.
    let unread = made.load(Ordering::Relaxed);
    assert!(
        unread < 64,
        "{unread} chunks were made for a client that reads nothing"
    );

    let body = within(long.into_body().collect()).await.unwrap().to_bytes();
    assert_eq!(body.len(), CHUNK * CHUNKS);
}

/// A target whose one response has a body that the test feeds.
fn fed() -> (Feed, Arc<dyn Target>) {
    let (feed, body) = fed_body();
    let body = Mutex::new(Some(body));
    let target = target(move |_| {
        let body = body.lock().unwrap().take().unwrap_or_else(empty);
        async { ok(body) }
    });
    (feed, target)
}

#[tokio::test]
async fn a_body_that_fails_ends_an_http1_response_without_the_last_chunk() {
    let (feed, target) = fed();
    let (server, _route) = Server::with(target).await;
    let mut lines = lines::of("body-fails-h1");
    feed.send(Ok("partial".into())).unwrap();
    feed.send(Err("the disk is gone".into())).unwrap();
    let raw = server
        .raw("GET / HTTP/1.1\r\nhost: a\r\nx-request-id: body-fails-h1\r\n\r\n")
        .await;
    assert!(!raw.contains("\r\n0\r\n"), "{raw}");
    let line = lines.next().await;
    assert_eq!(line["status"], "200");
    assert_eq!(line["bytes"], "7");
    assert_eq!(line["blame"], "host");
    assert_eq!(
        line["detail"],
        "the response's body failed: the disk is gone"
    );
    assert!(!lines.has_more());
}

#[tokio::test]
async fn a_body_that_fails_resets_an_http2_stream_and_leaves_the_connection() {
    let (feed, target) = fed();
    let (server, _route) = Server::with(target).await;
    let mut client = server.h2().await;
    let mut lines = lines::of("body-fails-h2");
    feed.send(Ok("partial".into())).unwrap();
    let request = get_with_id("http://a/", "body-fails-h2");
    let mut body = within(client.send_request(request))
        .await
        .unwrap()
        .into_body();
    assert_eq!(chunk(&mut body).await, "partial");
    feed.send(Err(Box::new(trapped()))).unwrap();
    assert!(within(body.frame()).await.unwrap().is_err());
    let line = lines.next().await;
    assert_eq!(line["blame"], "guest", "a fault says who is to blame");
    assert_eq!(
        line["detail"],
        "the response's body failed: trap: unreachable executed"
    );
    let again = within(client.send_request(get("http://a/"))).await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
}

fn trapped() -> Fault {
    Fault {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "trap",
        cause: "trap",
        title: "Trap",
        reason: "the workload failed".to_owned(),
        detail: "unreachable executed".to_owned(),
        blame: Blame::Guest,
        retry_after: None,
    }
}

#[tokio::test]
async fn a_body_that_panics_ends_the_response_and_nothing_else() {
    let panics = target(|request: Request<Body>| async move {
        let frames = stream::poll_fn(move |_| -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            assert!(request.uri().path() != "/panic", "out of frames");
            Poll::Ready(None)
        });
        ok(StreamBody::new(frames).boxed_unsync())
    });
    let (server, _route) = Server::with(panics).await;
    let mut client = server.h2().await;
    let mut lines = lines::of("body-panics");
    let panicked = within(client.send_request(get_with_id("http://a/panic", "body-panics"))).await;
    if let Ok(response) = panicked {
        assert!(within(response.into_body().collect()).await.is_err());
    }
    let line = lines.next().await;
    assert_eq!(
        line["detail"],
        "the response's body panicked: out of frames"
    );
    assert_eq!(line["blame"], "host");
    let again = within(client.send_request(get("http://a/"))).await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
}

/// Bytes that may be on their way between a target and a client: the buffers of both, and the kernel's in between.
const UNDER_WAY: usize = 16 * 1024 * 1024;
/// What travels in the tests of back-pressure: much more than that.
const TRAVELS: usize = 4 * UNDER_WAY;
const PIECE: usize = 64 * 1024;

/// A body without end, and how many bytes of it were made.
fn endless() -> (Body, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let frames = stream::repeat_with(move || {
        counter.fetch_add(PIECE, Ordering::Relaxed);
        Ok(Frame::data(Bytes::from_static(&[0; PIECE])))
    });
    (StreamBody::new(frames).boxed_unsync(), made)
}

/// Takes a body piece by piece, and fails if far more was made than was taken.
async fn take_slowly<B>(mut body: B, made: &AtomicUsize)
where
    B: hyper::body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin,
{
    let mut taken = 0;
    while taken < TRAVELS {
        taken += within(body.frame())
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap()
            .len();
        let ahead = made.load(Ordering::Relaxed).saturating_sub(taken);
        assert!(
            ahead <= UNDER_WAY,
            "{ahead} bytes were made ahead of the reader"
        );
        // Whoever could make more now gets the chance to.
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_target_makes_no_more_than_its_client_reads() {
    for http2 in [false, true] {
        let (body, made) = endless();
        let body = Mutex::new(Some(body));
        let (server, _route) = Server::with(target(move |_| {
            let body = body.lock().unwrap().take().unwrap();
            async { ok(body) }
        }))
        .await;
        let response = if http2 {
            within(server.h2().await.send_request(get("http://a/"))).await
        } else {
            within(server.h1().await.send_request(get("/"))).await
        };
        take_slowly(response.unwrap().into_body(), &made).await;
    }
}

#[tokio::test]
async fn a_client_sends_no_more_than_the_target_reads() {
    for http2 in [false, true] {
        let (body, made) = endless();
        let (server, _route) = Server::with(target(move |request: Request<Body>| {
            let made = Arc::clone(&made);
            async move {
                take_slowly(request.into_body(), &made).await;
                ok(empty())
            }
        }))
        .await;
        let request = |uri| Request::post(uri).header("host", "a");
        let response = if http2 {
            let request = request("http://a/").body(body).unwrap();
            within(server.h2().await.send_request(request)).await
        } else {
            let request = request("/").body(body).unwrap();
            within(server.h1().await.send_request(request)).await
        };
        assert_eq!(response.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_client_that_opens_the_window_by_one_byte_gets_a_small_part_of_a_large_frame_made_ready()
{
    let (server, _route) = Server::with(target(|_| async {
        let large = stream::once(async { Ok(Frame::data(Bytes::from_static(&[7; 1_000_000]))) });
        ok(StreamBody::new(large).boxed_unsync())
    }))
    .await;
    let mut lines = lines::of("one-byte");
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(1);
    let mut client = server.h2_with(&builder).await;
    let response = within(client.send_request(get_with_id("http://a/", "one-byte")));
    let mut body = response.await.unwrap().into_body();
    assert_eq!(chunk(&mut body).await.len(), 1);
    drop(body);
    let line = lines.next().await;
    let ready: usize = line["bytes"].parse().unwrap();
    assert!(
        ready <= 64 * 1024,
        "{ready} bytes were given to the connection"
    );
}

#[tokio::test]
async fn a_large_frame_arrives_whole_over_both_versions() {
    let large: Vec<u8> = (0..1_000_003_u32).map(|n| n.to_le_bytes()[0]).collect();
    let sent = Bytes::from(large);
    let answer = sent.clone();
    let (server, _route) = Server::with(target(move |_| {
        let trailers = http::HeaderMap::from_iter([("x".parse().unwrap(), "y".parse().unwrap())]);
        let body = text(answer.clone());
        let body = body.with_trailers(std::future::ready(Some(Ok(trailers))));
        async { ok(body.boxed_unsync()) }
    }))
    .await;
    let response = within(server.h2().await.send_request(get("http://a/"))).await;
    let body = within(response.unwrap().into_body().collect())
        .await
        .unwrap();
    assert_eq!(body.trailers().unwrap()["x"], "y");
    assert!(body.to_bytes() == sent);
    let response = within(server.h1().await.send_request(get("/"))).await;
    let body = within(response.unwrap().into_body().collect())
        .await
        .unwrap();
    assert!(body.to_bytes() == sent);
}
