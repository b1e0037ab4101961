//! Guests that print more than anybody can read.

use crate::hostile::{Hostile, SOON, workload};

/// Lines of one component that reach the log within a second, as `EngineConfig` has it.
const LINES_PER_SECOND: usize = 1000;

#[test]
fn a_log_flood_is_cut_down_and_counted() {
    for kind in ["stdout", "stderr", "logging"] {
        let manifest = workload(&format!("floods-{kind}"), "http_hostile");
        let hostile = Hostile::start(&manifest);
        assert_eq!(hostile.text(&format!("/print?{kind}&50000&20")), "50000");
        let lines = hostile.log().guest_lines().len();
        // However fast the machine is, it took less than so many seconds.
        assert!(
            (1..=20 * LINES_PER_SECOND).contains(&lines),
            "{kind}: {lines}"
        );
        hostile.is_well();
        drop(hostile.stage);
    }
}

#[test]
fn a_flood_that_never_ends_ends_with_the_time_limit() {
    for kind in ["stdout", "stderr", "endless", "logging"] {
        let manifest = workload(&format!("endless-flood-{kind}"), "http_hostile");
        let hostile = Hostile::start(&manifest.set("weft.dev/request-timeout", SOON));
        hostile
            .problem(&format!("/print?{kind}&0&500"))
            .is(504, "timeout", "timeout");
        hostile.is_well();
    }
}

#[test]
fn a_line_that_never_ends_is_logged_in_pieces() {
    let hostile = Hostile::start(&workload("endless-line", "http_hostile"));
    assert_eq!(hostile.text("/print?endless&100&4000"), "100");
    hostile.is_rid_of_it();
    let longest = hostile
        .log()
        .guest_lines()
        .into_iter()
        .map(|line| line.len());
    assert!(longest.max().is_some_and(|bytes| bytes <= 20_000));
}
