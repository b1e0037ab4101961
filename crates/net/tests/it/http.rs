//! Requests without TLS: which connection they use, within which time, and what the guest is told.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wasmtime_wasi_http::Error as WasiError;
use weft_net::firewall::quota::{Quota, TenantQuota};
use weft_net::outbound::RequestBody;
use weft_net::outbound::client::{ClientConfig, HttpClient, PoolLimits, Times};
use weft_net::outbound::error::HttpError;
use weft_net::outbound::roots;

use crate::server::Server;
use crate::support::{LOOPBACK, Rig, Setup, until, within};

/// How long a request waits for a place.
const PLACE: Duration = Duration::from_millis(100);

/// A client that may reach these ports of the machine.
fn client(ports: &[u16], quota: Option<Quota>, limits: PoolLimits) -> (HttpClient, Rig) {
    let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
    let ports: Vec<_> = ports.iter().map(String::as_str).collect();
    let rig = Setup {
        ports: &ports,
        settings: LOOPBACK,
        quota,
        ..Setup::default()
    }
    .build();
    let client = HttpClient::new(
        rig.firewall.clone(),
        ClientConfig {
            roots: roots::webpki(),
            place: PLACE,
            pool: limits,
        },
    )
    .expect("TLS");
    (client, rig)
}

fn usual(ports: &[u16]) -> HttpClient {
    client(ports, None, PoolLimits::default()).0
}

pub(crate) fn request(url: &str, body: &'static str) -> Request<RequestBody> {
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    Request::post(url).body(body).expect("a request")
}

fn grpc(url: &str) -> Request<RequestBody> {
    let mut request = request(url, "message");
    let kind = http::HeaderValue::from_static("application/grpc+proto");
    request.headers_mut().insert("content-type", kind);
    request
}

pub(crate) async fn text(
    client: &HttpClient,
    request: Request<RequestBody>,
) -> Result<String, HttpError> {
    within(async {
        let response = client.send(request, Times::default()).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8_lossy(&body).into_owned())
    })
    .await
}

#[tokio::test]
async fn a_request_arrives_with_its_parts_and_the_response_comes_back() {
    let server = Server::start(None).await;
    let answer = text(
        &usual(&[server.port]),
        request(&server.url("http", "/path?query"), "body"),
    )
    .await;
    assert_eq!(
        answer.expect("a response"),
        "HTTP/1.1 POST /path host.weft.internal body"
    );
}

#[tokio::test]
async fn the_host_field_is_the_host_that_was_checked_whatever_the_guest_wrote() {
    let server = Server::start(None).await;
    let mut lying = request(&format!("http://HOST.weft.internal.:{}/", server.port), "");
    lying
        .headers_mut()
        .insert("host", http::HeaderValue::from_static("evil.test"));
    let answer = text(&usual(&[server.port]), lying)
        .await
        .expect("a response");
    assert_eq!(answer, "HTTP/1.1 POST / host.weft.internal ");
}

#[tokio::test]
async fn requests_one_after_the_other_use_one_connection() {
    let server = Server::start(None).await;
    let client = usual(&[server.port]);
    for _ in 0..5 {
        text(&client, request(&server.url("http", "/"), ""))
            .await
            .expect("a response");
        until(|| client.kept() == 1).await;
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_connection_that_waited_too_long_is_not_used_again() {
    let server = Server::start(None).await;
    let limits = PoolLimits {
        idle_time: Duration::ZERO,
        ..PoolLimits::default()
    };
    let quota = TenantQuota::new(1).workload(1);
    let (client, _rig) = client(&[server.port], Some(quota.clone()), limits);
    for _ in 0..2 {
        text(&client, request(&server.url("http", "/"), ""))
            .await
            .expect("a response");
        until(|| quota.used() == 0).await;
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn connections_that_wait_make_room_for_one_to_another_destination() {
    let (one, other) = (Server::start(None).await, Server::start(None).await);
    let quota = TenantQuota::new(1).workload(1);
    let ports = [one.port, other.port];
    let (client, _rig) = client(&ports, Some(quota.clone()), PoolLimits::default());
    for server in [&one, &other, &one] {
        text(&client, request(&server.url("http", "/"), ""))
            .await
            .expect("a response");
        until(|| client.kept() == 1).await;
        assert_eq!(quota.used(), 1);
    }
}

#[tokio::test]
async fn a_request_that_finds_no_place_in_time_is_refused() {
    let server = Server::start(None).await;
    let quota = TenantQuota::new(1).workload(1);
    let (client, _rig) = client(&[server.port], Some(quota.clone()), PoolLimits::default());
    let _taken = quota.take().expect("the only place");
    let refused = text(&client, request(&server.url("http", "/"), "")).await;
    let refused = refused.expect_err("no place");
    assert!(
        refused.to_string().contains("1 outbound connections"),
        "{refused}"
    );
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn connections_go_with_the_client() {
    let server = Server::start(None).await;
    let quota = TenantQuota::new(1).workload(1);
    let (client, rig) = client(&[server.port], Some(quota.clone()), PoolLimits::default());
    text(&client, request(&server.url("http", "/"), ""))
        .await
        .expect("a response");
    drop((client, rig));
    until(|| quota.used() == 0).await;
}

#[tokio::test]
async fn grpc_without_tls_is_http_2_and_shares_one_connection() {
    let server = Server::start(None).await;
    let client = usual(&[server.port]);
    let url = server.url("http", "/svc/method");
    let answers = futures(&client, &url).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.starts_with("HTTP/2.0 POST /svc/method")),
        "{answers:?}"
    );
    assert_eq!(server.accepted(), 1);
}

/// Ten requests at the same time.
async fn futures(client: &HttpClient, url: &str) -> Vec<String> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (client, request) = (client.clone(), grpc(url));
        tasks.spawn(async move { text(&client, request).await.expect("a response") });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_follows_it() {
    let server = Server::start(None).await;
    let (client, rig) = client(&[server.port], None, PoolLimits::default());
    let response = client.send(
        request(&server.url("http", "/redirect"), ""),
        Times::default(),
    );
    let response = within(response).await.expect("a response");
    assert_eq!(response.status(), 302);
    let next = response.headers()["location"]
        .to_str()
        .expect("a URL")
        .to_owned();
    let followed = text(&client, request(&next, "")).await;
    assert!(matches!(followed, Err(HttpError::Denied(_))));
    assert_eq!(rig.told.all().len(), 1);
}

#[tokio::test]
async fn a_denied_request_reaches_nobody_and_is_reported_once() {
    let server = Server::start(None).await;
    let (client, rig) = client(&[], None, PoolLimits::default());
    let denied = text(&client, request(&server.url("http", "/"), "")).await;
    assert!(matches!(denied, Err(HttpError::Denied(_))));
    assert_eq!(server.accepted(), 0);
    assert_eq!(rig.told.all().len(), 1);
}

#[tokio::test]
async fn a_tunnel_is_not_opened() {
    let server = Server::start(None).await;
    let mut tunnel = request(&server.url("http", "/"), "");
    *tunnel.method_mut() = http::Method::CONNECT;
    let refused = text(&usual(&[server.port]), tunnel).await;
    assert!(matches!(refused, Err(HttpError::Method(_))));
    assert_eq!(server.accepted(), 0);
}

/// A server that reads a request on each connection and writes these bytes, and then closes it or leaves it open.
async fn raw(bytes: &'static [u8], close: bool) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(bytes).await;
            if !close {
                open.push(stream);
            }
        }
    });
    port
}

fn url(port: u16) -> String {
    format!("http://host.weft.internal:{port}/")
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_it_waited_costs_no_request() {
    let port = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true).await;
    let client = usual(&[port]);
    for _ in 0..5 {
        assert_eq!(
            text(&client, request(&url(port), ""))
                .await
                .expect("a response"),
            "ok"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_after_the_first_byte_time() {
    let port = raw(b"", false).await;
    let times = Times {
        first_byte: Duration::from_millis(50),
        ..Times::default()
    };
    let client = usual(&[port]);
    let late = within(client.send(request(&url(port), ""), times)).await;
    assert!(matches!(late, Err(HttpError::FirstByte(_))));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_after_the_time_between_bytes() {
    let port = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegin", false).await;
    let times = Times {
        between_bytes: Duration::from_millis(50),
        ..Times::default()
    };
    let client = usual(&[port]);
    let response = within(client.send(request(&url(port), ""), times))
        .await
        .expect("a response");
    let failed = within(response.into_body().collect())
        .await
        .expect_err("no whole body");
    assert!(matches!(failed, HttpError::BetweenBytes(_)));
}

#[tokio::test]
async fn each_failure_is_an_error_code_of_the_interface() {
    let (client, _rig) = client(&[], None, PoolLimits::default());
    let code = async |url: &str| {
        WasiError::from(
            text(&client, request(url, ""))
                .await
                .expect_err("a failure"),
        )
    };
    assert!(matches!(
        code("http://example.com/").await,
        WasiError::HttpRequestDenied
    ));
    assert!(matches!(
        code("http://169.254.169.254/").await,
        WasiError::DestinationIpProhibited
    ));
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a listener");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let refused = text(&usual(&[port]), request(&url(port), ""))
        .await
        .expect_err("a failure");
    assert!(matches!(
        WasiError::from(refused),
        WasiError::ConnectionRefused
    ));
    let none = TenantQuota::new(0).workload(0);
    let limits = PoolLimits::default();
    let full = self::client(&[port], Some(none), limits).0;
    let times = Times {
        connect: Duration::from_millis(50),
        ..Times::default()
    };
    let late = within(full.send(request(&url(port), ""), times))
        .await
        .map(|_| ());
    assert!(matches!(
        late.map_err(WasiError::from),
        Err(WasiError::ConnectionLimitReached | WasiError::ConnectionTimeout)
    ));
}
