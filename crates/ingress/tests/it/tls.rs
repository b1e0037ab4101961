//! TLS in front of HTTP: which certificate a client sees, who may come in, and what does not.

mod handshakes;
mod reload;

use std::sync::Arc;

use http::{Request, StatusCode, Version};
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weft_ingress::{Body, Config, Limits, RouteGuard, Stats, Tls, TlsFiles};

use crate::support::certificates::{Authority, Client};
use crate::support::{Server, get, ok, read, target, text, within};

/// A listener with TLS whose workload answers with the URI that it was asked for.
struct Secure {
    server: Server,
    tls: Tls,
    stats: Arc<Stats>,
    _route: RouteGuard,
}

impl Secure {
    async fn with(files: TlsFiles) -> Self {
        Self::limited(files, Limits::default()).await
    }

    async fn limited(files: TlsFiles, limits: Limits) -> Self {
        let stats = Arc::new(Stats::default());
        let tls = Tls::load(files, Arc::clone(&stats)).await.unwrap();
        let config = Config {
            limits,
            tls: Some(tls.clone()),
            stats: Arc::clone(&stats),
            ..Config::default()
        };
        let uri =
            target(|request: Request<Body>| async move { ok(text(request.uri().to_string())) });
        let (server, route) = Server::with_config(uri, config).await;
        Self {
            server,
            tls,
            stats,
            _route: route,
        }
    }
}

/// What the workload answers to `support::get`.
const ANSWER: &str = "https://test.example/";

#[tokio::test]
async fn a_client_sees_the_certificate_of_the_name_that_it_asks_for() {
    let authority = Authority::new();
    let mut files = authority.tls_files(&["a.example"]);
    files
        .pairs
        .push(authority.files("b", &["b.example", "c.example"]));
    let secure = Secure::with(files).await;
    let client = Client::gullible();
    for (name, shown) in [
        ("a.example", "a.example"),
        ("b.example", "b.example"),
        ("C.EXAMPLE", "b.example"),
        ("unknown.example", "a.example"),
        // An address is not sent as a name.
        ("127.0.0.1", "a.example"),
    ] {
        let names = client.shown(secure.server.addr, name).await;
        assert_eq!(names[0], shown, "asked for {name}");
    }
}

#[tokio::test]
async fn a_wildcard_is_for_one_label_and_gives_way_to_an_exact_name() {
    let authority = Authority::new();
    let mut files = authority.tls_files(&["first.example"]);
    files.pairs.push(authority.files("wild", &["*.a.example"]));
    files.pairs.push(authority.files("exact", &["x.a.example"]));
    let secure = Secure::with(files).await;
    let client = Client::gullible();
    for (name, shown) in [
        ("b.a.example", "*.a.example"),
        ("x.a.example", "x.a.example"),
        ("a.example", "first.example"),
        ("c.b.a.example", "first.example"),
    ] {
        let names = client.shown(secure.server.addr, name).await;
        assert_eq!(names, [shown], "asked for {name}");
    }
}

#[tokio::test]
async fn http2_is_agreed_on_where_both_can_and_http1_otherwise() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&["a.example"])).await;
    let addr = secure.server.addr;
    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let client = authority.client().offering(offered);
        let stream = client.connect(addr, "a.example").await.unwrap();
        let protocol = stream.get_ref().1.alpn_protocol();
        assert_eq!(protocol, agreed.map(str::as_bytes), "offered {offered:?}");
    }
    let strange = authority.client().offering(&["spdy/3"]);
    assert!(strange.connect(addr, "a.example").await.is_err());
}

#[tokio::test]
async fn requests_over_tls_have_the_scheme_https_in_both_protocols() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&["a.example"])).await;
    let client = authority.client();
    let mut h1 = client.h1(secure.server.addr, "a.example").await;
    let response = within(h1.send_request(get("/"))).await.unwrap();
    assert_eq!(read(response).await, (StatusCode::OK, ANSWER.to_owned()));

    let client = client.offering(&["h2"]);
    let mut h2 = client.h2(secure.server.addr, "a.example").await;
    let response = within(h2.send_request(get("https://test.example/")))
        .await
        .unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(read(response).await.1, ANSWER);
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&["a.example"])).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = Client::gullible_with(&[version]);
        let stream = client
            .connect(secure.server.addr, "a.example")
            .await
            .unwrap();
        let spoken = stream.get_ref().1.protocol_version();
        assert_eq!(spoken, Some(version.version));
    }
}

#[tokio::test]
async fn who_comes_again_needs_no_full_handshake() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&["a.example"])).await;
    let client = authority.client();
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let mut stream = client
            .connect(secure.server.addr, "a.example")
            .await
            .unwrap();
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
        // The ticket comes with the first bytes after the handshake.
        let request = b"GET / HTTP/1.1\r\nhost: test.example\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.ends_with(ANSWER.as_bytes()));
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed]);
}
