//! Who may come in, and handshakes that fail or never end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use weft_ingress::{Limits, Refusal};
use weft_testkit::until;

use super::{ANSWER, Secure};
use crate::support::certificates::Authority;
use crate::support::{read_to_end, within};

const A: &str = "a.example";

/// A listener that wants client certificates of `authority`.
async fn mutual(authority: &Authority) -> Secure {
    let mut files = authority.tls_files(&[A]);
    files.client_authorities = Some(authority.own_file());
    Secure::with(files).await
}

#[tokio::test]
async fn a_client_with_a_certificate_of_the_authority_is_served() {
    let authority = Authority::new();
    let secure = mutual(&authority).await;
    let client = authority.client_with(authority.issue(&["client.example"]));
    let answer = client.get(secure.server.addr, A).await;
    assert_eq!(answer.as_deref(), Some(ANSWER));
}

#[tokio::test]
async fn a_client_without_a_certificate_or_with_another_authoritys_is_not_served() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let secure = mutual(&authority).await;
    let without = authority.client();
    let wrong = authority.client_with(stranger.issue(&["client.example"]));
    assert_eq!(without.get(secure.server.addr, A).await, None);
    assert_eq!(wrong.get(secure.server.addr, A).await, None);
    until(|| secure.stats.refused(Refusal::TlsHandshake) == 2).await;
}

#[tokio::test]
async fn what_is_not_tls_ends_its_own_connection_only() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&[A])).await;
    let client = authority.client();
    let mut held = client.h1(secure.server.addr, A).await;
    let attacks: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nhost: test.example\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0; 1000],
        // The start of a handshake, then nonsense.
        b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff\x16\x03\x01\xff\xff",
    ];
    for bytes in attacks {
        let mut stream = TcpStream::connect(secure.server.addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains("HTTP/"), "{answer}");
    }
    until(|| secure.stats.refused(Refusal::TlsHandshake) == 4).await;
    within(held.ready()).await.unwrap();
    let response = within(held.send_request(crate::support::get("/"))).await;
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(
        client.get(secure.server.addr, A).await.as_deref(),
        Some(ANSWER)
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_cut_and_delays_nobody() {
    let authority = Authority::new();
    let limits = Limits {
        handshake_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let secure = Secure::limited(authority.tls_files(&[A]), limits).await;
    let mut silent = TcpStream::connect(secure.server.addr).await.unwrap();
    let (mut half, mut write) = TcpStream::connect(secure.server.addr)
        .await
        .unwrap()
        .into_split();
    // A record of the largest size, byte by byte: TLS could wait for its end for very long.
    let trickle = tokio::spawn(async move {
        write.write_all(b"\x16\x03\x01\x40\x00\x01").await.unwrap();
        while write.write_all(&[0]).await.is_ok() {
            sleep(Duration::from_millis(2)).await;
        }
    });
    let client = authority.client();
    assert_eq!(
        client.get(secure.server.addr, A).await.as_deref(),
        Some(ANSWER)
    );
    assert_eq!(read_to_end(&mut silent).await, "");
    let _ = within(half.read_to_end(&mut Vec::new())).await;
    within(trickle).await.unwrap();
    assert_eq!(secure.stats.refused(Refusal::HandshakeTimeout), 2);
}

#[tokio::test]
async fn a_drain_does_not_wait_for_handshakes() {
    let authority = Authority::new();
    let limits = Limits {
        handshake_timeout: Duration::from_secs(3600),
        drain_timeout: Duration::from_secs(3600),
        ..Limits::default()
    };
    let secure = Secure::limited(authority.tls_files(&[A]), limits).await;
    let _silent = TcpStream::connect(secure.server.addr).await.unwrap();
    until(|| secure.stats.open() == 1).await;
    secure.server.shutdown.cancel();
    let Secure { server, .. } = secure;
    assert_eq!(server.drained().await.cut_connections, 0);
}

#[tokio::test]
async fn a_look_whether_the_port_is_open_is_no_failed_handshake() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&[A])).await;
    drop(TcpStream::connect(secure.server.addr).await.unwrap());
    until(|| secure.stats.accepted() == 1 && secure.stats.open() == 0).await;
    assert_eq!(secure.stats.refused(Refusal::TlsHandshake), 0);
}

#[tokio::test]
async fn an_address_has_only_so_many_handshakes() {
    let authority = Authority::new();
    let limits = Limits {
        max_connections_per_peer: 1,
        ..Limits::default()
    };
    let secure = Secure::limited(authority.tls_files(&[A]), limits).await;
    let silent = TcpStream::connect(secure.server.addr).await.unwrap();
    let client = authority.client();
    until(|| secure.stats.open() == 1).await;
    assert_eq!(client.get(secure.server.addr, A).await, None);
    assert_eq!(secure.stats.refused(Refusal::PeerLimit), 1);
    drop(silent);
    until(|| secure.stats.open() == 0).await;
    let answer = client.get(secure.server.addr, A).await;
    assert_eq!(answer.as_deref(), Some(ANSWER));
}
