//! What a host holds for a guest: handles, tasks, timers, requests under way.

use weft_testkit::client::get;
use weft_testkit::server::EchoServer;

use crate::hostile::{Hostile, Problem, SOON, workload};

#[test]
fn handles_without_end_are_refused_before_they_cost_the_host_much() {
    let manifest = workload("hoards-handles", "http_hostile").set("weft.dev/request-timeout", "5s");
    let hostile = Hostile::start(&manifest);
    for kind in ["fields", "full-fields", "pollable", "request"] {
        let problem = hostile.problem(&format!("/handles?{kind}"));
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (502, "guest-trap"),
            "{kind}"
        );
    }
    hostile.is_well();
}

#[test]
fn handles_streams_and_futures_of_0_3_without_end_are_refused_too() {
    let manifest = workload("hoards-streams", "p3_hostile").set("weft.dev/request-timeout", "5s");
    let hostile = Hostile::start(&manifest);
    for route in ["fields", "streams", "futures"] {
        let problem = hostile.problem(&format!("/{route}?100000000"));
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (502, "guest-trap"),
            "{route}"
        );
    }
    hostile.is_well();
}

#[test]
fn some_thousand_handles_tasks_and_timers_are_nothing_special() {
    let hostile = Hostile::start(&workload("thousands", "http_hostile"));
    assert_eq!(hostile.text("/handles?fields&2000"), "2000");
    assert_eq!(hostile.text("/pollables?2000"), "1");
    hostile.is_well();
    let hostile = Hostile::start(&workload("thousands-p3", "p3_hostile"));
    for path in ["/tasks?2000&1", "/streams?2000", "/futures?2000"] {
        assert_eq!(hostile.text(path), "2000", "{path}");
    }
    hostile.is_well();
}

#[test]
fn tasks_and_timers_that_never_end_end_with_the_time_limit() {
    for (guest, route) in [
        ("http_hostile", "/timers?5000"),
        ("p3_hostile", "/tasks-hold?5000"),
    ] {
        let manifest = workload("pending-tasks", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        let problem = hostile.problem(route);
        // A host may refuse so many before their time is up.
        let refused = problem.code == "guest-trap";
        assert!(refused || problem.status == 504, "{problem:?}");
        hostile.is_well();
    }
}

#[test]
fn tasks_left_behind_end_although_nobody_waits_for_them() {
    let manifest = workload("left-behind", "p3_hostile").set("weft.dev/request-timeout", SOON);
    let hostile = Hostile::start(&manifest);
    assert_eq!(hostile.text("/tasks-leave?1000"), "1000");
    hostile.is_well();
}

#[test]
fn outgoing_requests_that_are_never_finished_end_with_the_request_that_began_them() {
    for guest in ["http_hostile", "p3_hostile"] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(EchoServer::start());
        let manifest = workload("outbound", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest.allow(&server));
        let path = format!("/outbound?20&{}", server.url("/never"));
        hostile.problem(&path).is(504, "timeout", "timeout");
        assert!(server.connections() > 0, "{guest}");
        hostile.block_on(server.deserted());
        hostile.is_well();
    }
}

#[test]
fn large_arguments_of_host_calls_are_refused_before_they_are_copied() {
    let hostile = Hostile::start(&workload("large-arguments", "http_hostile"));
    // The first is small enough for the guest's own memory, the second for nothing.
    for path in ["/shout?200000000", "/random?200000000"] {
        let reply = hostile.ask(get(path));
        if reply.status != 200 {
            assert_eq!(Problem::of(reply).code, "guest-trap", "{path}");
        }
    }
    assert_eq!(hostile.text("/random?1000"), "1000");
    hostile.is_well();
}
