//! Requests that nobody waits for any more, and guests that never end: both cost nobody else anything.

use std::time::Duration;

use weft_engine::workload::Workload;
use weft_testkit::client::{self, fed, post};
use weft_testkit::server::EchoServer;
use weft_testkit::{until, within};

use crate::support::{KITCHENS, fault, no_instances, send, tasks, text, workload};

/// Sends a request to the only workload, and gives it up once its instance is at work.
async fn abandon(workload: &Workload, path: &str) {
    let request = send(workload, client::get(path));
    tokio::select! {
        answer = request => panic!("{:?}", answer.map(|answer| answer.status())),
        () = until(|| tasks() > 1) => {}
    }
}

#[tokio::test]
async fn an_abandoned_request_frees_the_instance_even_while_it_spins() {
    for guest in KITCHENS {
        let workload = workload("cancel-spin").component(guest).start().await;
        for path in ["/spin", "/sleep?600000"] {
            abandon(&workload, path).await;
            no_instances(1).await;
        }
        assert_eq!(text(&workload, "/hello").await, "hello");
    }
}

#[tokio::test]
async fn an_abandoned_request_closes_what_its_guest_has_open() {
    for guest in KITCHENS {
        let server = EchoServer::start().await;
        let workload = workload("cancel-fetch").component(guest).allow(&server);
        let workload = workload.start().await;
        let path = format!("/fetch?{}", server.url("/never"));
        tokio::select! {
            answer = send(&workload, client::get(&path)) => panic!("{:?}", answer.map(|answer| answer.status())),
            () = server.requested(1) => {}
        }
        server.deserted().await;
    }
}

#[tokio::test]
async fn a_response_given_up_in_the_middle_ends_its_instance() {
    for guest in KITCHENS {
        let workload = workload("cancel-body").component(guest).start().await;
        // Far more than any buffer holds, so that the guest waits for its reader.
        for path in ["/stream?100000&65536", "/stream-slow?1000000&1"] {
            let mut response = send(&workload, client::get(path)).await.unwrap();
            assert!(response.piece().await.unwrap().is_some(), "{guest}");
            drop(response);
            no_instances(1).await;
        }
    }
}

#[tokio::test]
async fn an_upload_given_up_in_the_middle_ends_its_instance() {
    for guest in KITCHENS {
        let workload = workload("cancel-upload").component(guest).start().await;
        let (mut feed, body) = fed();
        tokio::select! {
            answer = send(&workload, post("/swallow", body)) => panic!("{:?}", answer.map(|answer| answer.status())),
            () = async { feed.send("a").await; feed.send("b").await } => {}
        }
        no_instances(1).await;
    }
}

#[tokio::test]
async fn a_response_that_was_read_to_its_end_lets_the_guest_finish() {
    let log = weft_testkit::log::LogCapture::of("test/cancel-after");
    let workload = workload("cancel-after")
        .component("http_kitchen")
        .reuse(1, 0, 1);
    let workload = workload.start().await;
    for call in 1..=5 {
        // Dropping a response that is whole is no cancellation: the instance lives on.
        assert_eq!(text(&workload, "/count").await, call.to_string());
    }
    assert!(log.guest_lines().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spinning_guests_do_not_stall_their_neighbours() {
    let spinner = workload("cancel-spinner")
        .component("http_kitchen")
        .start()
        .await;
    let neighbours = KITCHENS.map(|guest| workload("cancel-neighbour").component(guest));
    let spins: Vec<_> = (0..6)
        .map(|_| Box::pin(send(&spinner, client::get("/spin"))))
        .collect();
    let served = async {
        for neighbour in neighbours {
            let neighbour = neighbour.start().await;
            for _ in 0..10 {
                assert_eq!(text(&neighbour, "/hello").await, "hello");
            }
        }
    };
    tokio::select! {
        _ = futures::future::select_all(spins) => panic!("a guest that spins has answered"),
        () = within(served) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abandoned_spinning_requests_do_not_add_up() {
    let workload = workload("cancel-many")
        .component("p3_kitchen")
        .start()
        .await;
    for _ in 0..20 {
        let spin = send(&workload, client::get("/spin"));
        let given_up = tokio::time::timeout(Duration::from_millis(5), spin).await;
        assert!(given_up.is_err());
    }
    no_instances(1).await;
    assert_eq!(text(&workload, "/hello").await, "hello");
}

#[tokio::test]
async fn dropping_a_workload_lets_requests_in_flight_finish() {
    for guest in KITCHENS {
        let workload = workload("cancel-drop")
            .component(guest)
            .reuse(1, 0, 1)
            .start()
            .await;
        let mut response = send(&workload, client::get("/stream-slow?5&5"))
            .await
            .unwrap();
        assert_eq!(response.exactly(7).await.unwrap(), "tick 0\n");
        drop(workload);
        assert_eq!(
            response.reply().await.unwrap().text,
            "tick 1\ntick 2\ntick 3\ntick 4\n",
            "{guest}"
        );
        no_instances(0).await;
    }
}

#[tokio::test]
async fn one_of_several_requests_in_one_instance_can_be_given_up() {
    let workload = workload("cancel-one")
        .component("p3_kitchen")
        .reuse(1, 0, 8);
    let workload = workload.start().await;
    let kept = send(&workload, client::get("/stream-slow?20&5"))
        .await
        .unwrap();
    let given_up = send(&workload, client::get("/stream-slow?1000000&5"))
        .await
        .unwrap();
    drop(given_up);
    let kept = kept.reply().await.unwrap();
    assert_eq!(kept.text.lines().count(), 20);
}

#[tokio::test]
async fn a_trap_in_a_shared_instance_ends_the_requests_in_it_and_no_others() {
    let workload = workload("cancel-shared-trap")
        .component("p3_kitchen")
        .reuse(1, 0, 8);
    let workload = workload.start().await;
    let neighbour = send(&workload, client::get("/stream-slow?1000000&5"))
        .await
        .unwrap();
    fault(&workload, "/trap").await;
    assert!(neighbour.reply().await.is_err());
    assert_eq!(text(&workload, "/count").await, "1");
}
