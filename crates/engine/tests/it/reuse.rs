//! How often an instance is used: once by default, again as far as the manifest says.

use std::time::Duration;

use futures::future::join_all;
use weft_engine::config::EngineConfig;
use weft_engine::fault::{Fault, FaultKind};
use weft_engine::workload::Workload;
use weft_testkit::client::{Feed, fed, get, post};
use weft_testkit::within;

use crate::support::{Draft, KITCHENS, engine_with, fault, no_instances, send, text, workload};

/// A request that its guest is busy with until the feed is dropped.
async fn busy(workload: &Workload) -> (Feed, impl Future<Output = String> + Unpin) {
    let (mut feed, body) = fed();
    let mut answer = Box::pin(async move {
        let response = send(workload, post("/swallow", body)).await.unwrap();
        response.reply().await.unwrap().text
    });
    // The second piece is taken only once the guest reads.
    tokio::select! {
        answer = &mut answer => panic!("{answer}"),
        () = async { feed.send("a").await; feed.send("b").await } => {}
    }
    (feed, answer)
}

fn twice(first: &'static str) -> impl Iterator<Item = (&'static str, Draft)> {
    KITCHENS.into_iter().map(move |guest| {
        let name = format!("{first}-{}", guest.replace('_', "-"));
        (guest, workload(&name).component(guest))
    })
}

#[tokio::test]
async fn each_request_gets_a_fresh_instance_by_default() {
    for (guest, draft) in twice("reuse-default") {
        let workload = draft.start().await;
        for _ in 0..3 {
            assert_eq!(text(&workload, "/count").await, "1", "{guest}");
        }
    }
}

#[tokio::test]
async fn a_pooled_instance_serves_one_request_after_the_other() {
    for (guest, draft) in twice("reuse-pool") {
        let workload = draft.reuse(1, 0, 1).start().await;
        for call in 1..=20 {
            assert_eq!(text(&workload, "/count").await, call.to_string(), "{guest}");
        }
    }
}

#[tokio::test]
async fn an_instance_is_retired_after_its_invocations() {
    for (guest, draft) in twice("reuse-retire") {
        let workload = draft.reuse(1, 3, 1).start().await;
        let mut counts = Vec::new();
        for _ in 0..7 {
            counts.push(text(&workload, "/count").await);
        }
        assert_eq!(counts, ["1", "2", "3", "1", "2", "3", "1"], "{guest}");
    }
}

#[tokio::test]
async fn a_trap_ends_its_pooled_instance_and_the_next_request_is_fine() {
    for (guest, draft) in twice("reuse-trap") {
        let workload = draft.reuse(1, 0, 1).start().await;
        for route in ["/trap", "/panic", "/exit?1"] {
            assert_eq!(text(&workload, "/count").await, "1", "{guest}{route}");
            assert_eq!(text(&workload, "/count").await, "2", "{guest}{route}");
            fault(&workload, route).await;
            // At once, without waiting for the instance to be gone.
        }
        assert_eq!(text(&workload, "/count").await, "1", "{guest}");
    }
}

#[tokio::test]
async fn a_guest_error_does_not_end_its_pooled_instance() {
    let workload = workload("reuse-error")
        .component("p3_kitchen")
        .reuse(1, 0, 1);
    let workload = workload.start().await;
    assert_eq!(text(&workload, "/count").await, "1");
    assert_eq!(fault(&workload, "/error").await.kind, FaultKind::GuestError);
    assert_eq!(text(&workload, "/hello").await, "hello");
}

#[tokio::test]
async fn overlapping_requests_share_an_instance_only_as_far_as_concurrency_allows() {
    let shared = workload("reuse-shared")
        .component("p3_kitchen")
        .reuse(1, 0, 8);
    let shared = shared.start().await;
    let (feed, mut answer) = busy(&shared).await;
    let active = tokio::select! {
        early = &mut answer => panic!("{early}"),
        active = text(&shared, "/active") => active,
    };
    assert_eq!(active, "2");
    drop(feed);
    assert_eq!(answer.await, "2 bytes");

    let alone = workload("reuse-alone")
        .component("p3_kitchen")
        .reuse(1, 0, 1);
    let alone = alone.start().await;
    let (feed, mut answer) = busy(&alone).await;
    let active = tokio::select! {
        early = &mut answer => panic!("{early}"),
        active = text(&alone, "/active") => active,
    };
    assert_eq!(active, "1");
    drop(feed);
    assert_eq!(answer.await, "2 bytes");
}

#[tokio::test]
async fn a_busy_0_2_instance_never_takes_a_second_request() {
    let workload = workload("reuse-busy")
        .component("http_kitchen")
        .reuse(1, 0, 8);
    let workload = workload.start().await;
    assert_eq!(text(&workload, "/count").await, "1");
    let (feed, answer) = busy(&workload).await;
    assert_eq!(text(&workload, "/count").await, "1");
    drop(feed);
    assert_eq!(within(answer).await, "2 bytes");
}

#[tokio::test]
async fn many_requests_at_once_are_all_answered_with_a_small_pool() {
    for (guest, draft) in twice("reuse-crowd") {
        let workload = draft.reuse(2, 10, 4).start().await;
        let answers = (0..200).map(|_| text(&workload, "/hello"));
        let answers = within(join_all(answers)).await;
        assert!(answers.iter().all(|answer| answer == "hello"), "{guest}");
    }
}

#[tokio::test]
async fn a_pooled_instance_is_dropped_when_it_has_been_idle_for_long_enough() {
    let engine = engine_with(EngineConfig {
        instance_idle: Duration::from_millis(20),
        ..EngineConfig::default()
    });
    for (guest, draft) in twice("reuse-idle") {
        let workload = draft.reuse(1, 0, 1).start_on(&engine).await;
        assert_eq!(text(&workload, "/count").await, "1", "{guest}");
        no_instances(1).await;
        assert_eq!(text(&workload, "/count").await, "1", "{guest}");
        no_instances(1).await;
    }
}

#[tokio::test]
async fn idle_instances_end_with_their_workload() {
    for (guest, draft) in twice("reuse-end") {
        let workload = draft.reuse(1, 0, 1).start().await;
        assert_eq!(text(&workload, "/count").await, "1", "{guest}");
        drop(workload);
        no_instances(0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traps_do_not_touch_requests_in_other_instances() {
    let workload = workload("reuse-traps")
        .component("http_kitchen")
        .reuse(2, 0, 1);
    let workload = workload.start().await;
    let calls = (0..200).map(async |call| {
        if call % 5 == 0 {
            assert_eq!(fault(&workload, "/trap").await.kind, FaultKind::Trap);
        } else {
            assert_eq!(text(&workload, "/hello").await, "hello");
        }
    });
    join_all(calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_0_3_answer_whose_instance_traps_is_whole_or_an_error_and_never_a_part() {
    // A 0.3 guest writes its body after it has returned the response, when its instance already takes the next request.
    let workload = workload("reuse-cut").component("p3_kitchen").reuse(2, 0, 1);
    let workload = workload.start().await;
    let calls = (0..200).map(async |call| {
        if call % 5 == 0 {
            assert_eq!(fault(&workload, "/trap").await.kind, FaultKind::Trap);
            return 0;
        }
        match send(&workload, get("/stream?3&1000")).await {
            Ok(response) => match response.reply().await {
                Ok(reply) => assert_eq!(reply.text.len(), 3000),
                Err(error) => assert!(error.is::<Fault>(), "{error}"),
            },
            Err(fault) => assert_eq!(fault.kind, FaultKind::Trap),
        }
        1
    });
    assert_eq!(join_all(calls).await.iter().sum::<i32>(), 160);
}

#[tokio::test]
async fn a_linked_program_is_kept_only_as_far_as_every_part_may_be() {
    let workload = workload("reuse-linked")
        .component("linked_caller")
        .reuse(1, 0, 1)
        .component("linked_callee")
        .start()
        .await;
    assert_eq!(text(&workload, "/add?1&2").await, "3");
    no_instances(1).await;
}
