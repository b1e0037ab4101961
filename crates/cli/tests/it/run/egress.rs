//! What the flags about the network of guests do, and `weft policy`.

use std::path::PathBuf;

use serde_json::Value;
use weft_testkit::guest;
use weft_testkit::server::EchoServer;

use super::harness::{Scratch, Serving, manifest, stderr, stdout, weft};

/// The kitchen in a manifest that allows nothing.
fn start(scratch: &Scratch, flags: &[&str]) -> Serving {
    let text = manifest("kitchen", "team", "kitchen.example", &guest("http_kitchen"));
    let file = scratch.file("kitchen.yaml", text);
    let flags = flags.iter().map(PathBuf::from);
    Serving::start(flags.chain([file]))
}

async fn fetch(serving: &Serving, server: &EchoServer) -> String {
    let mut visitor = serving.visitor("kitchen.example");
    let path = format!("/fetch?{}", server.url("/x"));
    visitor.get(&path).await.unwrap().text
}

#[tokio::test]
async fn nothing_is_reached_that_a_manifest_does_not_allow() {
    let (scratch, server) = (Scratch::new(), EchoServer::start().await);
    let serving = start(&scratch, &["--allow-host-loopback"]);
    assert_eq!(fetch(&serving, &server).await, "error: HttpRequestDenied");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_is_learned_is_the_policy_that_allows_it() {
    let (scratch, server) = (Scratch::new(), EchoServer::start().await);
    let flags = [
        "--allow-host-loopback",
        "--egress",
        "learn",
        "--admin-addr",
        "127.0.0.1:0",
    ];
    let serving = start(&scratch, &flags);
    assert_eq!(fetch(&serving, &server).await, "200 GET /x");
    let admin = serving.listening["adminAddr"].as_str().unwrap().to_owned();
    let policy = |args: &[&str]| {
        let output = weft()
            .args(["policy", "--admin-addr", &admin])
            .args(args)
            .output();
        output.unwrap()
    };
    let shown = stdout(&policy(&[]));
    let expected = format!(
        "# team/kitchen: main\nlocalResources:\n  allowedHostLoopbackPorts:\n    - \"{}/tcp\"\n",
        server.port()
    );
    assert_eq!(shown, expected);
    let json: Value =
        serde_json::from_str(&stdout(&policy(&["team/kitchen", "--output", "json"]))).unwrap();
    assert_eq!(json["components"][0]["component"], "main");
    let unknown = policy(&["team/other"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("no workload `team/other`"));
}

#[tokio::test]
async fn what_was_learned_is_told_at_the_end() {
    let (scratch, server) = (Scratch::new(), EchoServer::start().await);
    let serving = start(&scratch, &["--allow-host-loopback", "--egress", "learn"]);
    assert_eq!(fetch(&serving, &server).await, "200 GET /x");
    serving.signal(rustix::process::Signal::TERM);
    let (learned, status) = serving.ended("learned");
    assert!(status.success());
    let ports = &learned["components"][0]["allowedHostLoopbackPorts"];
    assert_eq!(ports[0], format!("{}/tcp", server.port()));
}

#[tokio::test]
async fn learning_opens_no_special_address() {
    let (scratch, server) = (Scratch::new(), EchoServer::start().await);
    let serving = start(&scratch, &["--egress", "learn"]);
    assert_eq!(fetch(&serving, &server).await, "error: HttpRequestDenied");
    let mut visitor = serving.visitor("kitchen.example");
    // What a guest calls its loopback is that of its workload, where nobody listens.
    for (url, expected) in [
        ("http://169.254.169.254/latest/", "DestinationIpProhibited"),
        ("http://127.0.0.1/", "ConnectionRefused"),
        ("http://[::1]/", "ConnectionRefused"),
    ] {
        let text = visitor.get(&format!("/fetch?{url}")).await.unwrap().text;
        assert_eq!(text, format!("error: {expected}"), "{url}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_host_that_learns_nothing_says_so() {
    let serving = Serving::start([
        "--admin-addr".into(),
        "127.0.0.1:0".into(),
        guest("http_kitchen"),
    ]);
    let admin = serving.listening["adminAddr"].as_str().unwrap();
    let output = weft()
        .args(["policy", "--admin-addr", admin])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(
        message.contains("start it with --egress learn"),
        "{message}"
    );
}

#[test]
fn a_place_where_no_host_is_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    drop(taken);
    let output = weft()
        .args(["policy", "--admin-addr", &addr])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("cannot connect to {addr}")));
}
