//! A balancer in front, which says where its connections come from.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weft_ingress::{Config, Limits, Refusal, RouteGuard, Stats, Tls};
use weft_testkit::until;

use crate::support::certificates::Authority;
use crate::support::{Server, lines, ok, read_to_end, target, text, within};

/// A listener behind a balancer.
struct Behind {
    server: Server,
    stats: Arc<Stats>,
    _route: RouteGuard,
}

impl Behind {
    async fn with(limits: Limits) -> Self {
        Self::over(limits, None).await
    }

    async fn over(limits: Limits, tls: Option<Tls>) -> Self {
        let stats = Arc::new(Stats::default());
        let config = Config {
            limits,
            tls,
            proxy_protocol: true,
            stats: Arc::clone(&stats),
            ..Config::default()
        };
        let hello = target(|_| async { ok(text("hello")) });
        let (server, route) = Server::with_config(hello, config).await;
        Self {
            server,
            stats,
            _route: route,
        }
    }

    /// Sends bytes and reads until the server closes the connection.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.open(bytes).await;
        read_to_end(&mut stream).await
    }

    async fn open(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.server.addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

/// A header for a client at this address, to any destination.
fn header(client: &str) -> Vec<u8> {
    let client: SocketAddr = client.parse().unwrap();
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n\x21".to_vec();
    match client.ip() {
        std::net::IpAddr::V4(ip) => {
            bytes.extend(b"\x11\x00\x0c");
            bytes.extend(ip.octets());
            bytes.extend([10, 0, 0, 1]);
        }
        std::net::IpAddr::V6(ip) => {
            bytes.extend(b"\x21\x00\x24");
            bytes.extend(ip.octets());
            bytes.extend([0; 16]);
        }
    }
    bytes.extend(client.port().to_be_bytes());
    bytes.extend(443_u16.to_be_bytes());
    bytes
}

const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

fn request(id: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: {id}\r\n\r\n").into()
}

#[tokio::test]
async fn the_log_has_the_address_of_the_client() {
    let behind = Behind::with(Limits::default()).await;
    for (client, id) in [
        ("203.0.113.9:4711", "proxied-v4"),
        ("[2001:db8::9]:4711", "proxied-v6"),
    ] {
        let mut lines = lines::of(id);
        let answer = behind.raw(&[header(client), request(id)].concat()).await;
        assert!(answer.ends_with("hello"), "{answer}");
        assert_eq!(lines.next().await["peer"], client);
    }
}

#[tokio::test]
async fn a_connection_of_the_balancer_itself_has_the_address_of_its_socket() {
    let behind = Behind::with(Limits::default()).await;
    let mut lines = lines::of("proxied-local");
    let mut stream = behind.open(LOCAL).await;
    let own = stream.local_addr().unwrap().to_string();
    stream.write_all(&request("proxied-local")).await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("hello"));
    assert_eq!(lines.next().await["peer"], own);
}

#[tokio::test]
async fn the_limit_for_one_address_counts_clients_and_not_the_balancer() {
    let limits = Limits {
        max_connections_per_peer: 1,
        ..Limits::default()
    };
    let behind = Behind::with(limits).await;
    let mut first = behind.open(&header("203.0.113.1:1")).await;
    let request_of_first = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    first.write_all(request_of_first).await.unwrap();
    within(first.read_exact(&mut [0; 12])).await.unwrap();
    let other = [header("203.0.113.2:1"), request("limit-other")].concat();
    assert!(behind.raw(&other).await.ends_with("hello"));
    let same = [header("203.0.113.1:2"), request("limit-same")].concat();
    assert_eq!(behind.raw(&same).await, "");
    assert_eq!(behind.stats.refused(Refusal::PeerLimit), 1);
}

#[tokio::test]
async fn a_connection_without_a_valid_header_is_refused() {
    let behind = Behind::with(Limits::default()).await;
    let mut cut = header("203.0.113.1:1");
    cut.truncate(20);
    let short = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x04\x7f\0\0\x01".to_vec();
    let version_1 = b"PROXY TCP4 203.0.113.1 10.0.0.1 1 443\r\n".to_vec();
    let refused = [
        request("no-header"),
        [version_1, request("version-1")].concat(),
        [short, request("short")].concat(),
        [b"\r\n\r\n\0\r\nQUIT\r".to_vec(), request("bad")].concat(),
    ];
    for bytes in &refused {
        assert_eq!(behind.raw(bytes).await, "");
    }
    let mut stream = behind.open(&cut).await;
    stream.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert_eq!(behind.stats.refused(Refusal::ProxyHeader), 5);
}

#[tokio::test]
async fn a_look_whether_the_port_is_open_is_no_refusal() {
    let behind = Behind::with(Limits::default()).await;
    drop(behind.open(b"").await);
    until(|| behind.stats.accepted() == 1 && behind.stats.open() == 0).await;
    assert_eq!(behind.stats.refused(Refusal::ProxyHeader), 0);
}

#[tokio::test]
async fn a_header_that_does_not_come_in_time_ends_the_connection() {
    let limits = Limits {
        handshake_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let behind = Behind::with(limits).await;
    let whole = header("203.0.113.1:1");
    for length in [0, 5, 16, 20] {
        assert_eq!(
            behind.raw(&whole[..length]).await,
            "",
            "after {length} bytes"
        );
    }
    assert_eq!(behind.stats.refused(Refusal::HandshakeTimeout), 4);
}

#[tokio::test]
async fn tls_begins_behind_the_header() {
    let authority = Authority::new();
    let files = authority.tls_files(&["a.example"]);
    let tls = Tls::load(files, Arc::default()).await.unwrap();
    let behind = Behind::over(Limits::default(), Some(tls)).await;
    let mut lines = lines::of("proxied-tls");
    let stream = behind.open(&header("203.0.113.7:7")).await;
    let mut stream = authority.client().over(stream, "a.example").await.unwrap();
    stream.write_all(&request("proxied-tls")).await.unwrap();
    assert_eq!(lines.next().await["peer"], "203.0.113.7:7");
}
