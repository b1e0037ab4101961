//! Requests with TLS: HTTP/2 or HTTP/1.1 as the server agrees, and certificates that are checked.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::Error as WasiError;
use weft_net::outbound::client::{ClientConfig, HttpClient, PoolLimits, Times};
use weft_net::outbound::error::HttpError;
use weft_net::outbound::roots;

use crate::http::{request, text};
use crate::server::Server;
use crate::support::{LOOPBACK, Setup, within};

/// A server with a certificate for `name`, and the roots that trust it.
async fn server(name: &str, alpn: &[&[u8]]) -> (Server, Arc<RootCertStore>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .expect("a certificate");
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (Server::start(Some(acceptor)).await, Arc::new(roots))
}

fn client(port: u16, roots: Arc<RootCertStore>) -> HttpClient {
    let rig = Setup {
        ports: &[&port.to_string()],
        settings: LOOPBACK,
        ..Setup::default()
    }
    .build();
    let config = ClientConfig {
        roots,
        place: Duration::from_secs(5),
        pool: PoolLimits::default(),
    };
    HttpClient::new(rig.firewall, config).expect("TLS")
}

#[tokio::test]
async fn http_2_is_used_where_the_server_agrees_and_one_connection_is_enough() {
    let (server, roots) = server("host.weft.internal", &[b"h2", b"http/1.1"]).await;
    let client = client(server.port, roots);
    for _ in 0..3 {
        let answer = text(&client, request(&server.url("https", "/path"), "body")).await;
        assert_eq!(
            answer.expect("a response"),
            "HTTP/2.0 POST /path host.weft.internal body"
        );
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn http_1_is_used_where_the_server_knows_no_other() {
    let (server, roots) = server("host.weft.internal", &[b"http/1.1"]).await;
    let client = client(server.port, roots);
    let answer = text(&client, request(&server.url("https", "/"), "")).await;
    assert_eq!(
        answer.expect("a response"),
        "HTTP/1.1 POST / host.weft.internal "
    );
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    let (server, _) = server("host.weft.internal", &[]).await;
    let client = client(server.port, roots::webpki());
    let refused = text(&client, request(&server.url("https", "/"), ""))
        .await
        .expect_err("refused");
    assert!(matches!(refused, HttpError::Tls { .. }), "{refused}");
    assert!(matches!(
        WasiError::from(refused),
        WasiError::TlsCertificateError
    ));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (server, roots) = server("other.test", &[]).await;
    let client = client(server.port, roots);
    let refused = text(&client, request(&server.url("https", "/"), ""))
        .await
        .expect_err("refused");
    assert!(matches!(
        WasiError::from(refused),
        WasiError::TlsCertificateError
    ));
}

#[tokio::test]
async fn a_server_that_does_not_finish_the_handshake_is_given_up_after_the_connect_time() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a listener");
    let port = silent.local_addr().expect("an address").port();
    let times = Times {
        connect: Duration::from_millis(500),
        ..Times::default()
    };
    let url = format!("https://host.weft.internal:{port}/");
    let client = client(port, roots::webpki());
    let late = within(client.send(request(&url, ""), times))
        .await
        .map(|_| ());
    assert!(matches!(late, Err(HttpError::TlsTimedOut { .. })));
}
