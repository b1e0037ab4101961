//! Bytes, buffers and memory.

use std::task::{Context, Poll, Waker};

use super::*;

#[test]
fn bytes_cross_in_both_directions() {
    let network = network();
    let (near, far) = pair(&network);
    near.try_write(b"ping").unwrap();
    assert_eq!(read(&far).unwrap(), b"ping");
    far.try_write(b"po").unwrap();
    far.try_write(b"ng").unwrap();
    assert_eq!(
        read(&near).unwrap(),
        b"pong",
        "there are no messages, only bytes"
    );
    assert_eq!(read(&near), Err(Error::WouldBlock));
}

#[test]
fn a_writer_is_ahead_of_its_reader_by_both_buffers_and_no_more() {
    let network = network();
    let (near, far) = pair(&network);
    near.set_send_buffer(5000).unwrap();
    far.set_receive_buffer(7000).unwrap();
    assert_eq!(fill(&near), 12_000);
    assert_eq!(
        fill(&far),
        2 * (64 << 10),
        "the other direction has its own"
    );
    assert_eq!(far.try_read(&mut [0; 100]), Ok(100));
    assert_eq!(near.try_write(&[7; 200]), Ok(100));
}

#[tokio::test]
async fn a_writer_that_waits_goes_on_when_the_reader_reads() {
    let network = network();
    let (near, far) = pair(&network);
    let data: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    let write = async {
        let mut rest = &data[..];
        while !rest.is_empty() {
            let count = near.write(rest).await.unwrap();
            rest = &rest[count..];
        }
        near.shutdown(std::net::Shutdown::Write).unwrap();
    };
    let read = async {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 3000]);
        loop {
            match far.read(&mut buffer).await.unwrap() {
                0 => return all,
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    };
    let ((), all) = tokio::join!(write, read);
    assert!(all == data);
    assert_eq!(network.usage().buffered, 0);
}

#[tokio::test]
async fn a_larger_buffer_lets_a_writer_go_on() {
    let network = network();
    let (near, far) = pair(&network);
    fill(&near);
    let (written, ()) = tokio::join!(near.write(&[7; 9]), async {
        far.set_receive_buffer(1 << 20).unwrap();
    });
    assert_eq!(written, Ok(9));
}

#[test]
fn a_smaller_buffer_loses_nothing() {
    let network = network();
    let (near, far) = pair(&network);
    let written = fill(&near);
    near.set_send_buffer(1).unwrap();
    far.set_receive_buffer(1).unwrap();
    assert_eq!(near.try_write(b"x"), Err(Error::WouldBlock));
    assert_eq!(read(&far).unwrap().len(), written);
    assert_eq!(fill(&near), 2048, "the smallest buffers there are");
}

#[test]
fn buffers_are_memory_only_when_they_are_used() {
    let network = network();
    let pairs: Vec<_> = (0..100).map(|_| pair(&network)).collect();
    assert_eq!(network.usage().buffered, 0);
    pairs[0].0.try_write(&[7; 10_000]).unwrap();
    let used = network.usage().buffered;
    assert!((10_000..=20_000).contains(&used), "{used}");
    drop(pairs);
    assert_eq!(network.usage().buffered, 0);
}

#[test]
fn all_connections_together_stay_within_the_memory_of_the_workload() {
    let limit = 100 << 10;
    let network = Network::new(Limits {
        buffered: limit,
        ..Limits::default()
    });
    let pairs: Vec<_> = (0..50).map(|_| pair(&network)).collect();
    for (near, far) in &pairs {
        assert!(fill(near) >= 1024, "each gets a first piece");
        assert!(fill(far) >= 1024);
    }
    assert!(network.usage().buffered <= limit + 100 * 1024);
}

#[tokio::test]
async fn a_writer_that_waits_for_memory_goes_on_when_another_connection_gives_some_back() {
    let network = Network::new(Limits {
        buffered: 64 << 10,
        ..Limits::default()
    });
    let (greedy, reader) = pair(&network);
    let (modest, _other) = pair(&network);
    fill(&greedy);
    assert_eq!(modest.try_write(&[7; 4096]), Ok(1024));
    let cx = Context::from_waker(Waker::noop());
    assert_eq!(modest.poll_writable(&cx), Poll::Pending);
    let (written, read) = tokio::join!(modest.write(&[7; 4096]), async { read(&reader) });
    assert_eq!(written, Ok(4096));
    assert!(read.is_ok());
}

#[test]
fn a_socket_is_writable_when_a_write_would_take_something() {
    let network = Network::new(Limits {
        buffered: 9000,
        ..Limits::default()
    });
    let (near, far) = pair(&network);
    let cx = Context::from_waker(Waker::noop());
    let mut buffer = [0; 700];
    for _ in 0..200 {
        let writable = near.poll_writable(&cx).is_ready();
        let count = near.try_write(&[7; 300]);
        assert_eq!(writable, count.is_ok());
        if !writable {
            far.try_read(&mut buffer).unwrap();
        }
    }
}

#[test]
fn reading_or_writing_nothing_waits_for_nothing() {
    let network = network();
    let (near, far) = pair(&network);
    assert_eq!(near.try_read(&mut []), Ok(0));
    fill(&near);
    assert_eq!(near.try_write(&[]), Ok(0));
    drop((near, far));
}
