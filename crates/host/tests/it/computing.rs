//! Guests that compute without end, or deeper than the stack goes.

use weft_testkit::assembled;
use weft_testkit::client::get;

use crate::hostile::{Hostile, Problem, SOON, workload};

/// The routes that compute until somebody stops them.
const ENDLESS: &[(&str, &[&str])] = &[
    (
        "http_hostile",
        &["/spin", "/spin-calls", "/spin-yield", "/fill"],
    ),
    ("p3_hostile", &["/spin", "/yield"]),
];

#[test]
fn a_guest_that_computes_without_end_is_stopped_by_the_time_limit_and_its_instance_is_gone() {
    for (guest, routes) in ENDLESS {
        let manifest =
            workload("computes-without-end", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        for route in *routes {
            hostile.problem(route).is(504, "timeout", "timeout");
        }
        hostile.is_well();
    }
}

#[test]
fn many_endless_loops_at_once_all_end_by_the_time_limit() {
    let manifest = workload("many-endless-loops", "http_hostile");
    let hostile = Hostile::start(&manifest.set("weft.dev/request-timeout", SOON));
    let replies = hostile.block_on(async {
        let asked = (0..32).map(|_| async { hostile.visitor().ask(get("/spin")).await });
        futures::future::join_all(asked).await
    });
    for reply in replies {
        Problem::of(reply.unwrap()).is(504, "timeout", "timeout");
    }
    hostile.is_well();
}

#[test]
fn a_body_whose_guest_computes_without_end_breaks_off_at_the_time_limit() {
    for (guest, route) in [("http_hostile", "/spin-head"), ("p3_hostile", "/spin-body")] {
        let manifest = workload("body-without-end", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        if let Err(reply) = hostile.broken(route) {
            // Where the head could not go out before the loop began, the time limit answers.
            Problem::of(*reply).is(504, "timeout", "timeout");
        }
        hostile.is_well();
    }
}

#[test]
fn a_guest_that_computes_on_after_its_answer_has_answered_and_is_stopped() {
    let manifest = workload("computes-afterwards", "http_hostile");
    let hostile = Hostile::start(&manifest.set("weft.dev/request-timeout", SOON));
    assert_eq!(hostile.text("/spin-after"), "answered");
    hostile.is_well();
}

#[test]
fn a_guest_over_0_3_that_computes_on_keeps_its_own_answer_back_and_is_stopped() {
    // The event loop of a store, which would send the answer, waits for guest code that computes.
    let manifest = workload("computes-on", "p3_hostile");
    let hostile = Hostile::start(&manifest.set("weft.dev/request-timeout", SOON));
    hostile.problem("/spin-after").is(504, "timeout", "timeout");
    hostile.is_well();
}

#[test]
fn deep_recursion_is_a_trap_that_names_the_stack() {
    for guest in ["http_hostile", "p3_hostile"] {
        let hostile = Hostile::start(&workload("deep-recursion", guest));
        hostile
            .problem("/recurse")
            .is(502, "guest-trap", "stack-overflow");
        let detail = hostile.logged("/recurse").field("detail").to_owned();
        for part in ["main", "recurse", "stack"] {
            assert!(detail.contains(part), "`{part}` is not in: {detail}");
        }
        hostile.is_well();
    }
}

#[test]
fn deep_recursion_in_a_linked_component_names_that_component() {
    let manifest = workload("deep-linked", "hostile_caller");
    let manifest = manifest.component("deep", &assembled("hostile_recursion"));
    let hostile = Hostile::start(&manifest);
    hostile
        .problem("/attack?0")
        .is(502, "guest-trap", "stack-overflow");
    let detail = hostile.logged("/attack").field("detail").to_owned();
    assert!(detail.contains("deep"), "{detail}");
    hostile.is_well();
}

#[test]
fn a_guest_that_takes_no_more_calls_loses_its_instance_and_not_the_workload() {
    let manifest =
        workload("takes-no-more-calls", "p3_hostile").set("weft.dev/request-timeout", SOON);
    let hostile = Hostile::start(&manifest.reuse(4, 0, 16));
    assert_eq!(hostile.text("/backpressure"), "no more");
    assert_eq!(hostile.text("/hello"), "hello");
    assert_eq!(hostile.text("/hello"), "hello");
}
