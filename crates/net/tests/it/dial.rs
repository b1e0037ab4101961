//! From a destination to a connection, over real sockets. The listener of a test is a port of the machine that the policy of
//! the test lists.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use weft_net::firewall::ask::Ask;
use weft_net::firewall::denial::Reason;
use weft_net::firewall::dial::{Connection, DialError, DialLimits};
use weft_net::firewall::quota::{QuotaError, TenantQuota};
use weft_net::firewall::resolve::ResolveError;

use crate::support::{LOOPBACK, Script, Setup, within};

const SHORT: DialLimits = DialLimits {
    total: Duration::from_millis(100),
    each: Duration::from_millis(50),
    place: Duration::ZERO,
};

/// Time enough to connect, and none to wait for a place.
const NOW: DialLimits = DialLimits {
    total: Duration::from_secs(10),
    each: Duration::from_secs(10),
    place: Duration::ZERO,
};

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

fn host(port: u16) -> Ask {
    Ask::new("tcp", "host.weft.internal", port).expect("a destination")
}

/// That this address was dialled. On most machines nobody is there; where somebody is, the connection says who.
fn assert_dialled(outcome: &Result<Connection, DialError>, address: &str) {
    match outcome {
        Ok(connection) => {
            let peer = connection.peer().expect("a peer").ip();
            assert_eq!(peer.to_string(), address);
        }
        Err(DialError::Connect { address: tried, .. }) => {
            assert_eq!(tried.ip().to_string(), address);
        }
        Err(error) => assert!(matches!(error, DialError::TimedOut { .. }), "{error}"),
    }
}

#[tokio::test]
async fn bytes_go_both_ways_over_an_allowed_connection() {
    let (listener, port) = listener().await;
    let rig = Setup {
        ports: &[&port.to_string()],
        settings: LOOPBACK,
        ..Setup::default()
    }
    .build();
    let mut near = within(rig.firewall.dial(&host(port), DialLimits::default()))
        .await
        .expect("a connection");
    let (mut far, _) = within(listener.accept()).await.expect("a connection");
    near.write_all(b"ping").await.expect("written");
    far.write_all(b"pong").await.expect("written");
    let mut text = [0; 4];
    within(far.read_exact(&mut text)).await.expect("read");
    assert_eq!(&text, b"ping");
    within(near.read_exact(&mut text)).await.expect("read");
    assert_eq!(&text, b"pong");
}

#[tokio::test]
async fn a_connection_holds_a_place_until_it_is_dropped() {
    let (_listener, port) = listener().await;
    let quota = TenantQuota::new(10).workload(1);
    let rig = Setup {
        ports: &[&port.to_string()],
        settings: LOOPBACK,
        quota: Some(quota.clone()),
        ..Setup::default()
    }
    .build();
    let first = within(rig.firewall.dial(&host(port), NOW))
        .await
        .expect("a connection");
    assert_eq!(quota.used(), 1);
    let second = within(rig.firewall.dial(&host(port), NOW)).await;
    assert!(matches!(
        second,
        Err(DialError::Quota(QuotaError::Workload(1)))
    ));
    let (stream, permit) = first.into_parts();
    drop(stream);
    assert_eq!(quota.used(), 1, "the permit is with whoever took the parts");
    drop(permit);
    within(rig.firewall.dial(&host(port), NOW))
        .await
        .expect("a connection");
}

#[tokio::test]
async fn a_failed_dial_gives_its_place_back() {
    let quota = TenantQuota::new(1).workload(1);
    let rig = Setup {
        hosts: &["*"],
        quota: Some(quota.clone()),
        ..Setup::default()
    }
    .build();
    let ask = Ask::new("tcp", "gone.test", 80).expect("a destination");
    let failed = rig.firewall.dial(&ask, SHORT).await;
    assert!(matches!(
        failed,
        Err(DialError::Resolve {
            error: ResolveError::NotFound,
            ..
        })
    ));
    assert_eq!(quota.used(), 0);
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_what_was_checked_is_dialled() {
    let rig = Setup {
        hosts: &["db.test"],
        script: Script::of("db.test", &[&["10.255.255.254"], &["127.0.0.1"]]),
        ..Setup::default()
    }
    .build();
    let ask = Ask::new("tcp", "db.test", 9).expect("a destination");
    assert_dialled(
        &within(rig.firewall.dial(&ask, SHORT)).await,
        "10.255.255.254",
    );
    assert_eq!(rig.script.asked(), ["db.test"]);
}

#[tokio::test]
async fn addresses_that_may_not_be_dialled_are_passed_over() {
    let (_listener, port) = listener().await;
    // Were the first one dialled, this would succeed.
    let rig = Setup {
        hosts: &["db.test"],
        settings: LOOPBACK,
        script: Script::of("db.test", &[&["127.0.0.1", "10.255.255.254"]]),
        ..Setup::default()
    }
    .build();
    let ask = Ask::new("tcp", "db.test", port).expect("a destination");
    assert_dialled(
        &within(rig.firewall.dial(&ask, SHORT)).await,
        "10.255.255.254",
    );
}

#[tokio::test]
async fn a_name_with_nothing_but_forbidden_addresses_is_denied_with_the_first_of_them() {
    let rig = Setup {
        hosts: &["*"],
        script: Script::of("db.test", &[&["10.0.0.1", "127.0.0.1"]]),
        ..Setup::default()
    }
    .build();
    let ask = Ask::new("postgres", "db.test", 5432).expect("a destination");
    let Err(DialError::Denied(denial)) = rig.firewall.dial(&ask, SHORT).await else {
        panic!("not denied");
    };
    assert_eq!(denial.reason, Reason::Private("RFC 1918"));
    assert!(
        denial
            .to_string()
            .contains("`allowedHosts: [\"postgres://db.test:5432\"]`"),
        "{denial}"
    );
    assert_eq!(
        rig.told.all(),
        [("private-range", "postgres://db.test:5432".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_an_error_of_the_connection() {
    let (listener, port) = listener().await;
    drop(listener);
    let rig = Setup {
        ports: &[&port.to_string()],
        settings: LOOPBACK,
        ..Setup::default()
    }
    .build();
    let failed = within(rig.firewall.dial(&host(port), DialLimits::default())).await;
    let Err(DialError::Connect { error, .. }) = failed else {
        panic!("connected");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn what_is_denied_by_name_is_not_looked_up() {
    let rig = Setup {
        hosts: &["other.test"],
        script: Script::of("db.test", &[&["1.1.1.1"]]),
        ..Setup::default()
    }
    .build();
    let ask = Ask::new("tcp", "db.test", 80).expect("a destination");
    assert!(matches!(
        rig.firewall.dial(&ask, SHORT).await,
        Err(DialError::Denied(_))
    ));
    assert!(rig.script.asked().is_empty());
}
