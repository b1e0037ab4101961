//! What clients send first: in pieces, too much, too slowly, without a name, or no TLS at all.

use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::*;
use crate::support::certificates::{Authority, Client};
use weft_ingress::ForwardRefusal;

/// The alert that a client is told, and nothing else.
fn alert(number: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, number]
}

/// What a client says first that asks for a name.
fn client_hello(name: &str) -> Vec<u8> {
    let config = Arc::new(Client::gullible().0);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(config, name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

/// A listener by name without names.
fn nobody(limits: ForwardLimits) -> Forward {
    Forward::by_name(None, limits)
}

#[tokio::test]
async fn a_name_that_nobody_has_is_answered_with_unrecognized_name() {
    let forward = nobody(ForwardLimits::default());
    let mut stream = forward.connect().await;
    stream.write_all(&client_hello("db.example")).await.unwrap();
    assert_eq!(end(&mut stream).await.unwrap(), alert(112));
    assert_eq!(forward.stats.refused(ForwardRefusal::UnknownName), 1);
    let refused = Client::gullible().connect(forward.addr, "db.example").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("UnrecognisedName"), "{refused}");
}

#[tokio::test]
async fn a_hello_without_a_name_is_answered_with_missing_extension() {
    let forward = nobody(ForwardLimits::default());
    let mut stream = forward.connect().await;
    // Addresses are not sent as names.
    stream.write_all(&client_hello("192.0.2.1")).await.unwrap();
    assert_eq!(end(&mut stream).await.unwrap(), alert(109));
    assert_eq!(forward.stats.refused(ForwardRefusal::NoName), 1);
}

#[tokio::test]
async fn a_hello_in_single_bytes_and_in_many_records_arrives_as_it_was_sent() {
    let hello = client_hello("db.example");
    let (header, body) = hello.split_at(5);
    // The same message in records of 7 bytes each.
    let many: Vec<u8> = body
        .chunks(7)
        .flat_map(|part| [&header[..3], &[0, part.len() as u8], part].concat())
        .collect();
    for sent in [&hello, &many] {
        let forward = nobody(ForwardLimits::default());
        let (listener, target) = backend("t/w").await;
        let _guard = forward.publish("db.example", TlsEnd::Passthrough, target);
        let mut stream = forward.connect().await;
        for byte in sent {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.write_all(b"what follows").await.unwrap();
        stream.shutdown().await.unwrap();
        let (mut far, _) = within(listener.accept()).await.unwrap();
        let received = end(&mut far).await.unwrap();
        assert_eq!(received, [&sent[..], b"what follows"].concat());
    }
}

#[tokio::test]
async fn a_hello_that_never_ends_is_given_up() {
    let limits = ForwardLimits {
        handshake_timeout: Duration::from_millis(200),
        ..ForwardLimits::default()
    };
    let forward = nobody(limits);
    let hello = client_hello("db.example");
    let mut stream = forward.connect().await;
    stream.write_all(&hello[..hello.len() - 1]).await.unwrap();
    assert_eq!(end(&mut stream).await.unwrap_or_default(), b"");
    let timeouts = forward.stats.refused(ForwardRefusal::HandshakeTimeout);
    assert_eq!(timeouts, 1);
}

#[tokio::test]
async fn a_hello_that_is_too_long_is_given_up_after_so_many_bytes() {
    let forward = nobody(ForwardLimits::default());
    let mut stream = forward.connect().await;
    // A handshake message that claims 64 KiB, in records that keep coming.
    let mut record = vec![22, 3, 1, 0x40, 0];
    record.extend([1, 0, 0xff, 0xff]);
    record.resize(5 + 0x4000, 0);
    // It may be closed before all of it is sent.
    let _ = stream.write_all(&[&record[..], &record[..]].concat()).await;
    let _ = end(&mut stream).await;
    assert_eq!(forward.stats.refused(ForwardRefusal::Hello), 1);
}

#[tokio::test]
async fn garbage_is_answered_with_an_alert_at_most() {
    let forward = nobody(ForwardLimits::default());
    let garbage: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: db.example\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        &[0; 64],
        &[0xff; 64],
        &[22, 3, 1, 0, 4, 2, 0, 0, 0],
    ];
    for (count, bytes) in garbage.into_iter().enumerate() {
        let mut stream = forward.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let told = end(&mut stream).await.unwrap_or_default();
        assert!(
            told.is_empty() || (told.len() == 7 && told[0] == 21),
            "{bytes:?}: {told:?}"
        );
        let refused = || forward.stats.refused(ForwardRefusal::Hello);
        within(async {
            while refused() <= count as u64 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn who_only_looks_whether_the_port_is_open_is_not_counted() {
    let forward = nobody(ForwardLimits::default());
    let mut stream = forward.connect().await;
    stream.shutdown().await.unwrap();
    assert_eq!(end(&mut stream).await.unwrap(), b"");
    for why in ForwardRefusal::ALL {
        assert_eq!(forward.stats.refused(why), 0, "{}", why.as_str());
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_answered_with_internal_error() {
    let forward = nobody(ForwardLimits::default());
    let (listener, target) = backend("t/w").await;
    drop(listener);
    let _guard = forward.publish("db.example", TlsEnd::Passthrough, target);
    let mut stream = forward.connect().await;
    stream.write_all(&client_hello("db.example")).await.unwrap();
    assert_eq!(end(&mut stream).await.unwrap(), alert(80));
}

#[tokio::test]
async fn tls_cannot_end_here_without_a_certificate() {
    let forward = nobody(ForwardLimits::default());
    let _guard = forward.publish("db.example", TlsEnd::Terminate, echo("t/w").await);
    let mut stream = forward.connect().await;
    stream.write_all(&client_hello("db.example")).await.unwrap();
    assert_eq!(end(&mut stream).await.unwrap(), alert(80));
}

#[tokio::test]
async fn one_who_sends_nothing_keeps_nobody_else_waiting() {
    let authority = Authority::new();
    let forward = nobody(ForwardLimits::default());
    let target = secure_echo("t/w", authority.issue(&["db.example"])).await;
    let _guard = forward.publish("db.example", TlsEnd::Passthrough, target);
    let _silent = [forward.connect().await, forward.connect().await];
    let mut stream = authority
        .client()
        .connect(forward.addr, "db.example")
        .await
        .unwrap();
    assert_eq!(text(&mut stream, 3).await, "t/w");
}
