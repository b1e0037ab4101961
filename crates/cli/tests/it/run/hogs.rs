//! What a host holds for a guest besides the guest's own memory has a bound too: handles, headers, bodies, requests,
//! output. One hostile request at a time, and the memory of the whole process.

use std::time::Duration;

use weft_testkit::client::{full, get, post};
use weft_testkit::guest;
use weft_testkit::server::EchoServer;

use super::harness::Serving;

/// What one request may cost: the 256 MiB that an instance may have, and as much again for what the host holds for it.
const BOUND: u64 = 512 << 20;

/// How long a request may go on before its client has seen enough.
const ENOUGH: Duration = Duration::from_secs(3);

#[tokio::test]
async fn nothing_that_the_host_holds_for_a_0_2_request_is_without_bound() {
    let paths = [
        "/handles?fields",
        "/handles?full-fields",
        "/handles?pollable",
        "/handles?request",
        "/headers?100000000&100",
        "/pollables?1000000",
        "/print?endless&0&4000",
        "/print?logging&0&100000",
        "/shout?200000000",
        "/random?60000000",
        "/no-end",
        "/body-endless",
        "/outbound?100000&{server}",
        "/oom",
    ];
    stays_small("http_hostile", &paths).await;
}

#[tokio::test]
async fn nothing_that_the_host_holds_for_a_0_3_request_is_without_bound() {
    let paths = [
        "/fields?1000000000",
        "/full-fields?1000000000",
        "/streams?1000000000",
        "/futures?1000000000",
        "/tasks?1000000&100000",
        "/tasks-hold?1000000",
        "/tasks-leave?1000000",
        "/headers?100000000&100",
        "/no-end",
        "/body-endless",
        "/outbound?100000&{server}",
        "/oom",
    ];
    stays_small("p3_hostile", &paths).await;
}

async fn stays_small(component: &str, paths: &[&str]) {
    let server = EchoServer::start().await;
    let mut too_much = Vec::new();
    for path in paths {
        // A process each: memory that was freed is not always given back to the system.
        let component = guest(component);
        let port = server.port();
        let args = [
            "--allow-host-loopback",
            "--allow-host-port",
            &port,
            component.to_str().unwrap(),
        ];
        let serving = Serving::start(args);
        assert_eq!(serving.get("/hello").await, "hello");
        let before = serving.peak_memory();
        let path = path.replace("{server}", &server.url("/never"));
        attack(&serving, &path).await;
        let grown = serving.peak_memory() - before;
        if grown > BOUND {
            too_much.push(format!("{path}: {} MiB", grown >> 20));
        }
        assert_eq!(serving.get("/hello").await, "hello", "{path}");
    }
    assert!(too_much.is_empty(), "{too_much:#?}");
}

/// Sends a GET, and leaves its answer unread for a while: nothing announces that a host has taken all it will take.
async fn attack(serving: &Serving, path: &str) {
    let mut visitor = serving.visitor("localhost");
    let answer = visitor.send(get(path));
    let held = tokio::time::timeout(ENOUGH, answer).await;
    if let Ok(Ok(_unread)) = held {
        tokio::time::sleep(ENOUGH / 3).await;
    }
}

#[tokio::test]
async fn a_request_that_nobody_reads_is_not_read_into_the_host() {
    for component in ["http_hostile", "p3_hostile"] {
        let serving = Serving::start([guest(component)]);
        assert_eq!(serving.get("/hello").await, "hello");
        let before = serving.peak_memory();
        let mut visitor = serving.visitor("localhost");
        let body = full(vec![b'u'; 64 << 20]);
        let _ = tokio::time::timeout(ENOUGH, visitor.send(post("/ignore-hold", body))).await;
        let grown = serving.peak_memory() - before;
        assert!(grown <= 16 << 20, "{component}: {} MiB", grown >> 20);
    }
}
