//! Requests whose length two servers could read differently: refused with 400, or read in one way, and never two
//! requests out of one.

use http::Request;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::Mutex;
use weft_ingress::{Body, RouteGuard};

use crate::support::{Server, neighbour::Neighbour, ok, target, text, within};

/// What reached the target: method, path and body, or how the body failed.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server that notes what its target was asked.
async fn server() -> (Server, RouteGuard, Seen) {
    let seen = Seen::default();
    let note = Arc::clone(&seen);
    let target = target(move |request: Request<Body>| {
        let note = Arc::clone(&note);
        async move {
            let (head, body) = request.into_parts();
            let body = match within(body.collect()).await {
                Ok(body) => String::from_utf8(body.to_bytes().to_vec()).unwrap(),
                Err(_) => "(failed)".to_owned(),
            };
            if head.uri.path() != "/" {
                let request = format!("{} {} {body}", head.method, head.uri.path());
                note.lock().unwrap().push(request);
            }
            ok(text("hello"))
        }
    });
    let (server, route) = Server::with(target).await;
    (server, route, seen)
}

/// A request that would be served if it were read as one of its own.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";

/// A server with a neighbour that is served during all attacks.
struct Attacks {
    server: Server,
    seen: Seen,
    neighbour: Neighbour,
    _route: RouteGuard,
}

impl Attacks {
    async fn begin() -> Self {
        let (server, route, seen) = server().await;
        Self {
            neighbour: Neighbour::beside(&server).await,
            server,
            seen,
            _route: route,
        }
    }

    /// Sends a head, and behind it what must not become a request. Returns what came back and what reached the target.
    async fn send(&self, head: &str, body: &str) -> (String, Vec<String>) {
        let bytes = format!("{head}\r\n\r\n{body}{SMUGGLED}");
        let answer = self.server.raw(&bytes).await;
        (answer, std::mem::take(&mut self.seen.lock().unwrap()))
    }

    async fn end(self) {
        self.neighbour.was_served().await;
    }
}

/// Heads that are refused before anything reaches a workload.
const REFUSED: [(&str, &str); 21] = [
    (
        "lengths that differ",
        "content-length: 5\r\ncontent-length: 6",
    ),
    ("lengths in a list", "content-length: 5, 6"),
    ("equal lengths in a list", "content-length: 5, 5"),
    ("a negative length", "content-length: -1"),
    ("a length with a sign", "content-length: +5"),
    (
        "a length above 64 bits",
        "content-length: 18446744073709551616",
    ),
    ("a length in hexadecimal", "content-length: 0x5"),
    ("a length of nothing", "content-length: "),
    ("a length with a space inside", "content-length: 1 0"),
    ("space before the colon", "content-length : 5"),
    ("tab before the colon", "transfer-encoding\t: chunked"),
    (
        "chunked that is not last",
        "transfer-encoding: chunked, identity",
    ),
    ("not chunked at all", "transfer-encoding: identity"),
    (
        "a coding that is almost chunked",
        "transfer-encoding: xchunked",
    ),
    ("a coding in quotes", "transfer-encoding: \"chunked\""),
    (
        "chunked undone by a second header",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
    ),
    (
        "a line folded into the next",
        "x-a: b\r\n transfer-encoding: chunked",
    ),
    ("a header without a name", ": chunked"),
    ("a header without a colon", "transfer-encoding chunked"),
    (
        "a carriage return inside",
        "x-a: b\rtransfer-encoding: chunked",
    ),
    ("a zero byte", "x-a: b\0"),
];

#[tokio::test]
async fn a_head_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed() {
    let attacks = Attacks::begin().await;
    for (what, header) in REFUSED {
        let head = &format!("POST /first HTTP/1.1\r\nhost: a\r\n{header}");
        let (answer, seen) = attacks.send(head, "0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
        assert_eq!(seen, Vec::<String>::new(), "{what}");
    }
    attacks.end().await;
}

#[tokio::test]
async fn transfer_encoding_in_http_1_0_is_refused() {
    let attacks = Attacks::begin().await;
    let head = "POST /first HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked";
    let (answer, seen) = attacks.send(head, "0\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.0 400 ") || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    assert_eq!(seen, Vec::<String>::new());
    attacks.end().await;
}

#[tokio::test]
async fn a_length_that_cannot_be_counted_to_is_refused() {
    let attacks = Attacks::begin().await;
    for length in [u64::MAX, u64::MAX - 1] {
        let head = &format!("POST /first HTTP/1.1\r\nhost: a\r\ncontent-length: {length}");
        let (answer, seen) = attacks.send(head, "").await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert_eq!(seen, Vec::<String>::new());
    }
    attacks.end().await;
}

/// RFC 9112, 6.3: chunked wins, and the connection must not be used again.
#[tokio::test]
async fn with_a_length_and_chunks_the_chunks_count_and_the_connection_is_closed() {
    let attacks = Attacks::begin().await;
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
        "transfer-encoding: chunked\r\ncontent-length: nonsense",
    ] {
        let head = &format!("POST /first HTTP/1.1\r\nhost: a\r\n{headers}");
        let (answer, seen) = attacks.send(head, "3\r\nabc\r\n0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{headers}: {answer}");
        assert!(
            answer.contains("connection: close\r\n"),
            "{headers}: {answer}"
        );
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{headers}: {answer}"
        );
        assert_eq!(seen, ["POST /first abc"], "{headers}");
    }
    attacks.end().await;
}

/// Chunks that are not what they should be.
const BAD_CHUNKS: [(&str, &str); 8] = [
    ("a size that is no number", "xyz\r\nabc\r\n0\r\n\r\n"),
    ("a negative size", "-1\r\nabc\r\n0\r\n\r\n"),
    ("a size with a prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
    (
        "a size above 64 bits",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    ),
    ("no size", "\r\nabc\r\n0\r\n\r\n"),
    ("a bare line feed after the size", "3\nabc\r\n0\r\n\r\n"),
    ("more data than announced", "3\r\nabcdef\r\n0\r\n\r\n"),
    ("a bare line feed after the data", "3\r\nabc\n0\r\n\r\n"),
];

#[tokio::test]
async fn a_body_with_bad_chunks_fails_and_nothing_behind_it_is_a_request() {
    let attacks = Attacks::begin().await;
    for (what, body) in BAD_CHUNKS {
        let head = "POST /first HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked";
        let (answer, seen) = attacks.send(head, body).await;
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{what}: {answer}");
        assert_eq!(seen, ["POST /first (failed)"], "{what}");
    }
    attacks.end().await;
}

/// RFC 9112, 2.2 lets a server take a bare line feed for the end of a line. What matters is that it is one for all.
#[tokio::test]
async fn a_bare_line_feed_ends_a_line_and_hides_nothing() {
    let (server, _route, seen) = server().await;
    let head = "POST /first HTTP/1.1\nhost: a\nconnection: close\ncontent-length: 3\n\nabc";
    let answer = server.raw(head).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(*seen.lock().unwrap(), ["POST /first abc"]);
}

#[tokio::test]
async fn what_a_target_does_not_read_of_a_body_is_not_the_next_request() {
    let (server, _route) = Server::with(target(|_| async { ok(text("unread")) })).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\n";
    let length = SMUGGLED.len() * 10_000;
    let body = SMUGGLED.repeat(10_000);
    let answer = server
        .raw(&format!("{head}content-length: {length}\r\n\r\n{body}"))
        .await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}
