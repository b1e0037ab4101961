//! Guests that do their worst while they are instantiated, before a request reaches them.

use std::time::Instant;

use weft_testkit::assembled;
use weft_testkit::client::get;

use crate::hostile::{Hostile, SOON, workload};
use weft_testkit::visitor::PATIENCE;

fn born(name: &str, init: &str) -> Hostile {
    let manifest = workload(name, "hostile_init").env("INIT", init);
    Hostile::start(&manifest.set("weft.dev/request-timeout", SOON))
}

#[test]
fn a_workload_whose_instances_are_never_ready_answers_when_the_time_limit_has_passed() {
    for init in ["spin", "sleep", "print"] {
        let hostile = born(&format!("never-ready-{init}"), init);
        let asked = Instant::now();
        hostile.problem("/").is(504, "timeout", "timeout");
        assert!(asked.elapsed() < PATIENCE / 2, "{init}");
        hostile.is_rid_of_it();
    }
}

#[test]
fn a_start_function_that_never_returns_is_stopped_as_well() {
    let manifest = workload("endless-start", "hostile_caller");
    let manifest = manifest.component("endless", &assembled("hostile_start"));
    let hostile = Hostile::start(&manifest.set("weft.dev/request-timeout", SOON));
    hostile.problem("/hello").is(504, "timeout", "timeout");
    hostile.is_rid_of_it();
}

#[test]
fn a_failure_at_birth_is_a_problem_for_its_own_clients() {
    for (init, reason) in [
        ("panic", None),
        ("exit", None),
        ("recurse", Some("stack-overflow")),
        ("oom", Some("memory")),
    ] {
        let hostile = born(&format!("fails-at-birth-{init}"), init);
        for _ in 0..3 {
            let problem = hostile.problem("/");
            assert_eq!(problem.status, 502, "{init}");
            if let Some(reason) = reason {
                assert_eq!(problem.reason, reason, "{init}");
            }
        }
        let line = hostile.logged("/");
        assert_eq!(line.field("blame"), "guest", "{init}: {line:?}");
        hostile.is_rid_of_it();
    }
}

#[test]
fn clients_that_leave_a_guest_that_is_never_ready_leave_nothing_behind() {
    let hostile = born("left-unborn", "spin");
    hostile.block_on(async {
        for _ in 0..10 {
            let mut visitor = hostile.visitor();
            let pause = std::time::Duration::from_millis(5);
            let left = tokio::time::timeout(pause, visitor.send(get("/"))).await;
            drop(left);
        }
    });
    hostile.is_rid_of_it();
}

#[test]
fn a_constructor_that_hoards_handles_is_ended() {
    let hostile = born("hoards-at-birth", "hoard");
    let status = hostile.ask(get("/")).status;
    assert!(matches!(status, 502 | 504), "{status}");
    hostile.is_rid_of_it();
}
