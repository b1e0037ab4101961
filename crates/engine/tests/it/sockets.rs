//! `wasi:sockets` of both versions: the virtual network of a workload, and what leaves it.

mod codes;
mod rig;

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weft_net::firewall::quota::TenantQuota;
use weft_net::loopback::{Family, Role};
use weft_testkit::{until, within};

use crate::support::{text, workload};
use rig::Rig;

#[tokio::test]
async fn a_component_talks_to_a_listener_of_its_workload() {
    let rig = Rig::default();
    rig.echo("127.0.0.1:77");
    rig.echo("[::1]:77");
    let workload = rig.start("sock-echo", "sockets_std").await;
    for address in [
        "127.0.0.1:77",
        "[::1]:77",
        "localhost:77",
        "service.weft.internal:77",
        "main.svc.wasmcloud.internal:77",
    ] {
        let path = format!("/echo?{address}&hello");
        assert_eq!(text(&workload, &path).await, "hello", "{address}");
    }
    for nobody in ["127.0.0.1:78", "127.0.0.2:77"] {
        let path = format!("/echo?{nobody}&hello");
        assert_eq!(text(&workload, &path).await, "error: ConnectionRefused");
    }
}

#[tokio::test]
async fn a_component_talks_to_a_listener_of_its_workload_over_0_3() {
    let rig = Rig::default();
    rig.echo("127.0.0.1:77");
    let workload = rig.start("sock-echo-p3", "sockets_p3").await;
    assert_eq!(text(&workload, "/echo?127.0.0.1:77&hello").await, "hello");
    assert_eq!(
        text(&workload, "/connect?127.0.0.1:78").await,
        "connection-refused"
    );
}

#[tokio::test]
async fn what_does_not_fit_into_the_buffers_waits_and_arrives() {
    let rig = Rig::default();
    rig.echo("127.0.0.1:77");
    let workload = rig.start("sock-bulk", "sockets_std").await;
    let bytes: u64 = 3 << 20;
    let sum: u64 = (0..bytes).map(|at| at & 0xff).sum();
    assert_eq!(
        text(&workload, &format!("/bulk?127.0.0.1:77&{bytes}")).await,
        format!("{bytes} {sum}")
    );
}

#[tokio::test]
async fn a_service_listens_where_it_wants_and_never_on_the_machine() {
    let rig = Rig::service();
    let workload = rig.start("sock-serve", "sockets_std").await;
    for address in ["127.0.0.1:1", "127.1.2.3:80", "0.0.0.0:443", "[::1]:65535"] {
        let path = format!("/serve?{address}&through");
        assert_eq!(text(&workload, &path).await, "through", "{address}");
    }
    let workload = rig.start("sock-serve-p3", "sockets_p3").await;
    assert_eq!(text(&workload, "/serve?through").await, "through");
}

#[tokio::test]
async fn a_component_listens_nowhere() {
    let rig = Rig::default();
    let workload = rig.start("sock-deaf", "sockets_std").await;
    for address in ["127.0.0.1:80", "0.0.0.0:0", "10.0.0.1:80", "[::1]:80"] {
        let path = format!("/serve?{address}&x");
        let answer = text(&workload, &path).await;
        assert_eq!(answer, "error: PermissionDenied", "{address}");
    }
    let workload = rig.start("sock-deaf-p3", "sockets_p3").await;
    assert_eq!(text(&workload, "/serve?x").await, "access-denied");
    assert!(rig.network.listeners().is_empty());
}

#[tokio::test]
async fn workloads_do_not_see_each_other() {
    let (one, other) = (Rig::default(), Rig::default());
    one.echo("0.0.0.0:77");
    let workload = other.start("sock-apart", "sockets_std").await;
    for address in ["127.0.0.1:77", "127.0.0.2:77", "localhost:77"] {
        let path = format!("/echo?{address}&x");
        assert_eq!(text(&workload, &path).await, "error: ConnectionRefused");
    }
}

#[tokio::test]
async fn datagrams_reach_the_service_and_come_back() {
    let rig = Rig::service();
    let service = rig.network.udp(Family::V4, Role::Service).unwrap();
    service.bind("127.0.0.1:53".parse().unwrap()).unwrap();
    tokio::spawn(async move {
        while let Ok((data, from)) = service.receive().await {
            service.send(&data, Some(from)).unwrap();
        }
    });
    for guest in ["sockets_std", "sockets_p3"] {
        let workload = rig.start("sock-udp", guest).await;
        let answer = text(&workload, "/udp?127.0.0.1:53&ping").await;
        assert_eq!(answer, "127.0.0.1:53 ping", "{guest}");
    }
    let workload = rig.start("sock-udp-pair", "sockets_std").await;
    assert_eq!(text(&workload, "/udp-pair").await, "pingpong");
}

#[tokio::test]
async fn the_loopback_of_the_machine_is_reached_under_an_address_of_its_own() {
    let (server, rig) = machine().await;
    let port = server.port();
    for guest in ["sockets_std", "sockets_p3"] {
        let workload = rig.start("sock-machine", guest).await;
        let path = format!("/echo?127.255.255.254:{port}&out");
        assert_eq!(text(&workload, &path).await, "out", "{guest}");
    }
    let workload = rig.start("sock-machine-name", "sockets_std").await;
    let path = format!("/echo?host.weft.internal:{port}&out");
    assert_eq!(text(&workload, &path).await, "out");
    // Under its own address there is the virtual network only.
    let path = format!("/echo?127.0.0.1:{port}&out");
    assert_eq!(text(&workload, &path).await, "error: ConnectionRefused");
    until(|| rig.quota.used() == 0).await;
}

#[tokio::test]
async fn what_is_not_allowed_is_denied() {
    let (server, mut rig) = machine().await;
    rig.ports.clear();
    let workload = rig.start("sock-denied", "sockets_std").await;
    for address in [
        format!("127.255.255.254:{}", server.port()),
        "192.168.0.1:80".to_owned(),
        "169.254.169.254:80".to_owned(),
        "[fd00:ec2::254]:80".to_owned(),
    ] {
        let path = format!("/echo?{address}&x");
        assert_eq!(text(&workload, &path).await, "error: PermissionDenied");
    }
}

#[tokio::test]
async fn datagrams_go_out_where_the_policy_lets_them_and_only_answers_come_in() {
    let server = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let rig = Rig {
        ports: vec![format!("{port}/udp")],
        ..Rig::default()
    };
    tokio::spawn(async move {
        let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 64];
        while let Ok((count, from)) = server.recv_from(&mut buffer).await {
            stranger.send_to(b"from a stranger", from).await.unwrap();
            server.send_to(&buffer[..count], from).await.unwrap();
        }
    });
    for guest in ["sockets_std", "sockets_p3"] {
        let workload = rig.start("sock-udp-out", guest).await;
        let path = format!("/udp?127.255.255.254:{port}&ping");
        let answer = format!("127.255.255.254:{port} ping");
        assert_eq!(text(&workload, &path).await, answer, "{guest}");
    }
    until(|| rig.quota.used() == 0).await;
}

#[tokio::test]
async fn options_are_kept_on_virtual_sockets_and_carried_to_real_ones() {
    let (server, rig) = machine().await;
    rig.echo("127.0.0.1:77");
    let workload = rig.start("sock-options", "sockets_codes").await;
    let set = "true 11000000000 7000000000 5 33";
    let answer = text(&workload, "/options?127.0.0.1:77").await;
    assert_eq!(answer, format!("{set} 8192 16384\n{set} 8192 16384"));
    let path = format!("/options?127.255.255.254:{}", server.port());
    let answer = text(&workload, &path).await;
    let (before, after) = answer.split_once('\n').unwrap();
    assert_eq!(before, format!("{set} 8192 16384"));
    assert!(after.starts_with(set), "{after}");
}

#[tokio::test]
async fn connections_out_are_counted_for_the_workload() {
    let (server, mut rig) = machine().await;
    rig.quota = TenantQuota::new(10).workload(0);
    let path = format!("/connect?127.255.255.254:{}", server.port());
    let workload = rig.start("sock-quota", "sockets_codes").await;
    assert_eq!(text(&workload, &path).await, "new-socket-limit");
    let workload = rig.start("sock-quota-p3", "sockets_p3").await;
    assert_eq!(text(&workload, &path).await, "out-of-memory");
}

#[tokio::test]
async fn names_of_the_platform_are_answered_and_others_by_policy() {
    let rig = Rig {
        lookups: vec!["*.test".to_owned()],
        ..Rig::default()
    };
    let workload = rig.start("sock-names", "sockets_codes").await;
    for (name, answer) in [
        ("localhost", "127.0.0.1\n(0, 0, 0, 0, 0, 0, 0, 1)\n"),
        ("host.wasmcloud.internal", "127.255.255.254\n"),
        ("HOST.weft.internal.", "127.255.255.254\n"),
        ("found.test", "192.0.2.1\n"),
        ("198.51.100.7", "198.51.100.7\n"),
        ("lost.test", "name-unresolvable"),
        ("slow.test", "temporary-resolver-failure"),
        ("example.com", "permanent-resolver-failure"),
        ("a..b", "invalid-argument"),
    ] {
        let path = format!("/lookup?{name}");
        assert_eq!(text(&workload, &path).await, answer, "{name}");
    }
}

#[tokio::test]
async fn everything_is_freed_with_the_instance() {
    let rig = Rig::service();
    let mut draft = workload("sock-freed").component("sockets_std");
    draft = draft.reuse(1, 1, 1);
    let workload = rig.start_draft(draft).await;
    for _ in 0..3 {
        assert_eq!(
            text(&workload, "/serve?127.0.0.1:77&through").await,
            "through"
        );
        assert_eq!(text(&workload, "/udp-pair").await, "pingpong");
    }
    until(|| rig.network.usage() == weft_net::loopback::Usage::default()).await;
}

#[tokio::test]
async fn linked_components_have_each_their_own_rights() {
    let (server, rig) = machine().await;
    let nothing = Rig {
        network: std::sync::Arc::clone(&rig.network),
        ..Rig::default()
    };
    let draft = workload("sock-linked")
        .component("linked_caller")
        .component("linked_callee");
    let (one, other) = (rig.parts(), nothing.parts());
    let path = format!("/connect?127.255.255.254:{}", server.port());
    for (caller, callee, answer) in [
        (
            &one,
            &other,
            "caller: Ok(0)\ncallee: Err(\"permission denied\")\n",
        ),
        (
            &other,
            &one,
            "caller: Err(\"permission denied\")\ncallee: Ok(0)\n",
        ),
    ] {
        let workload = rig
            .start_each(&draft, |name| {
                let parts = if name == "linked-caller" {
                    caller
                } else {
                    callee
                };
                std::sync::Arc::clone(parts)
            })
            .await;
        assert_eq!(text(&workload, &path).await, answer);
    }
}

/// A server on the machine's loopback that sends back what comes, and a policy that lets it be reached.
async fn machine() -> (SocketAddr, Rig) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut all = Vec::new();
                within(peer.read_to_end(&mut all)).await.unwrap();
                peer.write_all(&all).await.unwrap();
            });
        }
    });
    let rig = Rig {
        ports: vec![address.port().to_string()],
        ..Rig::default()
    };
    (address, rig)
}
