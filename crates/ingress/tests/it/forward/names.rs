//! Forwarding by name: who answers, and with whose certificate.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::support::certificates::{Authority, Client, names as shown};
use weft_ingress::{ForwardRefusal, RouteError};

async fn certificates(authority: &Authority, names: &[&str]) -> Tls {
    let files = authority.tls_files(names);
    Tls::load(files, Arc::default()).await.unwrap()
}

#[tokio::test]
async fn tls_is_passed_through_to_the_service_that_has_the_name() {
    let authority = Authority::new();
    let hosts_own = certificates(&authority, &["host.example"]).await;
    let forward = Forward::by_name(Some(hosts_own), ForwardLimits::default());
    let one = secure_echo("t/one", authority.issue(&["one.example"])).await;
    let two = secure_echo("t/two", authority.issue(&["*.two.example"])).await;
    let _guards = [
        forward.publish("one.example", TlsEnd::Passthrough, one),
        forward.publish("*.two.example", TlsEnd::Passthrough, two),
    ];
    for (name, certificate, workload) in [
        ("one.example", "one.example", "t/one"),
        ("ONE.example", "one.example", "t/one"),
        ("a.two.example", "*.two.example", "t/two"),
    ] {
        let stream = authority.client().connect(forward.addr, name).await;
        let mut stream = stream.unwrap();
        assert_eq!(shown(&stream), [certificate]);
        assert_eq!(text(&mut stream, 5).await, workload);
        stream.write_all(b"both ways").await.unwrap();
        assert_eq!(text(&mut stream, 9).await, "both ways");
    }
}

#[tokio::test]
async fn tls_that_ends_here_shows_the_hosts_certificate_and_the_service_gets_plain_bytes() {
    let authority = Authority::new();
    let tls = certificates(&authority, &["db.example"]).await;
    let forward = Forward::by_name(Some(tls), ForwardLimits::default());
    let _guard = forward.publish("db.example", TlsEnd::Terminate, echo("t/db").await);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = Client::gullible_with(&[version]);
        let mut stream = client.connect(forward.addr, "db.example").await.unwrap();
        assert_eq!(shown(&stream), ["db.example"]);
        assert_eq!(text(&mut stream, 4).await, "t/db");
        stream.write_all(b"question").await.unwrap();
        // The end of one half is told with a message of TLS; the other goes on.
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        within(stream.read_to_end(&mut rest)).await.unwrap();
        assert_eq!(rest, b"question");
    }
}

#[tokio::test]
async fn a_client_that_offers_one_protocol_gets_it_where_tls_ends_here() {
    let authority = Authority::new();
    let tls = certificates(&authority, &["db.example"]).await;
    let forward = Forward::by_name(Some(tls), ForwardLimits::default());
    let _guard = forward.publish("db.example", TlsEnd::Terminate, echo("t/db").await);
    for (offered, agreed) in [
        (&["postgresql"][..], Some("postgresql")),
        (&["h2", "http/1.1"], None),
        (&[], None),
    ] {
        let client = authority.client().offering(offered);
        let stream = client.connect(forward.addr, "db.example").await.unwrap();
        let protocol = stream.get_ref().1.alpn_protocol();
        assert_eq!(protocol, agreed.map(str::as_bytes), "offered {offered:?}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_without_a_word_of_tls_is_a_reset_for_the_service() {
    let authority = Authority::new();
    let tls = certificates(&authority, &["db.example"]).await;
    let forward = Forward::by_name(Some(tls), ForwardLimits::default());
    let (listener, target) = backend("t/db").await;
    let _guard = forward.publish("db.example", TlsEnd::Terminate, target);
    let client = authority.client();
    let mut stream = client.connect(forward.addr, "db.example").await.unwrap();
    let (mut far, _) = within(listener.accept()).await.unwrap();
    stream.write_all(b"half of i").await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(text(&mut far, 9).await, "half of i");
    // The end of TCP alone could come from anybody in between.
    drop(stream);
    let error = end(&mut far).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn another_tenant_cannot_have_the_name() {
    let forward = Forward::by_name(None, ForwardLimits::default());
    let _guard = forward.publish("*.t.example", TlsEnd::Passthrough, echo("t/w").await);
    let claim = |host: &str, target| {
        let (tenant, workload) = ("other".parse().unwrap(), "w".parse().unwrap());
        let host = host.parse().unwrap();
        let routes = forward.routes.clone();
        routes.publish_name(tenant, workload, host, TlsEnd::Passthrough, target)
    };
    let refused = claim("db.t.example", echo("other/w").await).unwrap_err();
    assert!(matches!(refused, RouteError::Claimed(_)), "{refused}");
    let _elsewhere = claim("db.other.example", echo("other/w").await).unwrap();
}

#[tokio::test]
async fn a_name_that_is_taken_back_ends_its_connections_and_no_others() {
    let authority = Authority::new();
    let forward = Forward::by_name(None, ForwardLimits::default());
    let issued = || authority.issue(&["a.example", "b.example"]);
    let a = forward.publish(
        "a.example",
        TlsEnd::Passthrough,
        secure_echo("t/a", issued()).await,
    );
    let _b = forward.publish(
        "b.example",
        TlsEnd::Passthrough,
        secure_echo("t/b", issued()).await,
    );
    let client = authority.client();
    let mut to_a = client.connect(forward.addr, "a.example").await.unwrap();
    let mut to_b = client.connect(forward.addr, "b.example").await.unwrap();
    assert_eq!(text(&mut to_a, 3).await, "t/a");
    drop(a);
    let mut rest = Vec::new();
    assert!(within(to_a.read_to_end(&mut rest)).await.is_err());
    assert!(client.connect(forward.addr, "a.example").await.is_err());
    assert_eq!(text(&mut to_b, 3).await, "t/b");
}

#[tokio::test]
async fn a_name_has_so_many_connections_and_its_neighbour_does_not_notice() {
    let authority = Authority::new();
    let limits = ForwardLimits {
        max_connections_per_name: 1,
        ..ForwardLimits::default()
    };
    let forward = Forward::by_name(None, limits);
    let issued = || authority.issue(&["a.example", "b.example"]);
    let _guards = [
        forward.publish(
            "a.example",
            TlsEnd::Passthrough,
            secure_echo("t/a", issued()).await,
        ),
        forward.publish(
            "b.example",
            TlsEnd::Passthrough,
            secure_echo("t/b", issued()).await,
        ),
    ];
    let client = authority.client();
    let _first = client.connect(forward.addr, "a.example").await.unwrap();
    let refused = client.connect(forward.addr, "a.example").await.unwrap_err();
    assert!(refused.to_string().contains("InternalError"), "{refused}");
    assert_eq!(forward.stats.refused(ForwardRefusal::NameLimit), 1);
    assert!(client.connect(forward.addr, "b.example").await.is_ok());
}

#[tokio::test]
async fn a_flood_at_the_names_of_one_tenant_leaves_room_for_those_of_another() {
    let authority = Authority::new();
    let limits = ForwardLimits::default();
    let forward = Forward::by_name_sharing(Places::new(4, 2), None, limits);
    let issued = || authority.issue(&["m.example", "n.example", "a.example"]);
    let publish =
        |name: &str, target: Arc<Backend>| forward.publish(name, TlsEnd::Passthrough, target);
    let _guards = [
        publish("m.example", secure_echo("mallory/m", issued()).await),
        publish("n.example", secure_echo("mallory/n", issued()).await),
        publish("a.example", secure_echo("alice/a", issued()).await),
    ];
    let client = authority.client();
    let mut held = Vec::new();
    for name in ["m.example", "n.example"] {
        held.push(client.connect(forward.addr, name).await.unwrap());
    }
    for name in ["m.example", "n.example"] {
        let refused = client.connect(forward.addr, name).await.unwrap_err();
        assert!(refused.to_string().contains("InternalError"), "{refused}");
    }
    assert_eq!(forward.stats.refused(ForwardRefusal::TenantLimit), 2);
    for _ in 0..2 {
        let mut stream = client.connect(forward.addr, "a.example").await.unwrap();
        assert_eq!(text(&mut stream, 7).await, "alice/a");
        held.push(stream);
    }
}

#[tokio::test]
async fn who_finds_no_place_of_the_host_in_time_is_turned_away() {
    let authority = Authority::new();
    let limits = ForwardLimits {
        handshake_timeout: Duration::from_millis(300),
        ..ForwardLimits::default()
    };
    let forward = Forward::by_name_sharing(Places::new(1, 1), None, limits);
    let issued = || authority.issue(&["m.example", "a.example"]);
    let _guards = [
        forward.publish(
            "m.example",
            TlsEnd::Passthrough,
            secure_echo("mallory/m", issued()).await,
        ),
        forward.publish(
            "a.example",
            TlsEnd::Passthrough,
            secure_echo("alice/a", issued()).await,
        ),
    ];
    let client = authority.client();
    let held = client.connect(forward.addr, "m.example").await.unwrap();
    assert!(client.connect(forward.addr, "a.example").await.is_err());
    assert_eq!(forward.stats.refused(ForwardRefusal::HostLimit), 1);
    drop(held);
    assert!(client.connect(forward.addr, "a.example").await.is_ok());
}
