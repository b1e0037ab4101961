//! Linked components share a store and nothing else: each sees its own environment, configuration, files, log and
//! egress policy.

use std::collections::BTreeSet;

use weft_testkit::log::LogCapture;
use weft_testkit::server::EchoServer;

use crate::support::{engine, engine_with, text, workload};

#[tokio::test]
async fn each_sees_its_own_environment() {
    let workload = workload("id-env")
        .component("linked_caller")
        .env("WHO", "caller")
        .env("SECRET_OF_CALLER", "1")
        .component("linked_callee")
        .env("WHO", "callee")
        .start()
        .await;
    let who = text(&workload, "/who").await;
    assert_eq!(
        who.lines().collect::<BTreeSet<_>>(),
        BTreeSet::from([
            "caller SECRET_OF_CALLER=1",
            "caller WHO=caller",
            "callee WHO=callee"
        ])
    );
}

#[tokio::test]
async fn each_sees_its_own_configuration() {
    let workload = workload("id-config")
        .component("linked_caller")
        .config("key", "of the caller")
        .config("only-caller", "1")
        .component("linked_callee")
        .config("key", "of the callee")
        .start()
        .await;
    assert_eq!(
        text(&workload, "/config?key").await,
        "caller: Some(\"of the caller\")\ncallee: Some(\"of the callee\")\n"
    );
    assert_eq!(
        text(&workload, "/config?only-caller").await,
        "caller: Some(\"1\")\ncallee: None\n"
    );
}

#[tokio::test]
async fn each_sees_its_own_files() {
    let roots = tempfile::tempdir().unwrap();
    for (dir, content) in [("data", "of the caller"), ("other", "of the callee")] {
        let dir = roots.path().join(dir);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("file"), content).unwrap();
    }
    let engine = engine_with(weft_engine::config::EngineConfig {
        host_path_roots: vec![roots.path().to_owned()],
        ..Default::default()
    });
    let mut draft = workload("id-files")
        .component("linked_caller")
        .mount("/data")
        .component("linked_callee")
        .mount("/other")
        .host_path("data", &roots.path().join("data"))
        .host_path("other", &roots.path().join("other"));
    // Both at the same place, so that one name stands for two directories.
    draft.spec.components[1].resources.volume_mounts[0].mount_path = "/data".to_owned();
    let workload = draft.start_on(&engine).await;
    assert_eq!(
        text(&workload, "/read?/data/file").await,
        "caller: Ok(\"of the caller\")\ncallee: Ok(\"of the callee\")\n"
    );
}

#[tokio::test]
async fn a_callee_without_a_mount_does_not_see_that_of_its_caller() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "of the caller").unwrap();
    let engine = engine_with(weft_engine::config::EngineConfig {
        host_path_roots: vec![root.path().to_owned()],
        ..Default::default()
    });
    let workload = workload("id-mount")
        .component("linked_caller")
        .mount("/data")
        .component("linked_callee")
        .host_path("data", root.path())
        .start_on(&engine)
        .await;
    let seen = text(&workload, "/read?/data/file").await;
    let (caller, callee) = seen.split_once('\n').unwrap();
    assert_eq!(caller, "caller: Ok(\"of the caller\")");
    assert!(callee.starts_with("callee: Err"), "{seen}");
}

#[tokio::test]
async fn each_writes_to_its_own_log() {
    let log = LogCapture::of("test/id-log");
    let workload = workload("id-log")
        .component("linked_caller")
        .component("linked_callee")
        .start()
        .await;
    text(&workload, "/print?hi").await;
    log.wait_for_message("caller: hi").await;
    log.wait_for(|line| line.message == "hi").await;
    assert_eq!(
        log.guest_lines(),
        [
            "linked-caller stdout: caller: hi",
            "linked-callee stdout: hi"
        ]
    );
}

#[tokio::test]
async fn each_reaches_only_what_its_own_policy_allows() {
    let server = EchoServer::start().await;
    let fetch = format!("/fetch?{}", server.url("/x"));
    let caller_may = workload("id-egress-caller")
        .component("linked_caller")
        .allow(&server)
        .component("linked_callee")
        .start()
        .await;
    assert_eq!(
        text(&caller_may, &fetch).await,
        "Err(\"HttpRequestDenied\")"
    );
    assert_eq!(server.connections(), 0);

    let callee_may = workload("id-egress-callee")
        .component("linked_caller")
        .component("linked_callee")
        .allow(&server)
        .start()
        .await;
    assert_eq!(text(&callee_may, &fetch).await, "Ok(200)");
}

#[tokio::test]
async fn identities_hold_when_calls_interleave_in_one_instance() {
    let workload = workload("id-interleaved")
        .component("linked_caller_p3")
        .reuse(1, 0, 64)
        .env("WHO", "caller")
        .config("key", "of the caller")
        .component("linked_callee_p3")
        .reuse(1, 0, 64)
        .env("WHO", "callee")
        .config("key", "of the callee")
        .start()
        .await;
    let calls = (0..64).map(|call| {
        let workload = &workload;
        async move {
            let pause = 1 + call % 7;
            if call % 2 == 0 {
                let who = text(workload, &format!("/who?{pause}")).await;
                assert_eq!(who, "caller WHO=caller\ncallee WHO=callee\n");
            } else {
                let config = text(workload, &format!("/config?key&{pause}")).await;
                assert_eq!(
                    config,
                    "caller: Some(\"of the caller\")\ncallee: Some(\"of the callee\")\n"
                );
            }
        }
    });
    futures::future::join_all(calls).await;
}

#[tokio::test]
async fn two_workloads_of_the_same_code_do_not_see_each_other() {
    let one = workload("id-one").component("http_kitchen").env("A", "one");
    let two = workload("id-two").component("http_kitchen");
    let (one, two) = (one.start_on(&engine()).await, two.start().await);
    assert_eq!(text(&one, "/env?A").await, "one");
    assert_eq!(text(&two, "/env?A").await, "A is not set");
}

/// A handler in front of the kitchen of the same version: what the kitchen's routes show is a linked component's.
const FRONTS: [(&str, &str); 2] = [
    ("http_middleware", "http_kitchen"),
    ("http_middleware_p3", "p3_kitchen"),
];

#[tokio::test]
async fn linked_handlers_of_both_versions_have_an_identity_of_their_own() {
    let server = EchoServer::start().await;
    for (front, back) in FRONTS {
        let name = format!("id-{}", back.replace('_', "-"));
        let log = LogCapture::of(&format!("test/{name}"));
        let workload = workload(&name)
            .named("front", front)
            .env("A", "of the front")
            .config("k", "of the front")
            .mount("/front")
            .named("back", back)
            .env("A", "of the back")
            .config("k", "of the back")
            .allow(&server)
            .mount("/back")
            .empty_dir("front")
            .empty_dir("back")
            .start()
            .await;
        assert_eq!(text(&workload, "/env?A").await, "of the back", "{back}");
        assert_eq!(text(&workload, "/config?k").await, "of the back");
        assert_eq!(text(&workload, "/args").await, "main.wasm\n");
        assert_eq!(text(&workload, "/write?/back/f&x").await, "written");
        let elsewhere = text(&workload, "/write?/front/f&x").await;
        assert!(elsewhere.starts_with("error: "), "{elsewhere}");
        let fetched = text(&workload, &format!("/fetch?{}", server.url("/x"))).await;
        assert_eq!(fetched, "200 GET /x", "{back}");
        for path in ["/print?out", "/eprint?err", "/log?info&message"] {
            assert!(!text(&workload, path).await.is_empty());
        }
        for (message, stream) in [("out", "stdout"), ("err", "stderr"), ("message", "")] {
            let line = log.wait_for(|line| line.message == message).await;
            assert_eq!(line.field("component"), "back", "{back} {message}");
            assert_eq!(line.field("stream"), stream);
        }
    }
}

#[tokio::test]
async fn a_linked_handler_does_not_reach_what_only_its_front_may() {
    let server = EchoServer::start().await;
    for (front, back) in FRONTS {
        let workload = workload("id-front-egress")
            .component(front)
            .allow(&server)
            .component(back)
            .start()
            .await;
        let fetched = text(&workload, &format!("/fetch?{}", server.url("/x"))).await;
        assert_eq!(fetched, "error: HttpRequestDenied", "{back}");
    }
    assert_eq!(server.connections(), 0);
}
