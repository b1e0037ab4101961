//! Sockets of a guest: look up first, connect to an address later.

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Waker};

use weft_net::firewall::ask::Protocol;
use weft_net::firewall::gate::LookupError;
use weft_net::firewall::resolve::ResolveError;

use crate::support::{LOOPBACK, Script, Setup, within};

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[tokio::test]
async fn a_name_entry_allows_the_addresses_that_the_guest_found_at_the_ports_of_the_entry() {
    let rig = Setup {
        hosts: &["db.test:5432"],
        lookups: &["db.test"],
        script: Script::of("db.test", &[&["1.1.1.1", "10.0.0.1"]]),
        ..Setup::default()
    }
    .build();
    let before = rig.firewall.socket(Protocol::Tcp, address("1.1.1.1:5432"));
    assert!(before.is_err());
    let found = rig.firewall.look_up("DB.test.").await.expect("an answer");
    assert_eq!(found.len(), 2);
    let connect = |text: &str| rig.firewall.socket(Protocol::Tcp, address(text));
    assert_eq!(connect("1.1.1.1:5432").ok(), Some(address("1.1.1.1:5432")));
    assert!(
        connect("10.0.0.1:5432").is_ok(),
        "the name is an explicit entry"
    );
    assert!(connect("1.1.1.1:5433").is_err());
    assert!(connect("1.1.1.2:5432").is_err());
}

#[tokio::test]
async fn a_denied_address_that_was_found_under_a_name_is_reported_with_an_entry_for_the_name() {
    let rig = Setup {
        lookups: &["*"],
        script: Script::of("db.test", &[&["1.1.1.1"]]),
        ..Setup::default()
    }
    .build();
    rig.firewall.look_up("db.test").await.expect("an answer");
    let denial = rig
        .firewall
        .socket(Protocol::Tcp, address("1.1.1.1:5432"))
        .expect_err("denied");
    assert!(
        denial
            .to_string()
            .contains("`allowedHosts: [\"tcp://db.test:5432\"]`"),
        "{denial}"
    );
}

#[tokio::test]
async fn a_look_up_that_is_not_listed_is_denied_and_nobody_is_asked() {
    let rig = Setup {
        hosts: &["*"],
        script: Script::of("db.test", &[&["1.1.1.1"]]),
        ..Setup::default()
    }
    .build();
    let denied = rig.firewall.look_up("db.test").await;
    assert!(matches!(denied, Err(LookupError::Denied(_))));
    assert!(rig.script.asked().is_empty());
    assert_eq!(
        rig.told.all(),
        [("lookup-not-listed", "db.test".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_name_without_an_address_is_not_denied_but_not_found() {
    let rig = Setup {
        lookups: &["*"],
        ..Setup::default()
    }
    .build();
    let missing = rig.firewall.look_up("gone.test").await;
    assert!(matches!(
        missing,
        Err(LookupError::Resolve {
            error: ResolveError::NotFound,
            ..
        })
    ));
    assert!(rig.told.all().is_empty());
}

#[tokio::test]
async fn an_address_is_its_own_look_up_and_grants_nothing() {
    let rig = Setup::default().build();
    let found = rig.firewall.look_up("1.1.1.1").await.expect("an answer");
    assert_eq!(found, [IpAddr::from([1, 1, 1, 1])]);
    assert!(
        rig.firewall
            .socket(Protocol::Tcp, address("1.1.1.1:80"))
            .is_err()
    );
}

#[tokio::test]
async fn the_loopback_of_the_host_is_found_under_its_name_and_reached_at_listed_ports() {
    let rig = Setup {
        ports: &["5432", "53/udp"],
        settings: LOOPBACK,
        ..Setup::default()
    }
    .build();
    let found = rig
        .firewall
        .look_up("host.wasmcloud.internal")
        .await
        .expect("an answer");
    let at = |port| SocketAddr::new(found[0], port);
    let reach = |protocol, port| rig.firewall.socket(protocol, at(port)).ok();
    assert_eq!(reach(Protocol::Tcp, 5432), Some(address("127.0.0.1:5432")));
    assert_eq!(reach(Protocol::Udp, 53), Some(address("127.0.0.1:53")));
    assert_eq!(reach(Protocol::Udp, 5432), None);
    assert_eq!(reach(Protocol::Tcp, 53), None);
    assert!(rig.script.asked().is_empty());
}

#[tokio::test]
async fn denials_are_counted_so_that_a_log_can_be_short() {
    let rig = Setup::default().build();
    for _ in 0..3 {
        let _ = rig.firewall.socket(Protocol::Udp, address("1.1.1.1:53"));
    }
    let times: Vec<_> = rig.told.all().iter().map(|row| row.2).collect();
    assert_eq!(times, [1, 2, 3]);
}

/// A guest of 0.2 begins a look-up, and may never ask what became of it.
#[tokio::test]
async fn look_ups_that_nobody_asks_after_keep_nobody_waiting() {
    let rig = Setup {
        lookups: &["*"],
        script: Script::of("db.test", &[&["1.1.1.1"]]).later(),
        ..Setup::default()
    }
    .build();
    let look_up = || Box::pin(rig.firewall.look_up("db.test"));
    let mut left: Vec<_> = std::iter::repeat_with(look_up).take(100).collect();
    for one in &mut left {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(one.as_mut().poll(&mut cx).is_pending());
    }
    within(look_up()).await.expect("an answer");
}
