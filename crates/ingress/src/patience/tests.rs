//! When a connection is overdue, told event by event.

use std::time::Duration;

use tokio::time::Instant;

use super::{Facts, Patience};
use crate::limits::Limits;
use crate::stats::Cut;

const HEADER: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);
const QUIET: Facts = Facts {
    started: 0,
    in_flight: 0,
    heard: false,
    http2: false,
};

/// A connection that opened at `start`; times below are seconds since then.
struct Connection {
    start: Instant,
    patience: Patience,
}

impl Connection {
    fn open() -> Self {
        let limits = Limits {
            header_read_timeout: HEADER,
            idle_timeout: IDLE,
            ..Limits::default()
        };
        let start = Instant::now();
        Self {
            start,
            patience: Patience::new(&limits, start),
        }
    }

    fn at(&mut self, second: u64, facts: Facts) -> Option<(u64, Cut)> {
        let now = self.start + Duration::from_secs(second);
        let (deadline, why) = self.patience.deadline(now, facts)?;
        Some((deadline.duration_since(self.start).as_secs(), why))
    }
}

#[test]
fn the_first_request_is_due_within_the_header_timeout_however_its_head_trickles_in() {
    let mut connection = Connection::open();
    for second in [0, 10, 29] {
        let facts = Facts {
            heard: second > 0,
            ..QUIET
        };
        assert_eq!(connection.at(second, facts), Some((30, Cut::HeaderTimeout)));
    }
}

#[test]
fn a_request_in_flight_has_no_deadline_and_the_idle_time_begins_at_its_end() {
    let mut connection = Connection::open();
    let busy = Facts {
        started: 1,
        in_flight: 1,
        ..QUIET
    };
    assert_eq!(connection.at(1, busy), None);
    assert_eq!(connection.at(1000, busy), None);
    let done = Facts {
        started: 1,
        ..QUIET
    };
    assert_eq!(connection.at(1001, done), Some((1061, Cut::Idle)));
    assert_eq!(connection.at(1050, done), Some((1061, Cut::Idle)));
}

#[test]
fn a_request_that_came_and_went_unseen_starts_the_idle_time_again() {
    let mut connection = Connection::open();
    connection.at(
        1,
        Facts {
            started: 1,
            ..QUIET
        },
    );
    let facts = Facts {
        started: 2,
        heard: true,
        ..QUIET
    };
    assert_eq!(connection.at(50, facts), Some((110, Cut::Idle)));
}

#[test]
fn a_head_that_has_begun_is_due_within_the_header_timeout_of_its_first_byte() {
    let mut connection = Connection::open();
    let done = Facts {
        started: 1,
        ..QUIET
    };
    connection.at(1, done);
    let heard = Facts {
        heard: true,
        ..done
    };
    assert_eq!(connection.at(11, heard), Some((41, Cut::HeaderTimeout)));
    assert_eq!(connection.at(40, heard), Some((41, Cut::HeaderTimeout)));
    let next = Facts {
        started: 2,
        ..heard
    };
    assert_eq!(connection.at(40, next), Some((100, Cut::Idle)));
}

#[test]
fn bytes_of_http2_without_a_request_are_no_head() {
    let mut connection = Connection::open();
    let facts = Facts {
        started: 1,
        heard: true,
        http2: true,
        ..QUIET
    };
    connection.at(1, facts);
    assert_eq!(connection.at(20, facts), Some((61, Cut::Idle)));
}

#[test]
fn a_closing_connection_gets_its_grace_after_the_last_request() {
    let mut connection = Connection::open();
    let now = connection.start + Duration::from_secs(5);
    connection.patience.close(now, Duration::from_secs(3));
    assert_eq!(connection.at(5, QUIET), Some((8, Cut::Idle)));
    let busy = Facts {
        started: 1,
        in_flight: 1,
        ..QUIET
    };
    assert_eq!(connection.at(6, busy), None);
    let done = Facts {
        started: 1,
        ..QUIET
    };
    assert_eq!(connection.at(20, done), Some((23, Cut::Idle)));
}
