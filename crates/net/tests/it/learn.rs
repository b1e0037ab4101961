//! Learn mode: nothing is denied for want of an entry, and what is learned is enough and no more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use weft_net::firewall::ask::{Ask, Protocol};
use weft_net::firewall::dial::{DialError, DialLimits};
use weft_net::firewall::gate::Firewall;
use weft_net::firewall::learn::{Learned, LearnedPolicy};

use crate::support::{LOOPBACK, Script, Setup};

fn script() -> Script {
    Script::of("api.test", &[&["127.0.0.1", "10.255.255.254"]])
        .and("db.test", &[&["1.1.1.1"]])
        .and("bad.test", &[&["169.254.169.254"]])
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Uses everything that the workload of this test uses; says what was denied.
async fn work(firewall: &Firewall) -> Vec<String> {
    let mut denied = Vec::new();
    let short = DialLimits {
        total: Duration::from_millis(50),
        ..DialLimits::default()
    };
    for (host, port) in [("api.test", 9), ("bad.test", 80), ("host.weft.internal", 1)] {
        let ask = Ask::new("https", host, port).expect("a destination");
        // No one answers there; being denied is the only thing that counts.
        if let Err(DialError::Denied(denial)) = firewall.dial(&ask, short).await {
            denied.push(denial.asked);
        }
    }
    if firewall.look_up("db.test").await.is_err() {
        denied.push("look-up".to_owned());
    }
    for (protocol, to) in [
        (Protocol::Tcp, "1.1.1.1:5432"),
        (Protocol::Udp, "8.8.8.8:53"),
        (Protocol::Tcp, "127.255.255.254:6379"),
        (Protocol::Tcp, "127.0.0.1:22"),
    ] {
        if let Err(denial) = firewall.socket(protocol, address(to)) {
            denied.push(denial.asked);
        }
    }
    denied
}

async fn learn(hosts: &[&str]) -> (Vec<String>, LearnedPolicy) {
    let learned = Arc::new(Learned::new(100));
    let rig = Setup {
        hosts,
        settings: LOOPBACK,
        script: script(),
        learned: Some(Arc::clone(&learned)),
        ..Setup::default()
    }
    .build();
    (work(&rig.firewall).await, learned.policy())
}

const NEVER: [&str; 2] = ["https://bad.test:80", "tcp://127.0.0.1:22"];

#[tokio::test]
async fn what_was_used_is_learned_and_special_addresses_are_denied_all_the_same() {
    let (denied, policy) = learn(&[]).await;
    assert_eq!(denied, NEVER);
    assert_eq!(
        policy,
        LearnedPolicy {
            allowed_hosts: [
                "https://api.test:9",
                "tcp://db.test:5432",
                "udp://8.8.8.8:53"
            ]
            .map(str::to_owned)
            .into(),
            allowed_ip_name_lookups: vec!["db.test".to_owned()],
            allowed_host_loopback_ports: ["1/tcp", "6379/tcp"].map(str::to_owned).into(),
            left_out: 0,
        }
    );
}

#[tokio::test]
async fn an_open_policy_is_narrowed_to_what_was_used() {
    assert_eq!(learn(&["*", "*.test"]).await.1, learn(&[]).await.1);
}

#[tokio::test]
async fn the_learned_policy_allows_the_same_when_it_is_enforced() {
    let (_, policy) = learn(&[]).await;
    let texts = |list: &[String]| -> Vec<&'static str> {
        list.iter().map(|text| &*text.clone().leak()).collect()
    };
    let rig = Setup {
        hosts: &texts(&policy.allowed_hosts),
        lookups: &texts(&policy.allowed_ip_name_lookups),
        ports: &texts(&policy.allowed_host_loopback_ports),
        settings: LOOPBACK,
        script: script(),
        ..Setup::default()
    }
    .build();
    assert_eq!(work(&rig.firewall).await, NEVER);
}

#[tokio::test]
async fn what_there_is_no_room_to_learn_is_denied_and_counted() {
    let learned = Arc::new(Learned::new(1));
    let rig = Setup {
        learned: Some(Arc::clone(&learned)),
        ..Setup::default()
    }
    .build();
    let connect = |to: &str| rig.firewall.socket(Protocol::Tcp, address(to));
    assert!(connect("1.1.1.1:80").is_ok() && connect("1.1.1.1:80").is_ok());
    assert!(connect("1.1.1.2:80").is_err());
    assert_eq!(learned.policy().left_out, 1);
}

#[tokio::test]
async fn a_setting_of_the_operator_cannot_be_learned_away() {
    let rig = Setup {
        learned: Some(Arc::new(Learned::new(10))),
        ..Setup::default()
    }
    .build();
    let loopback = rig
        .firewall
        .socket(Protocol::Tcp, address("127.255.255.254:80"));
    assert!(loopback.is_err());
}
