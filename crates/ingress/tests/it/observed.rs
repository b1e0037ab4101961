//! What the observer and the target hear of requests: a start and an end for each, whatever becomes of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Request, StatusCode, Version};
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use weft_api::fault::Blame;
use weft_ingress::{Body, BoxError, Config, Fault, Limits, Observer, Outcome, Target};

use crate::support::{
    Answer, Feed, Server, chunk, empty, fed_body, get, ok, read, target, text, within,
};

/// An outcome that outlives its request.
#[derive(Debug, PartialEq)]
struct Seen {
    target: Option<String>,
    status: u16,
    code: Option<&'static str>,
    cause: Option<&'static str>,
    blame: Option<Blame>,
    bytes: (u64, u64),
    protocol: Version,
}

impl Seen {
    fn of(outcome: &Outcome<'_>) -> Self {
        Self {
            target: outcome.target.map(str::to_owned),
            status: outcome.status.as_u16(),
            code: outcome.code,
            cause: outcome.cause,
            blame: outcome.blame,
            bytes: (outcome.request_bytes, outcome.response_bytes),
            protocol: outcome.protocol,
        }
    }

    /// A request to the one target over HTTP/2 that went well.
    fn good(status: u16, received: u64, sent: u64) -> Self {
        Self {
            target: Some("t/w".to_owned()),
            status,
            code: None,
            cause: None,
            blame: None,
            bytes: (received, sent),
            protocol: Version::HTTP_2,
        }
    }

    fn bad(self, code: &'static str, cause: &'static str, blame: Blame) -> Self {
        Self {
            code: Some(code),
            cause: Some(cause),
            blame: Some(blame),
            ..self
        }
    }
}

#[derive(Debug, PartialEq)]
enum Event {
    Started(Option<String>),
    Over(Seen),
}

struct Recorder(mpsc::UnboundedSender<Event>);

impl Observer for Recorder {
    fn request_started(&self, target: Option<&str>) {
        let _ = self.0.send(Event::Started(target.map(str::to_owned)));
    }

    fn request_over(&self, outcome: &Outcome<'_>) {
        assert!(outcome.latency < Duration::from_secs(60));
        let _ = self.0.send(Event::Over(Seen::of(outcome)));
    }
}

/// A server under observation, and what was observed.
struct Watched {
    server: Server,
    _route: weft_ingress::RouteGuard,
    events: mpsc::UnboundedReceiver<Event>,
}

async fn watched(target: Arc<dyn Target>) -> Watched {
    watched_with(target, Limits::default()).await
}

async fn watched_with(target: Arc<dyn Target>, limits: Limits) -> Watched {
    let (sender, events) = mpsc::unbounded_channel();
    let config = Config {
        limits,
        observer: Some(Arc::new(Recorder(sender))),
        ..Config::default()
    };
    let server = Server::start(config).await;
    let route = server.publish(&["a/"], target);
    Watched {
        server,
        _route: route,
        events,
    }
}

impl Watched {
    /// The one request so far began with this target and ended like that; nothing else was said.
    async fn saw(&mut self, seen: Seen) {
        let started = within(self.events.recv()).await.unwrap();
        assert_eq!(started, Event::Started(seen.target.clone()));
        assert_eq!(within(self.events.recv()).await.unwrap(), Event::Over(seen));
        assert!(self.events.try_recv().is_err(), "each comes once");
    }
}

#[tokio::test]
async fn a_request_that_goes_well_is_seen_with_the_bytes_of_both_bodies() {
    let counts = target(|request: Request<Body>| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        ok(text(format!("{} bytes", body.len())))
    });
    let mut watched = watched(counts).await;
    let mut client = watched.server.h2().await;
    let request = Request::post("http://a/").body(text("four")).unwrap();
    read(within(client.send_request(request)).await.unwrap()).await;
    watched.saw(Seen::good(200, 4, 7)).await;

    let raw = watched
        .server
        .raw("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(raw.ends_with("0 bytes"), "{raw}");
    let seen = Seen {
        protocol: Version::HTTP_11,
        ..Seen::good(200, 0, 7)
    };
    watched.saw(seen).await;
}

#[tokio::test]
async fn a_request_that_no_route_takes_is_seen_without_a_target() {
    let mut watched = watched(target(|_| async { ok(empty()) })).await;
    let mut client = watched.server.h2().await;
    let (_, problem) = read(within(client.send_request(get("http://b/"))).await.unwrap()).await;
    let sent = problem.len().try_into().unwrap();
    let seen = Seen {
        target: None,
        ..Seen::good(404, 0, sent).bad("unknown-host", "no-route", Blame::Network)
    };
    watched.saw(seen).await;
}

#[tokio::test]
async fn a_request_without_a_valid_host_is_seen() {
    let mut watched = watched(target(|_| async { ok(empty()) })).await;
    let raw = watched
        .server
        .raw("GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
        .await;
    let (_, problem) = raw.split_once("\r\n\r\n").unwrap();
    let sent = problem.len().try_into().unwrap();
    let seen = Seen {
        target: None,
        protocol: Version::HTTP_11,
        ..Seen::good(400, 0, sent).bad("missing-host", "missing", Blame::Network)
    };
    watched.saw(seen).await;
}

#[tokio::test]
async fn a_target_that_panics_is_seen() {
    let mut watched = watched(target(|_| async { panic!("oh") })).await;
    let mut client = watched.server.h2().await;
    let (_, problem) = read(within(client.send_request(get("http://a/"))).await.unwrap()).await;
    let sent = problem.len().try_into().unwrap();
    let seen = Seen::good(500, 0, sent).bad("internal", "panic", Blame::Host);
    watched.saw(seen).await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_seen() {
    let hangs = target(|_| std::future::pending::<Answer>());
    let mut watched = watched(hangs).await;
    let mut client = watched.server.h2().await;
    let response = tokio::spawn(client.send_request(get("http://a/")));
    let started = within(watched.events.recv()).await.unwrap();
    assert_eq!(started, Event::Started(Some("t/w".to_owned())));
    response.abort();
    let seen = Seen::good(499, 0, 0).bad("client-gone", "disconnect", Blame::Network);
    assert_eq!(
        within(watched.events.recv()).await.unwrap(),
        Event::Over(seen)
    );
    assert!(watched.events.try_recv().is_err(), "each comes once");
}

#[tokio::test]
async fn a_client_that_leaves_during_the_answer_is_seen_with_what_it_got() {
    let (feed, body) = fed_body();
    let body = Mutex::new(Some(body));
    let mut watched = watched(target(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        async { ok(body) }
    }))
    .await;
    let mut client = watched.server.h2().await;
    feed.send(Ok("first".into())).unwrap();
    let mut body = within(client.send_request(get("http://a/")))
        .await
        .unwrap()
        .into_body();
    assert_eq!(chunk(&mut body).await, "first");
    drop(body);
    let seen = Seen::good(200, 0, 5).bad("client-gone", "disconnect", Blame::Network);
    watched.saw(seen).await;
}

#[tokio::test]
async fn a_request_that_a_drain_cuts_is_seen() {
    let limits = Limits {
        drain_timeout: Duration::from_millis(20),
        ..Limits::default()
    };
    let hangs = target(|_| std::future::pending::<Answer>());
    let mut watched = watched_with(hangs, limits).await;
    let mut client = watched.server.h2().await;
    let _response = tokio::spawn(client.send_request(get("http://a/")));
    let started = within(watched.events.recv()).await.unwrap();
    assert_eq!(started, Event::Started(Some("t/w".to_owned())));
    watched.server.shutdown.cancel();
    let seen = Seen::good(503, 0, 0).bad("shutdown", "drain", Blame::Host);
    assert_eq!(
        within(watched.events.recv()).await.unwrap(),
        Event::Over(seen)
    );
}

/// A target that keeps what it is told, and explains errors that are its own.
struct Tells {
    seen: mpsc::UnboundedSender<Seen>,
    /// Gives the test the pen for the response.
    feeds: mpsc::UnboundedSender<Feed>,
}

#[derive(Debug, thiserror::Error)]
#[error("out of memory")]
struct OutOfMemory;

impl Target for Tells {
    fn name(&self) -> &str {
        "t/w"
    }

    fn call(&self, _request: Request<Body>) -> BoxFuture<'_, Answer> {
        let (feed, body) = fed_body();
        feed.send(Ok("part".into())).unwrap();
        self.feeds.send(feed).unwrap();
        Box::pin(async { ok(body) })
    }

    fn explain(&self, error: &BoxError) -> Option<Fault> {
        error.downcast_ref::<OutOfMemory>().map(|_| Fault {
            status: StatusCode::BAD_GATEWAY,
            code: "guest-trap",
            cause: "memory",
            title: "the component failed",
            reason: String::new(),
            detail: String::new(),
            blame: Blame::Guest,
            retry_after: None,
        })
    }

    fn observe(&self, outcome: &Outcome<'_>) {
        self.seen.send(Seen::of(outcome)).unwrap();
    }
}

#[tokio::test]
async fn the_target_hears_of_its_own_requests_and_explains_what_broke_its_responses() {
    let (seen, mut told) = mpsc::unbounded_channel();
    let (feeds, mut feed) = mpsc::unbounded_channel();
    let mut watched = watched(Arc::new(Tells { seen, feeds })).await;
    let mut client = watched.server.h2().await;
    let response = within(client.send_request(get("http://a/"))).await;
    let mut body = response.unwrap().into_body();
    assert_eq!(chunk(&mut body).await, "part");
    let feed = within(feed.recv()).await.unwrap();
    feed.send(Err(OutOfMemory.into())).unwrap();
    assert!(within(body.frame()).await.unwrap().is_err());
    let expected = || Seen::good(200, 0, 4).bad("guest-trap", "memory", Blame::Guest);
    watched.saw(expected()).await;
    assert_eq!(within(told.recv()).await.unwrap(), expected());
    within(client.ready()).await.unwrap();
    read(within(client.send_request(get("http://b/"))).await.unwrap()).await;
    assert!(
        told.try_recv().is_err(),
        "a request that it did not get is not its own"
    );
}
