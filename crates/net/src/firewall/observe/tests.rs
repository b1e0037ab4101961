//! How often the same came before.

use super::{DenialEvent, KINDS, Tally};
use crate::firewall::denial::Denial;

fn denial(asked: &str) -> Denial {
    Denial::malformed(asked, "for the test".to_owned())
}

#[test]
fn the_same_denial_is_counted_and_others_apart_from_it() {
    let tally = Tally::default();
    assert_eq!(tally.count(&denial("a")), 1);
    assert_eq!(tally.count(&denial("a")), 2);
    assert_eq!(tally.count(&denial("b")), 1);
}

#[test]
fn a_guest_that_asks_for_ever_new_things_is_counted_in_one_row() {
    let tally = Tally::default();
    for i in 0..KINDS {
        assert_eq!(tally.count(&denial(&i.to_string())), 1);
    }
    assert_eq!(tally.count(&denial("one more")), 1);
    assert_eq!(tally.count(&denial("and another")), 2);
    assert_eq!(tally.count(&denial("0")), 2);
}

#[test]
fn the_log_is_told_ever_more_rarely() {
    let denial = denial("a");
    let lines = (1..=1000).filter(|&times| {
        DenialEvent {
            owner: "t/w/c",
            denial: &denial,
            times,
        }
        .worth_a_line()
    });
    assert_eq!(lines.count(), 10);
}
