//! Guests that fail in every phase of their lives.

use weft_testkit::client::get;

use crate::hostile::{Hostile, Problem, SOON, workload};

const BOTH: [&str; 2] = ["http_hostile", "p3_hostile"];

#[test]
fn a_panic_before_the_answer_is_a_problem_and_its_log_line_says_where() {
    for guest in BOTH {
        let hostile = Hostile::start(&workload("panics-before", guest));
        let problem = hostile.problem("/panic?before");
        assert_eq!((problem.status, problem.code.as_str()), (502, "guest-trap"));
        let line = hostile.logged("/panic");
        let detail = line.field("detail");
        for part in ["main", "handle", "last host call"] {
            assert!(detail.contains(part), "`{part}` is not in: {detail}");
        }
        assert_eq!(line.field("blame"), "guest");
        hostile.is_well();
    }
}

#[test]
fn what_the_guest_printed_before_it_panicked_is_in_the_log() {
    for guest in BOTH {
        let hostile = Hostile::start(&workload("panics-aloud", guest));
        hostile.problem("/panic?before");
        let line = hostile
            .log()
            .wait_for_message("asked to panic before the answer");
        let line = hostile.block_on(line);
        assert_eq!(line.target, "guest");
    }
}

#[test]
fn a_panic_after_the_head_breaks_the_body_off() {
    for guest in BOTH {
        for phase in ["head", "body"] {
            let hostile = Hostile::start(&workload("panics-in-a-body", guest));
            match hostile.broken(&format!("/panic?{phase}")) {
                Ok(_) => {}
                // Where the head had not gone out yet, the client is told.
                Err(reply) => assert_eq!(Problem::of(*reply).code, "guest-trap", "{guest} {phase}"),
            }
            let line = hostile.logged("/panic");
            assert_eq!(line.field("blame"), "guest", "{guest} {phase}: {line:?}");
            hostile.is_well();
        }
    }
}

#[test]
fn a_panic_after_the_whole_answer_leaves_it_whole_or_visibly_broken() {
    for guest in BOTH {
        let hostile = Hostile::start(&workload("panics-afterwards", guest));
        whole_or_broken(&hostile, "/panic?after");
        hostile.is_well();
    }
}

/// The answer arrives as the guest wrote it, or breaks off: where the guest failed before its answer was taken from it,
/// nobody can tell what it had still to say.
fn whole_or_broken(hostile: &Hostile, path: &str) {
    match hostile.broken(path) {
        Ok(_) => {}
        Err(reply) if reply.status == 200 => assert_eq!(reply.text, "answered", "{path}"),
        Err(reply) => assert_eq!(reply.status, 502, "{path}: {}", reply.text),
    }
}

#[test]
fn a_panic_in_a_destructor_is_a_trap_like_any_other() {
    let hostile = Hostile::start(&workload("panics-in-drop", "http_hostile"));
    assert_eq!(hostile.problem("/panic?drop").code, "guest-trap");
    hostile.is_well();
}

#[test]
fn a_guest_that_exits_instead_of_answering_is_told_apart_from_one_that_traps() {
    let hostile = Hostile::start(&workload("exits", "http_hostile"));
    for path in ["/exit?0", "/exit?3"] {
        let problem = hostile.problem(path);
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (502, "guest-exit"),
            "{path}"
        );
    }
    whole_or_broken(&hostile, "/exit-after?3");
    hostile.is_well();
}

#[test]
fn a_guest_that_answers_twice_is_ended_and_harms_nobody() {
    let hostile = Hostile::start(&workload("answers-twice", "http_hostile"));
    // Whether the first answer was out already is a matter of luck.
    if let Err(reply) = hostile.broken("/twice") {
        assert!(matches!(reply.status, 200 | 502), "{}", reply.text);
    }
    hostile.is_well();
}

#[test]
fn a_guest_that_returns_without_an_answer_is_told_apart_too() {
    let hostile = Hostile::start(&workload("no-answer", "http_hostile"));
    let problem = hostile.problem("/no-answer");
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (502, "guest-no-response")
    );
    hostile.is_well();
}

#[test]
fn a_guest_that_waits_for_what_never_comes_does_not_outlast_its_time() {
    for (guest, routes) in [
        ("http_hostile", ["/no-head", "/sleep"]),
        ("p3_hostile", ["/no-answer", "/sleep"]),
    ] {
        let manifest = workload("waits-for-ever", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        for route in routes {
            let problem = hostile.problem(route);
            // wasmtime sees that a 0.3 guest waits for nothing at all, and ends it at once.
            let deadlock = (problem.status, problem.code.as_str()) == (502, "guest-trap");
            if !(route == "/no-answer" && deadlock) {
                problem.is(504, "timeout", "timeout");
            }
        }
        hostile.is_well();
    }
}

#[test]
fn an_error_that_a_guest_returns_is_a_problem_without_its_words() {
    let hostile = Hostile::start(&workload("returns-an-error", "p3_hostile"));
    let reply = hostile.ask(get("/error"));
    assert!(!reply.text.contains("asked to fail"), "{}", reply.text);
    assert_eq!(Problem::of(reply).code, "guest-error");
    let line = hostile.logged("/error");
    assert!(line.field("detail").contains("asked to fail"), "{line:?}");
}
