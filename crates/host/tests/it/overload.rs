//! More requests than a workload, or a tenant, may have at once.

use std::time::Duration;

use futures::future::join_all;
use rustix::process::{Resource, getrlimit, setrlimit};
use weft_testkit::client::get;
use weft_testkit::until;

use crate::hostile::{Hostile, Problem, workload};

/// How long a client waits that leaves a queue.
const MOMENT: Duration = Duration::from_millis(50);

#[test]
fn requests_beyond_the_bounds_of_a_workload_are_told_to_come_back_and_the_others_are_served() {
    let manifest = workload("overloaded", "http_kitchen")
        .set("weft.dev/max-in-flight", "2")
        .set("weft.dev/max-queue", "2")
        .set("weft.dev/queue-wait", "30s");
    let hostile = Hostile::start(&manifest);
    let replies = hostile.block_on(join_all(
        (0..12).map(|_| async { hostile.visitor().get("/sleep?300").await.unwrap() }),
    ));
    let (served, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    // Two at once and two behind them; when those have gone on, others may have come in their place.
    assert!(served.len() >= 4, "{} served", served.len());
    assert!(!refused.is_empty());
    for reply in refused {
        let problem = Problem::of(reply);
        problem.is(503, "overloaded", "overloaded");
        let pause = problem.headers.get("retry-after").unwrap();
        assert!(pause.to_str().unwrap().parse::<u64>().unwrap() >= 1);
    }
    hostile.is_well();
}

#[test]
fn a_request_that_waits_longer_than_the_queue_lets_it_is_told_to_come_back() {
    let manifest = workload("waits-too-long", "http_hostile")
        .set("weft.dev/max-in-flight", "1")
        .set("weft.dev/queue-wait", "100ms");
    let hostile = Hostile::start(&manifest);
    hostile.block_on(async {
        let mut first = hostile.visitor();
        let held = first.send(get("/no-end")).await.unwrap();
        let reply = hostile.visitor().get("/hello").await.unwrap();
        Problem::of(reply).is(503, "overloaded", "overloaded");
        // The place is taken until the last byte of the answer, or until its reader leaves.
        drop((held, first));
    });
    hostile.is_well();
}

#[test]
fn a_request_whose_client_leaves_the_queue_gives_its_place_up() {
    let manifest = workload("leaves-the-queue", "http_hostile")
        .set("weft.dev/max-in-flight", "1")
        .set("weft.dev/max-queue", "1");
    let hostile = Hostile::start(&manifest);
    hostile.block_on(async {
        let mut first = hostile.visitor();
        let held = first.send(get("/no-end")).await.unwrap();
        for gone in 1..=5 {
            let mut waiting = hostile.visitor();
            // It waits in the queue, so nothing comes; a full queue would answer at once.
            let left = tokio::time::timeout(MOMENT, waiting.send(get("/hello"))).await;
            let answer = left.map(|answer| answer.map(|answer| answer.status()));
            assert!(answer.is_err(), "{answer:?}");
            drop(waiting);
            until(|| hostile.lost("/hello") == gone).await;
        }
        drop((held, first));
    });
    hostile.is_well();
}

#[test]
fn a_host_full_of_one_workload_s_instances_makes_the_next_request_wait_instead_of_failing_it() {
    many_open_files();
    let hostile = Hostile::start(&workload("fills-the-pool", "http_kitchen"));
    let replies = hostile.block_on(async {
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..900 {
            let mut visitor = hostile.visitor();
            requests.spawn(async move { visitor.get("/sleep?2000").await.unwrap() });
        }
        requests.join_all().await
    });
    for reply in replies {
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    hostile.is_well();
}

/// As many as this process may have: each request of the test above has two ends of a connection here.
fn many_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
