//! What a client sees of `weft run`, and how it ends.

use rustix::process::Signal;
use weft_testkit::client::{Client, Feed, Incoming, fed, post};
use weft_testkit::{guest, within};

use super::harness::{Scratch, Serving, manifest};

#[tokio::test]
async fn a_lone_component_answers_every_name() {
    let serving = Serving::start([guest("http_kitchen")]);
    for host in ["localhost", "anything.example", "127.0.0.1"] {
        assert_eq!(
            serving
                .client()
                .host(host)
                .get("/hello")
                .await
                .unwrap()
                .text,
            "hello"
        );
    }
}

#[tokio::test]
async fn environment_and_config_given_by_flags_reach_the_component() {
    let kitchen = guest("http_kitchen");
    let args = [
        "--env",
        "COLOUR=green",
        "--config",
        "size=large",
        kitchen.to_str().unwrap(),
    ];
    let serving = Serving::start(args);
    assert_eq!(serving.get("/env?COLOUR").await.trim(), "green");
    assert_eq!(serving.get("/config?size").await.trim(), "large");
}

#[tokio::test]
async fn warm_instances_are_asked_for_by_flags() {
    let kitchen = guest("http_kitchen");
    let serving = Serving::start(["--pool-size", "1", kitchen.to_str().unwrap()]);
    assert_eq!(serving.get("/count").await, "1");
    assert_eq!(serving.get("/count").await, "2");
}

#[tokio::test]
async fn a_trap_is_a_problem_document_without_internals_and_harms_no_later_request() {
    let serving = Serving::start([guest("http_kitchen")]);
    let reply = serving.client().get("/trap").await.unwrap();
    let problem: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
    assert_eq!(reply.status, 502);
    assert_eq!(
        (&problem["code"], &problem["blame"]),
        (&"guest-trap".into(), &"guest".into())
    );
    assert_eq!(problem["reason"], "unreachable");
    assert!(!reply.text.contains("wasm backtrace"), "{}", reply.text);
    assert_eq!(serving.get("/hello").await, "hello");
}

#[tokio::test]
async fn a_manifest_s_host_name_is_the_only_one_answered() {
    let scratch = Scratch::new();
    let file = scratch.file(
        "a.yaml",
        manifest("a", "t1", "a.example", &guest("http_kitchen")),
    );
    let serving = Serving::start([file]);
    assert_eq!(
        serving
            .client()
            .host("A.example:80")
            .get("/hello")
            .await
            .unwrap()
            .text,
        "hello"
    );
    assert_eq!(
        serving
            .client()
            .host("b.example")
            .get("/hello")
            .await
            .unwrap()
            .status,
        404
    );
}

#[tokio::test]
async fn several_manifests_of_several_tenants_are_served_side_by_side() {
    let scratch = Scratch::new();
    let a = scratch.file(
        "a.yaml",
        manifest("app", "t1", "a.example", &guest("http_kitchen")),
    );
    let b = scratch.file(
        "b.yaml",
        manifest("app", "t2", "b.example", &guest("http_kitchen")),
    );
    let serving = Serving::start([a, b]);
    for host in ["a.example", "b.example"] {
        assert_eq!(
            serving
                .client()
                .host(host)
                .get("/hello")
                .await
                .unwrap()
                .text,
            "hello"
        );
    }
}

#[tokio::test]
async fn sigterm_drains_what_is_in_flight_and_exits_0() {
    let serving = Serving::start([guest("http_kitchen")]);
    let client = serving.client();
    let (incoming, mut feed) = half_a_request(&client).await;
    serving.signal(Signal::TERM);
    feed.send(" last").await;
    drop(feed);
    assert_eq!(within(incoming.reply()).await.unwrap().text, " last");
    let (stopped, status) = serving.ended("stopped");
    assert_eq!(
        (status.code(), &stopped["cutRequests"]),
        (Some(0), &0.into())
    );
}

#[tokio::test]
async fn a_second_signal_exits_at_once_though_a_request_is_in_flight() {
    let serving = Serving::start([guest("http_kitchen")]);
    let client = serving.client();
    let _held = half_a_request(&client).await;
    serving.signal(Signal::INT);
    serving.signal(Signal::TERM);
    let status = tokio::task::spawn_blocking(move || serving.exit());
    assert_eq!(within(status).await.unwrap().code(), Some(1));
}

/// A request whose answer has begun and whose body has not ended.
async fn half_a_request(client: &Client) -> (Incoming<hyper::body::Incoming>, Feed) {
    let (mut feed, body) = fed();
    let answer = client.send(post("/echo", body));
    let (answer, ()) = within(async { tokio::join!(answer, feed.send("first")) }).await;
    let mut incoming = answer.unwrap();
    assert_eq!(within(incoming.exactly(5)).await.unwrap(), "first");
    (incoming, feed)
}
