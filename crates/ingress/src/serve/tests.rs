//! How long the accept loop pauses after an error.

use std::io;
use std::time::Duration;

use super::pause_after;

/// Linux: too many open files in this process.
const EMFILE: i32 = 24;

#[test]
fn the_pause_doubles_up_to_a_second_while_there_are_no_file_descriptors() {
    let error = io::Error::from_raw_os_error(EMFILE);
    let pauses: Vec<_> = (0..10)
        .map(|failures| pause_after(&error, failures))
        .collect();
    let expected = [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000].map(Duration::from_millis);
    assert_eq!(pauses, expected);
    assert_eq!(pause_after(&error, u32::MAX), Duration::from_secs(1));
}

#[test]
fn a_peer_that_left_before_it_was_accepted_costs_no_pause() {
    for kind in [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::Interrupted,
    ] {
        assert_eq!(pause_after(&kind.into(), 7), Duration::ZERO);
    }
}
