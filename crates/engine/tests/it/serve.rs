//! One request: answers, streams, and every way in which a guest can fail to answer.

use futures::future::join;
use weft_engine::fault::FaultKind;
use weft_testkit::client::{fed, full, post};

use crate::support::{KITCHENS, fault, get, send, text, workload};

#[tokio::test]
async fn handlers_of_both_versions_answer() {
    for guest in KITCHENS {
        let workload = workload("serve-hello").component(guest).start().await;
        assert_eq!(text(&workload, "/hello").await, "hello", "{guest}");
        assert_eq!(get(&workload, "/nowhere").await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn a_body_streams_back_before_the_request_has_ended() {
    for (guest, route) in [
        ("http_kitchen", "/echo"),
        ("p3_kitchen", "/echo"),
        ("p3_kitchen", "/echo-copy"),
    ] {
        let workload = workload("serve-echo").component(guest).start().await;
        let (mut feed, body) = fed();
        let mut response = send(&workload, post(route, body)).await.unwrap();
        for piece in ["one", "two", "three"] {
            let (came_back, ()) = join(response.exactly(piece.len()), feed.send(piece)).await;
            assert_eq!(came_back.unwrap(), piece, "{guest} {route}");
        }
        drop(feed);
        assert_eq!(response.piece().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let large = "0123456789abcdef".repeat(256 << 10);
    for guest in KITCHENS {
        let workload = workload("serve-large").component(guest).start().await;
        let swallowed = send(&workload, post("/swallow", full(large.clone()))).await;
        let swallowed = swallowed.unwrap().reply().await.unwrap();
        assert_eq!(swallowed.text, "4194304 bytes");
        let streamed = text(&workload, "/stream?64&65536").await;
        assert_eq!(streamed.len(), 4 << 20);
        let echoed = send(&workload, post("/echo", full(large.clone()))).await;
        assert!(echoed.unwrap().reply().await.unwrap().text == large);
    }
}

#[tokio::test]
async fn a_request_body_that_breaks_off_reaches_the_guest_as_an_end() {
    for guest in KITCHENS {
        let workload = workload("serve-cut").component(guest).start().await;
        let (mut feed, body) = fed();
        let answer = tokio::spawn(async move { send(&workload, post("/swallow", body)).await });
        feed.send("12345").await;
        feed.fail().await;
        let reply = answer.await.unwrap().unwrap().reply().await.unwrap();
        assert_eq!(reply.text, "5 bytes", "{guest}");
    }
}

#[tokio::test]
async fn request_headers_and_target_reach_the_guest() {
    for guest in KITCHENS {
        let workload = workload("serve-headers").component(guest).start().await;
        let mut request = weft_testkit::client::get("/headers?a=b");
        request
            .headers_mut()
            .insert("x-colour", "blue".parse().unwrap());
        let reply = send(&workload, request).await.unwrap().reply().await;
        assert!(reply.unwrap().text.contains("x-colour=blue\n"), "{guest}");
    }
}

#[tokio::test]
async fn a_guest_that_returns_without_an_answer_is_a_fault_of_that_kind() {
    let workload = workload("serve-drop")
        .component("http_kitchen")
        .start()
        .await;
    let fault = fault(&workload, "/early-drop").await;
    assert_eq!(fault.kind, FaultKind::NoResponse, "{fault}");
    assert_eq!(text(&workload, "/hello").await, "hello");
}

#[tokio::test]
async fn a_guest_that_answers_with_an_error_is_a_fault_of_that_kind() {
    let workload = workload("serve-error")
        .component("p3_kitchen")
        .start()
        .await;
    let fault = fault(&workload, "/error").await;
    assert_eq!(fault.kind, FaultKind::GuestError, "{fault}");
    assert!(fault.detail.contains("asked to fail"), "{fault}");
}

#[tokio::test]
async fn a_trap_names_the_function_and_the_next_request_is_fine() {
    for guest in KITCHENS {
        let workload = workload("serve-trap").component(guest).start().await;
        for route in ["/trap", "/panic"] {
            let fault = fault(&workload, route).await;
            assert_eq!(fault.kind, FaultKind::Trap, "{guest}{route}: {fault}");
            assert!(fault.detail.contains("abort"), "{guest}{route}: {fault}");
            assert!(
                fault.detail.contains("unreachable"),
                "{guest}{route}: {fault}"
            );
            assert_eq!(text(&workload, "/count").await, "1");
        }
    }
}

#[tokio::test]
async fn what_a_panic_says_is_in_the_log_of_its_component() {
    for guest in KITCHENS {
        let log = weft_testkit::log::LogCapture::of("test/serve-panic");
        let workload = workload("serve-panic").component(guest).start().await;
        fault(&workload, "/panic").await;
        let line = log.wait_for_message("asked to panic").await;
        assert_eq!(line.field("stream"), "stderr");
    }
}

#[tokio::test]
async fn a_guest_that_ends_itself_is_a_fault_of_that_kind() {
    for guest in KITCHENS {
        let workload = workload("serve-exit").component(guest).start().await;
        let fault = fault(&workload, "/exit?3").await;
        assert_eq!(fault.kind, FaultKind::Exit, "{guest}: {fault}");
        assert_eq!(text(&workload, "/hello").await, "hello");
    }
}

#[tokio::test]
async fn a_guest_that_takes_all_memory_ends_alone() {
    for guest in KITCHENS {
        let workload = workload("serve-oom").component(guest).start().await;
        assert_eq!(fault(&workload, "/oom").await.kind, FaultKind::Trap);
        assert_eq!(text(&workload, "/hello").await, "hello", "{guest}");
    }
}

#[tokio::test]
async fn a_trap_in_the_middle_of_an_answer_breaks_the_body_off() {
    for guest in KITCHENS {
        let workload = workload("serve-half").component(guest).start().await;
        let mut response = send(&workload, weft_testkit::client::get("/half"))
            .await
            .unwrap();
        let rest = async {
            assert_eq!(response.exactly(8).await?, "half of ");
            response.piece().await
        };
        let rest = rest.await;
        assert!(rest.is_err(), "{guest}: {rest:?}");
        assert_eq!(text(&workload, "/hello").await, "hello");
    }
}

#[tokio::test]
async fn a_guest_sees_the_clock_random_numbers_and_its_name() {
    for guest in KITCHENS {
        let workload = workload("serve-wasi").component(guest).start().await;
        assert_ne!(
            text(&workload, "/random").await,
            text(&workload, "/random").await
        );
        let clock = text(&workload, "/clock").await;
        let system = clock.split(['=', ' ']).nth(1).unwrap();
        assert!(
            system.parse::<u64>().unwrap() > 1_700_000_000_000,
            "{clock}"
        );
        assert_eq!(text(&workload, "/args").await, "main.wasm\n");
    }
}
