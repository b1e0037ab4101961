//! Components that call each other: direct calls, resources and streams across, what fits and what does not.

use futures::future::join;
use weft_engine::fault::FaultKind;

use crate::support::{Draft, engine, fault, get, send, text, workload};

fn caller_and(name: &str, callee: &str) -> Draft {
    workload(name).component("linked_caller").component(callee)
}

#[tokio::test]
async fn plain_values_cross() {
    let workload = caller_and("link-plain", "linked_callee").start().await;
    assert_eq!(text(&workload, "/add?40&2").await, "42");
    assert_eq!(text(&workload, "/greet?you").await, "hello, you");
    let long = "x".repeat(10_000);
    let greeting = text(&workload, &format!("/greet?{long}")).await;
    assert_eq!(greeting, format!("hello, {long}"));
}

#[tokio::test]
async fn resources_cross_and_are_dropped_where_they_live() {
    let workload = caller_and("link-things", "linked_callee").start().await;
    assert_eq!(text(&workload, "/things").await, "6 11 12 6 1");
    assert_eq!(text(&workload, "/things-churn?5000").await, "0");
}

#[tokio::test]
async fn the_order_in_the_manifest_does_not_matter() {
    let workload = workload("link-order")
        .component("linked_callee")
        .component("linked_caller")
        .start()
        .await;
    assert_eq!(text(&workload, "/add?1&2").await, "3");
}

#[tokio::test]
async fn calls_and_resources_go_through_a_chain_of_three() {
    let workload = workload("link-chain")
        .component("linked_caller")
        .env("WHO", "caller")
        .component("linked_bridge")
        .env("WHO", "bridge")
        .component("linked_callee_0_2")
        .env("WHO", "callee")
        .start()
        .await;
    assert_eq!(text(&workload, "/greet?you").await, "bridge:hello, you!");
    assert_eq!(text(&workload, "/things").await, "6 11 12 6 1");
    assert_eq!(text(&workload, "/things-churn?5000").await, "0");
    assert_eq!(
        text(&workload, "/who").await,
        "caller WHO=caller\ncallee WHO=bridge\ncallee WHO=callee\n"
    );
}

#[tokio::test]
async fn two_exporters_of_one_import_are_refused_with_both_named() {
    let refusal = workload("link-two")
        .component("linked_caller")
        .component("linked_middle")
        .component("linked_callee")
        .refused_on(&engine())
        .await;
    for part in [
        "several components export",
        "`linked-middle`",
        "`linked-callee`",
    ] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
}

#[tokio::test]
async fn a_newer_point_version_serves_an_older_import() {
    let workload = caller_and("link-newer", "linked_callee_v2").start().await;
    assert_eq!(text(&workload, "/greet?you").await, "hello from 0.1.5, you");
    assert_eq!(text(&workload, "/things").await, "6 11 12 6 1");
}

#[tokio::test]
async fn an_incompatible_version_is_refused_with_both_sides_named() {
    let refusal = caller_and("link-0-2", "linked_callee_0_2")
        .refused_on(&engine())
        .await;
    for part in [
        "`linked-caller`",
        "`weft-test:linked/plain@0.1.0`",
        "`linked-callee-0-2`",
        "weft-test:linked/plain@0.2.0",
    ] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
}

#[tokio::test]
async fn components_that_nothing_needs_are_left_out() {
    // These two import from each other, which would be refused in a program.
    let workload = workload("link-cycle")
        .component("http_kitchen")
        .component("linked_cycle_a")
        .component("linked_cycle_b")
        .start()
        .await;
    assert_eq!(text(&workload, "/hello").await, "hello");
}

#[tokio::test]
async fn an_import_that_nobody_provides_is_refused() {
    let refusal = workload("link-unknown")
        .component("importer_unknown")
        .refused_on(&engine())
        .await;
    assert!(refusal.contains("`acme:missing/api@1.0.0`"), "{refusal}");
}

#[tokio::test]
async fn asynchronous_calls_and_streams_cross() {
    let workload = workload("link-later")
        .component("linked_caller_p3")
        .component("linked_callee_p3")
        .start()
        .await;
    assert_eq!(text(&workload, "/slow-add?40&2&5").await, "42");
    assert_eq!(text(&workload, "/slow-add-many?4&5").await, "1 2 3 4");
    let numbers = text(&workload, "/numbers?1000").await;
    assert_eq!(numbers, "1000 bytes, sum 124716");
    let through = get(&workload, "/numbers-through?70000").await.unwrap();
    assert!(through.status == 200 && !through.text.is_empty());
}

#[tokio::test]
async fn an_http_handler_hands_requests_on_to_another() {
    let log = weft_testkit::log::LogCapture::of("test/link-middleware");
    let workload = workload("link-middleware")
        .component("http_middleware")
        .component("http_kitchen")
        .start()
        .await;
    assert_eq!(text(&workload, "/hello").await, "hello");
    let line = log.wait_for_message("middleware: /hello").await;
    assert_eq!(line.field("component"), "http-middleware");

    let forbidden = get(&workload, "/forbidden").await.unwrap();
    assert_eq!(forbidden.status, 403);
    assert_eq!(forbidden.headers["x-middleware"], "yes");
}

#[tokio::test]
async fn bodies_stream_through_an_http_handler_in_the_middle() {
    for (middle, end) in [
        ("http_middleware", "http_kitchen"),
        ("http_middleware_p3", "p3_kitchen"),
    ] {
        let workload = workload("link-middleware-stream")
            .component(middle)
            .component(end)
            .start()
            .await;
        let (mut feed, body) = weft_testkit::client::fed();
        let request = weft_testkit::client::post("/echo", body);
        let mut response = send(&workload, request).await.unwrap();
        for piece in ["one", "two"] {
            let (came_back, ()) = join(response.exactly(3), feed.send(piece)).await;
            assert_eq!(came_back.unwrap(), piece, "{middle}");
        }
        drop(feed);
        assert_eq!(response.piece().await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_asynchronous_http_handler_adds_to_the_answer_of_another() {
    let workload = workload("link-middleware-p3")
        .component("http_middleware_p3")
        .component("p3_kitchen")
        .start()
        .await;
    let reply = get(&workload, "/hello").await.unwrap();
    assert_eq!(reply.text, "hello");
    assert_eq!(reply.headers["x-middleware"], "yes");
    assert_eq!(get(&workload, "/forbidden").await.unwrap().status, 403);
}

#[tokio::test]
async fn a_trap_in_the_callee_ends_that_instance_only() {
    let workload = caller_and("link-trap", "linked_callee").start().await;
    let fault = fault(&workload, "/trap").await;
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.detail.contains("trap"), "{fault}");
    assert_eq!(text(&workload, "/add?1&1").await, "2");
}
