//! Half-close, drop and reset.

use std::net::Shutdown;

use super::*;

#[test]
fn a_peer_that_was_dropped_leaves_its_data_and_then_the_end() {
    let network = network();
    let (near, far) = pair(&network);
    near.try_write(b"last words").unwrap();
    drop(near);
    assert_eq!(read(&far).unwrap(), b"last words");
    assert_eq!(read(&far).unwrap(), b"");
    assert_eq!(read(&far).unwrap(), b"");
}

#[test]
fn the_first_write_to_a_peer_that_left_is_lost_and_the_second_breaks() {
    let network = network();
    let (near, far) = pair(&network);
    drop(near);
    assert_eq!(far.try_write(b"anyone?"), Ok(7));
    assert_eq!(far.try_write(b"anyone?"), Err(Error::ConnectionBroken));
    assert_eq!(far.try_write(b"anyone?"), Err(Error::ConnectionBroken));
    assert_eq!(read(&far).unwrap(), b"");
}

#[test]
fn a_peer_that_was_dropped_with_data_unread_resets_the_connection() {
    let network = network();
    let (near, far) = pair(&network);
    near.try_write(b"answer").unwrap();
    far.try_write(b"unread").unwrap();
    drop(near);
    assert_eq!(read(&far).unwrap(), b"answer", "what had arrived is there");
    assert_eq!(read(&far), Err(Error::ConnectionReset));
    assert_eq!(read(&far).unwrap(), b"", "the error is told once");
    assert_eq!(far.try_write(b"x"), Err(Error::ConnectionBroken));
    assert_eq!(far.remote_address(), Err(Error::InvalidState));
    assert!(far.local_address().is_ok());
}

#[test]
fn a_reset_is_told_to_the_first_who_asks() {
    let network = network();
    let (near, far) = pair(&network);
    far.try_write(b"unread").unwrap();
    drop(near);
    assert_eq!(far.try_write(b"x"), Err(Error::ConnectionReset));
    assert_eq!(far.try_write(b"x"), Err(Error::ConnectionBroken));
    assert_eq!(read(&far).unwrap(), b"");
}

#[test]
fn half_a_connection_goes_on() {
    let network = network();
    let (near, far) = pair(&network);
    near.try_write(b"question").unwrap();
    near.shutdown(Shutdown::Write).unwrap();
    assert_eq!(near.try_write(b"x"), Err(Error::ConnectionBroken));
    assert_eq!(read(&far).unwrap(), b"question");
    assert_eq!(read(&far).unwrap(), b"");
    far.try_write(b"answer").unwrap();
    assert_eq!(read(&near).unwrap(), b"answer");
    far.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read(&near).unwrap(), b"");
    assert_eq!(
        near.remote_address(),
        Err(Error::InvalidState),
        "both have said all"
    );
    assert_eq!(near.shutdown(Shutdown::Both), Err(Error::InvalidState));
}

#[test]
fn a_socket_that_reads_no_more_still_gets_data_as_on_linux() {
    let network = network();
    let (near, far) = pair(&network);
    near.shutdown(Shutdown::Read).unwrap();
    assert_eq!(read(&near).unwrap(), b"");
    far.try_write(b"late").unwrap();
    assert_eq!(read(&near).unwrap(), b"late");
    assert_eq!(read(&near).unwrap(), b"");
}

#[test]
fn data_for_a_socket_that_was_shut_down_in_both_directions_resets_it() {
    let network = network();
    let (near, far) = pair(&network);
    near.shutdown(Shutdown::Both).unwrap();
    assert_eq!(read(&far).unwrap(), b"");
    assert_eq!(far.try_write(b"anyone?"), Ok(7));
    assert_eq!(far.try_write(b"anyone?"), Err(Error::ConnectionBroken));
    assert_eq!(read(&near), Err(Error::ConnectionReset));
    assert_eq!(read(&near).unwrap(), b"");
}

#[test]
fn a_reset_after_the_end_of_the_data_breaks_writes_alone() {
    let network = network();
    let (near, far) = pair(&network);
    near.shutdown(Shutdown::Write).unwrap();
    far.try_write(b"unread").unwrap();
    drop(near);
    assert_eq!(read(&far).unwrap(), b"");
    assert_eq!(far.try_write(b"x"), Err(Error::ConnectionBroken));
}

#[tokio::test]
async fn whoever_waits_is_woken_by_the_end() {
    for unread in [false, true] {
        let network = network();
        let (near, far) = pair(&network);
        if unread {
            far.try_write(b"x").unwrap();
        }
        let mut buffer = [0; 10];
        let (read, ()) = tokio::join!(far.read(&mut buffer), async { drop(near) });
        let expected = if unread {
            Err(Error::ConnectionReset)
        } else {
            Ok(0)
        };
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn a_writer_that_waits_for_room_is_woken_when_the_reader_goes() {
    let network = network();
    let (near, far) = pair(&network);
    fill(&near);
    let (written, ()) = tokio::join!(near.write(b"x"), async { drop(far) });
    assert_eq!(written, Err(Error::ConnectionReset));
}

#[tokio::test]
async fn a_reader_is_woken_by_its_own_shutdown() {
    let network = network();
    let (near, _far) = pair(&network);
    let mut buffer = [0; 10];
    let (read, ()) = tokio::join!(near.read(&mut buffer), async {
        near.shutdown(Shutdown::Read).unwrap();
    });
    assert_eq!(read, Ok(0));
}
