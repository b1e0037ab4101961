//! Heads and bodies without measure, or without an end.

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use weft_testkit::client::{Body, full, get, post};
use weft_testkit::within;

use crate::hostile::{Hostile, Problem, SOON, workload};

const BOTH: [&str; 2] = ["http_hostile", "p3_hostile"];

/// A body that goes on for as long as somebody takes it.
fn endless() -> Body {
    let chunk = Bytes::from_static(&[b'u'; 64 << 10]);
    let frames = stream::repeat_with(move || Ok(Frame::data(chunk.clone())));
    StreamBody::new(frames).boxed_unsync()
}

/// The bytes of all header values of an answer, in full.
fn header_bytes(reply: &weft_testkit::client::Reply) -> usize {
    reply.headers.values().map(http::HeaderValue::len).sum()
}

#[test]
fn a_flood_of_response_headers_has_a_bound() {
    for guest in BOTH {
        let hostile = Hostile::start(&workload("header-flood", guest));
        for path in [
            "/headers?100000&10",
            "/headers?1&10000000",
            "/headers?20000&1000",
        ] {
            let reply = hostile.ask(get(path));
            assert!(matches!(reply.status, 200 | 502), "{guest} {path}");
            assert!(header_bytes(&reply) <= 256 << 10, "{guest} {path}");
        }
        hostile.is_well();
    }
}

#[test]
fn an_endless_response_ends_when_its_reader_leaves() {
    for guest in BOTH {
        let hostile = Hostile::start(&workload(
            &format!("endless-{}", guest.replace('_', "-")),
            guest,
        ));
        hostile.block_on(async {
            let mut visitor = hostile.visitor();
            let mut body = visitor
                .send(get("/body-endless"))
                .await
                .unwrap()
                .into_body();
            let mut read = 0;
            while read < 16 << 20 {
                let frame = body.frame().await.unwrap().unwrap();
                read += frame.data_ref().map_or(0, Bytes::len);
            }
        });
        hostile.is_well();
    }
}

#[test]
fn an_endless_response_that_is_read_for_ever_ends_by_the_time_limit() {
    for guest in BOTH {
        let manifest = workload("read-for-ever", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        hostile.block_on(async {
            let mut visitor = hostile.visitor();
            let mut body = visitor
                .send(get("/body-endless"))
                .await
                .unwrap()
                .into_body();
            within(async { while body.frame().await.is_some_and(|frame| frame.is_ok()) {} }).await;
        });
        hostile.is_well();
    }
}

#[test]
fn an_endless_upload_is_refused_or_timed_out() {
    for guest in BOTH {
        let manifest = workload("endless-upload", guest).set("weft.dev/request-timeout", "2s");
        let hostile = Hostile::start(&manifest);
        let reply = hostile.ask(post("/swallow", endless()));
        assert!(matches!(reply.status, 413 | 504), "{guest}: {}", reply.text);
        hostile.is_well();
    }
}

#[test]
fn an_endless_upload_that_is_kept_ends_with_the_memory_of_whoever_keeps_it() {
    for guest in BOTH {
        let manifest = workload("kept-upload", guest).set("weft.dev/memory", "32Mi");
        let hostile = Hostile::start(&manifest);
        Problem::of(hostile.ask(post("/hoard", endless()))).is(502, "guest-trap", "memory");
        hostile.is_well();
    }
}

#[test]
fn a_guest_that_never_reads_the_request_can_answer_it() {
    for guest in BOTH {
        let hostile = Hostile::start(&workload("never-reads", guest));
        let reply = hostile.ask(post("/ignore", full(vec![b'u'; 1 << 20])));
        assert_eq!((reply.status, reply.text.as_str()), (200, "not read"));
        hostile.is_well();
    }
}

#[test]
fn an_upload_that_is_neither_read_nor_answered_ends_by_the_time_limit() {
    for guest in BOTH {
        let manifest = workload("neither-read", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        let reply = hostile.ask(post("/ignore-hold", endless()));
        Problem::of(reply).is(504, "timeout", "timeout");
        hostile.is_well();
    }
}

#[test]
fn a_response_that_is_never_finished_breaks_off_at_the_time_limit() {
    for guest in BOTH {
        let manifest = workload("never-finished", guest).set("weft.dev/request-timeout", SOON);
        let hostile = Hostile::start(&manifest);
        if let Err(reply) = hostile.broken("/no-end") {
            panic!("{guest}: {reply:?}");
        }
        hostile.is_well();
    }
}

#[test]
fn a_body_that_is_dropped_instead_of_ended_is_not_taken_for_whole() {
    let hostile = Hostile::start(&workload("not-ended", "http_hostile"));
    if let Err(reply) = hostile.broken("/no-finish") {
        panic!("{reply:?}");
    }
    hostile.is_well();
}
