//! TCP ports at addresses of the machine.

use std::net::Shutdown;

use weft_ingress::Cord as _;
use weft_testkit::until;

use super::*;

const PORT: &str = "name: db, port: 77, publish: '127.0.0.1:0'";

#[tokio::test]
async fn bytes_go_both_ways_and_each_half_ends_by_itself() {
    let open = Open::new(PORT);
    let listener = listens(&open.network, "0.0.0.0:77");
    let (mut near, far) = open.joined(&listener).await;
    assert_eq!(open.published.ports()[0].connections(), 1);
    near.write_all(b"question").await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(read(&far, usize::MAX).await.unwrap(), b"question");
    write(&far, b"answer").await;
    far.shutdown(Shutdown::Write).unwrap();
    assert_eq!(end(&mut near).await.unwrap(), b"answer");
    until(|| open.published.ports()[0].connections() == 0).await;
    assert_eq!(open.network.usage().sockets, 2, "the listener and its end");
}

#[tokio::test]
async fn the_service_is_found_on_whichever_address_it_listens() {
    for address in ["127.0.0.1:77", "127.0.0.9:77", "[::1]:77", "[::]:77"] {
        let open = Open::new(PORT);
        let listener = listens(&open.network, address);
        let (mut near, far) = open.joined(&listener).await;
        write(&far, b"here").await;
        drop(far);
        assert_eq!(end(&mut near).await.unwrap(), b"here", "{address}");
    }
}

#[tokio::test]
async fn a_mebibyte_each_way_holds_no_more_memory_than_two_buffers() {
    let open = Open::new(PORT);
    let listener = listens(&open.network, "127.0.0.1:77");
    let (near, far) = open.joined(&listener).await;
    let data: Vec<u8> = (0..1_u32 << 20).map(|byte| (byte % 251) as u8).collect();
    let (mut near_in, mut near_out) = near.into_split();
    let held = AtomicUsize::new(0);
    let note = || held.fetch_max(open.network.usage().buffered, Ordering::Relaxed);
    let far_reads = async {
        // In small pieces, and slowly.
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        while let read @ 1.. = far.read(&mut buffer).await.unwrap() {
            all.extend_from_slice(&buffer[..read]);
            note();
            tokio::task::yield_now().await;
        }
        all
    };
    let far_writes = async {
        write(&far, &data).await;
        far.shutdown(Shutdown::Write).unwrap();
    };
    let near_writes = async {
        near_out.write_all(&data).await.unwrap();
        near_out.shutdown().await.unwrap();
    };
    let (to_service, (), (), to_client) =
        tokio::join!(far_reads, far_writes, near_writes, end(&mut near_in));
    assert!(to_service == data && to_client.unwrap() == data);
    let held = held.into_inner();
    // Send and receive buffer of each direction are 64 KiB each.
    assert!(
        (1..=4 * (64 << 10) + (8 << 10)).contains(&held),
        "{held} bytes"
    );
}

#[tokio::test]
async fn a_service_that_never_reads_stops_its_client() {
    let open = Open::new(PORT);
    let listener = listens(&open.network, "127.0.0.1:77");
    let (mut near, _far) = open.joined(&listener).await;
    let chunk = vec![0; 1 << 16];
    let flood = async {
        for _ in 0..4096 {
            near.write_all(&chunk).await.unwrap();
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(300), flood)
            .await
            .is_err()
    );
    let buffered = open.network.usage().buffered;
    assert!(buffered <= 136 << 10, "{buffered} bytes");
}

#[tokio::test]
async fn a_reset_stays_a_reset_in_both_directions() {
    let open = Open::new(PORT);
    let listener = listens(&open.network, "127.0.0.1:77");
    // The service trapped: what it had not read makes its end a reset.
    let (mut near, far) = open.joined(&listener).await;
    near.write_all(b"unread").await.unwrap();
    within(far.readable()).await;
    drop(far);
    let error = end(&mut near).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);

    let (mut near, far) = open.joined(&listener).await;
    near.write_all(b"half of i").await.unwrap();
    assert_eq!(read(&far, 9).await.unwrap(), b"half of i");
    near.reset();
    drop(near);
    assert_eq!(read(&far, 1).await, Err(Error::ConnectionReset));
}

#[tokio::test]
async fn a_connection_is_held_until_the_service_listens_again() {
    let open = Open::new(PORT);
    let mut early = open.connect().await;
    let listener = listens(&open.network, "127.0.0.1:77");
    let far = within(listener.accept()).await.unwrap();
    write(&far, b"first").await;
    let mut buffer = [0; 5];
    within(early.read_exact(&mut buffer)).await.unwrap();

    // A restart: its connections end, new ones wait.
    drop((listener, far));
    assert_eq!(end(&mut early).await.unwrap(), b"");
    let mut waiting = open.connect().await;
    waiting.write_all(b"are you there?").await.unwrap();
    let other = listens(&open.network, "127.0.0.1:78");
    let listener = listens(&open.network, "0.0.0.0:77");
    let far = within(listener.accept()).await.unwrap();
    assert_eq!(read(&far, 14).await.unwrap(), b"are you there?");
    assert_eq!(other.try_accept().unwrap_err(), Error::WouldBlock);
}

#[tokio::test]
async fn a_connection_is_not_held_for_longer_than_the_bound() {
    let limits = ForwardLimits {
        connect_timeout: Duration::from_millis(100),
        ..ForwardLimits::default()
    };
    let open = Open::limited(PORT, PublishConfig::default(), limits);
    let mut near = open.connect().await;
    assert!(end(&mut near).await.is_err(), "a reset");
    assert_eq!(open.network.usage().sockets, 0);
}

#[tokio::test]
async fn a_service_that_is_started_a_hundred_times_is_found_each_time() {
    let open = Open::new(PORT);
    for round in 0..100_u8 {
        let mut near = open.connect().await;
        let listener = listens(&open.network, "127.0.0.1:77");
        let far = within(listener.accept()).await.unwrap();
        write(&far, &[round]).await;
        drop((listener, far));
        assert_eq!(end(&mut near).await.unwrap(), [round]);
    }
}

#[tokio::test]
async fn a_guard_that_is_dropped_closes_the_port_and_resets_its_connections() {
    let open = Open::new(PORT);
    let listener = listens(&open.network, "127.0.0.1:77");
    let (mut near, far) = open.joined(&listener).await;
    let Open {
        published, addr, ..
    } = open;
    drop(published);
    assert!(end(&mut near).await.is_err());
    assert_eq!(read(&far, 1).await, Err(Error::ConnectionReset));
    within(async {
        while TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_port_that_was_closed_can_be_opened_at_the_same_address_at_once() {
    let open = Open::new(PORT);
    let Open {
        publisher,
        mut published,
        addr,
        network,
    } = open;
    let spec = spec("t", &[&format!("name: db, port: 77, publish: '{addr}'")]);
    for _ in 0..20 {
        published.close().await;
        (published, _) = publisher.publish(&spec, &network).unwrap();
    }
    let listener = listens(&network, "127.0.0.1:77");
    let _near = TcpStream::connect(addr).await.unwrap();
    within(listener.accept()).await.unwrap();
}

#[tokio::test]
async fn a_stop_lets_who_is_busy_finish_and_closes_who_is_silent() {
    let open = Open::new(PORT);
    let listener = listens(&open.network, "127.0.0.1:77");
    let (mut silent, _silent_far) = open.joined(&listener).await;
    let (mut busy, far) = open.joined(&listener).await;
    busy.write_all(b"question").await.unwrap();
    open.publisher.stop();
    assert_eq!(read(&far, 8).await.unwrap(), b"question");
    write(&far, b"answer").await;
    drop(far);
    assert_eq!(end(&mut busy).await.unwrap(), b"answer");
    assert_eq!(end(&mut silent).await.unwrap(), b"");
    drop((busy, silent));
    assert_eq!(within(open.publisher.finished()).await, 0);
}
