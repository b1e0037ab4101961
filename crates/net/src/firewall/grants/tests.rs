//! What a look-up gives, and for how long.

use std::cell::Cell;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{GRACE, Grants, NAMES};
use crate::firewall::host::Name;
use crate::firewall::resolve::Answer;

thread_local! {
    /// How far the clock of this test has been moved on.
    static MOVED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static START: Instant = Instant::now();
}

/// A clock that stands still but for [`advance`].
fn now() -> Instant {
    START.with(|start| *start) + MOVED.get()
}

fn advance(time: Duration) {
    MOVED.set(MOVED.get() + time);
}

fn grants(most: usize) -> Grants {
    Grants {
        now,
        ..Grants::new(most)
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn answer(addresses: &[&str], seconds: u64) -> Answer {
    let addresses: Vec<IpAddr> = addresses
        .iter()
        .map(|text| text.parse().expect("an address"))
        .collect();
    Answer {
        addresses: addresses.into(),
        ttl: Duration::from_secs(seconds),
    }
}

fn names(grants: &Grants, address: &str) -> Vec<String> {
    let names = grants.names(address.parse().expect("an address"));
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn an_address_is_known_as_long_as_the_answer_lasts() {
    let grants = grants(10);
    grants.add(
        &name("db.test"),
        &answer(&["1.1.1.1", "::ffff:2.2.2.2"], 30),
    );
    assert_eq!(names(&grants, "1.1.1.1"), ["db.test"]);
    assert_eq!(names(&grants, "2.2.2.2"), ["db.test"]);
    advance(Duration::from_secs(30) + GRACE);
    assert!(names(&grants, "1.1.1.1").is_empty());
}

#[test]
fn an_address_of_several_names_is_known_under_each_the_latest_first() {
    let grants = grants(10);
    grants.add(&name("a.test"), &answer(&["1.1.1.1"], 30));
    grants.add(&name("b.test"), &answer(&["1.1.1.1"], 30));
    grants.add(&name("a.test"), &answer(&["1.1.1.1"], 60));
    assert_eq!(names(&grants, "1.1.1.1"), ["a.test", "b.test"]);
}

#[test]
fn the_table_is_bounded_and_forgets_what_expires_first() {
    let grants = grants(2);
    grants.add(&name("a.test"), &answer(&["1.1.1.1"], 60));
    grants.add(&name("b.test"), &answer(&["2.2.2.2"], 30));
    grants.add(&name("c.test"), &answer(&["3.3.3.3"], 30));
    assert!(names(&grants, "2.2.2.2").is_empty());
    assert_eq!(names(&grants, "1.1.1.1"), ["a.test"]);
    for i in 0..100 {
        grants.add(&name(&format!("n{i}.test")), &answer(&["1.1.1.1"], 60));
    }
    assert_eq!(names(&grants, "1.1.1.1").len(), NAMES);
}
