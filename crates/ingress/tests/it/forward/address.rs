//! What holds for every forwarded connection, by whatever it was found.

use std::io::ErrorKind;
use std::time::Duration;

use super::*;
use weft_ingress::ForwardRefusal;
use weft_testkit::until;

/// A forwarded connection, and the service's end of it.
async fn joined(limits: ForwardLimits) -> (Forward, TcpStream, TcpStream) {
    let (listener, target) = backend("t/w").await;
    let forward = Forward::to(target, limits);
    let near = forward.connect().await;
    let (far, _) = within(listener.accept()).await.unwrap();
    (forward, near, far)
}

#[tokio::test]
async fn bytes_go_both_ways_and_each_half_ends_by_itself() {
    let (_forward, mut near, mut far) = joined(ForwardLimits::default()).await;
    near.write_all(b"question").await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(end(&mut far).await.unwrap(), b"question");
    far.write_all(b"answer").await.unwrap();
    assert_eq!(text(&mut near, 6).await, "answer");
    far.write_all(b", and more").await.unwrap();
    far.shutdown().await.unwrap();
    assert_eq!(end(&mut near).await.unwrap(), b", and more");
}

#[tokio::test]
async fn a_reset_stays_a_reset_in_both_directions() {
    let (_forward, mut near, mut far) = joined(ForwardLimits::default()).await;
    far.write_all(b"half of i").await.unwrap();
    assert_eq!(text(&mut near, 9).await, "half of i");
    far.reset();
    drop(far);
    let error = end(&mut near).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let (_forward, mut near, mut far) = joined(ForwardLimits::default()).await;
    near.reset();
    drop(near);
    let error = end(&mut far).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_mebibyte_each_way_arrives_whole_though_one_side_reads_slowly() {
    let (_forward, near, far) = joined(ForwardLimits::default()).await;
    let sent: Vec<u8> = (0..1_u32 << 20)
        .map(|byte| byte.to_le_bytes()[0] ^ byte.to_le_bytes()[1])
        .collect();
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let send = |mut out: tokio::net::tcp::OwnedWriteHalf, data: Vec<u8>| async move {
        out.write_all(&data).await.unwrap();
        out.shutdown().await.unwrap();
    };
    let receive = |mut half: tokio::net::tcp::OwnedReadHalf, step: usize| async move {
        let (mut all, mut buffer) = (Vec::new(), vec![0; step]);
        while let read @ 1.. = half.read(&mut buffer).await.unwrap() {
            all.extend_from_slice(&buffer[..read]);
            tokio::task::yield_now().await;
        }
        all
    };
    let ((), (), slow, quick) = within(async {
        tokio::join!(
            send(near_out, sent.clone()),
            send(far_out, sent.clone()),
            receive(near_in, 1000),
            receive(far_in, 1 << 16),
        )
    })
    .await;
    assert!(slow == sent && quick == sent);
}

#[tokio::test]
async fn a_service_that_does_not_read_stops_its_client() {
    let (_forward, mut near, _far) = joined(ForwardLimits::default()).await;
    let chunk = vec![0; 1 << 16];
    let flood = async {
        // The kernel's buffers of two connections hold some megabytes; no more may fit in between.
        for _ in 0..4096 {
            near.write_all(&chunk).await.unwrap();
        }
    };
    let fitted = tokio::time::timeout(Duration::from_millis(500), flood).await;
    assert!(fitted.is_err(), "256 MiB were taken without a reader");
}

#[tokio::test]
async fn who_is_silent_for_long_is_reset() {
    let limits = ForwardLimits {
        idle_timeout: Duration::from_millis(100),
        ..ForwardLimits::default()
    };
    let (_forward, mut near, mut far) = joined(limits).await;
    assert!(end(&mut near).await.is_err());
    assert!(end(&mut far).await.is_err());
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let limits = ForwardLimits {
        max_connections: 1,
        ..ForwardLimits::default()
    };
    let forward = Forward::to(echo("t/w").await, limits);
    let mut first = forward.connect().await;
    assert_eq!(text(&mut first, 3).await, "t/w");
    let mut second = forward.connect().await;
    assert_eq!(forward.stats.accepted(), 1);
    first.shutdown().await.unwrap();
    assert_eq!(end(&mut first).await.unwrap(), b"");
    assert_eq!(text(&mut second, 3).await, "t/w");
}

#[tokio::test]
async fn a_listener_to_which_nobody_comes_takes_no_place_from_the_others() {
    let places = Places::new(1, 1);
    let limits = ForwardLimits::default();
    let idle = Forward::sharing(places.clone(), echo("t/idle").await, limits);
    // It is at its listener once it has had one.
    let mut first = idle.connect().await;
    assert_eq!(text(&mut first, 6).await, "t/idle");
    first.shutdown().await.unwrap();
    assert_eq!(end(&mut first).await.unwrap(), b"");
    let busy = Forward::sharing(places, echo("t/busy").await, limits);
    for _ in 0..2 {
        let mut client = busy.connect().await;
        assert_eq!(text(&mut client, 6).await, "t/busy");
    }
}

#[tokio::test]
async fn a_flood_at_one_tenants_ports_leaves_room_for_the_others() {
    let places = Places::new(6, 3);
    let limits = ForwardLimits::default();
    let floods = [
        Forward::sharing(places.clone(), echo("mallory/one").await, limits),
        Forward::sharing(places.clone(), echo("mallory/two").await, limits),
    ];
    let alice = Forward::sharing(places, echo("alice/db").await, limits);
    let mut flood = Vec::new();
    for _ in 0..50 {
        for port in &floods {
            flood.push(port.connect().await);
        }
    }
    until(|| floods.iter().map(|port| port.stats.open()).sum::<u64>() == 3).await;
    for _ in 0..3 {
        let mut client = alice.connect().await;
        assert_eq!(text(&mut client, 8).await, "alice/db");
        flood.push(client);
    }
    assert_eq!(floods.iter().map(|port| port.stats.open()).sum::<u64>(), 3);
    // Who waited has its turn when others are gone.
    drop(flood);
    let mut late = floods[0].connect().await;
    assert_eq!(text(&mut late, 11).await, "mallory/one");
}

#[tokio::test]
async fn bytes_of_both_directions_are_counted() {
    let forward = Forward::to(echo("t/w").await, ForwardLimits::default());
    let mut client = forward.connect().await;
    client.write_all(&[b'x'; 100_000]).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(end(&mut client).await.unwrap().len(), 100_003);
    until(|| forward.stats.open() == 0).await;
    assert_eq!(forward.stats.received(), 100_000);
    assert_eq!(forward.stats.sent(), 100_003);
}

#[tokio::test]
async fn one_address_cannot_have_more_than_its_share() {
    let limits = ForwardLimits {
        max_connections_per_peer: 1,
        ..ForwardLimits::default()
    };
    let forward = Forward::to(echo("t/w").await, limits);
    let mut first = forward.connect().await;
    assert_eq!(text(&mut first, 3).await, "t/w");
    let mut second = forward.connect().await;
    assert_eq!(end(&mut second).await.unwrap_or_default(), b"");
    assert_eq!(forward.stats.refused(ForwardRefusal::PeerLimit), 1);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_reset_and_counted() {
    let (listener, target) = backend("t/w").await;
    drop(listener);
    let forward = Forward::to(target, ForwardLimits::default());
    let mut client = forward.connect().await;
    assert!(end(&mut client).await.is_err());
    assert_eq!(forward.stats.refused(ForwardRefusal::Target), 1);
}

#[tokio::test]
async fn a_drain_closes_who_is_silent_and_cuts_who_goes_on_for_too_long() {
    let limits = ForwardLimits {
        quiet_timeout: Duration::from_millis(200),
        drain_timeout: Duration::from_secs(1),
        ..ForwardLimits::default()
    };
    let (mut forward, mut silent, _far) = joined(limits).await;
    assert_eq!(forward.drained().await, Drained::default());
    assert_eq!(end(&mut silent).await.unwrap(), b"", "an orderly end");
    assert!(TcpStream::connect(forward.addr).await.is_err());

    let (mut forward, mut near, mut far) = joined(limits).await;
    let talk = tokio::spawn(async move {
        while near.write_all(b"x").await.is_ok() && far.read_u8().await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(forward.drained().await.cut_connections, 1);
    within(talk).await.unwrap();
}
