//! What the admin listener answers, and that it cannot be held up.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use weft_host::HostConfig;
use weft_testkit::client::{Client, fed, full, post};
use weft_testkit::{PATIENCE, guest, until, within};

use crate::manifest::Manifest;
use crate::operated::{Operated, free_port};

fn kitchen(tenant: &'static str, name: &str) -> Manifest {
    Manifest::new(tenant, name, &guest("http_kitchen"))
}

async fn readiness(operated: &Operated) -> (u16, Value) {
    let reply = operated.page("/readyz").await;
    (reply.status, serde_json::from_str(&reply.text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_ready_from_its_last_start_to_the_beginning_of_its_drain() {
    let operated = Operated::starting(HostConfig::default()).await;
    let (status, why) = readiness(&operated).await;
    assert_eq!((status, &why["reason"]), (503, &json!("starting")));
    assert_eq!(operated.page("/healthz").await.text, "ok\n");

    let manifest = kitchen("t", "kitchen");
    let running = operated.start(&manifest).await;
    operated.host.set_started();
    // The listener is opened by a task of its own.
    let mut is_ready = false;
    while !is_ready {
        is_ready = within(readiness(&operated)).await == (200, json!({ "ready": true }));
    }

    let (mut feed, body) = fed();
    let client = operated.client(&manifest);
    let answer = client.send(post("/echo", body));
    let (answer, ()) = within(async { tokio::join!(answer, feed.send("first")) }).await;
    operated.stop.cancel();
    let mut draining = false;
    while !draining {
        let (status, why) = within(readiness(&operated)).await;
        draining = (status, &why["reason"]) == (503, &json!("draining"));
    }
    assert_eq!(operated.page("/healthz").await.status, 200);
    drop(feed);
    assert_eq!(answer.unwrap().reply().await.unwrap().text, "first");
    let admin = operated.admin;
    assert_eq!(operated.stopped().await.cut_requests, 0);
    drop(running);
    // Without a host, nobody listens there.
    within(async { until(|| TcpStream::connect(admin).is_err()).await }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workloads_are_listed_with_limits_and_use() {
    let operated = Operated::new().await;
    let limited = kitchen("a", "limited")
        .set("weft.dev/memory", "64Mi")
        .set("weft.dev/cpu", "500m")
        .set("weft.dev/request-timeout", "10s")
        .set("weft.dev/max-in-flight", "7")
        .set("weft.dev/max-queue", "3")
        .set("weft.dev/queue-wait", "1500ms");
    let _running = [
        operated.start(&limited).await,
        operated.start(&kitchen("b", "free")).await,
    ];
    assert_eq!(
        operated.client(&limited).get("/trap").await.unwrap().status,
        502
    );
    let all = operated.workloads("").await;
    let names: Vec<_> = all.iter().map(|one| &one["workload"]).collect();
    assert_eq!(names, ["limited", "free"]);

    let mut one = operated.workloads("?tenant=a").await;
    assert_eq!(one.len(), 1);
    let mut one = one.remove(0);
    let since = one["since"].take();
    assert!(
        since.as_str().is_some_and(|it| it.ends_with('Z')),
        "{since}"
    );
    assert!(one["use"]["cpuSeconds"].take().as_f64().is_some());
    assert!(one["requests"].take().as_u64().is_some());
    assert!(one["use"]["instances"].take().as_u64().is_some());
    assert!(one["use"]["memoryBytes"].take().as_u64().is_some());
    assert!(one["use"]["inFlight"].take().as_u64().is_some());
    let expected = json!({
        "tenant": "a",
        "workload": "limited",
        "state": "running",
        "reason": null,
        "since": null,
        "hosts": ["limited.a.example"],
        "service": null,
        "ports": [],
        "limits": {
            "memoryBytes": 64 << 20,
            "cpuMillicores": 500,
            "requestTimeoutSeconds": 10.0,
            "maxInFlight": 7,
            "maxQueue": 3,
            "queueWaitSeconds": 1.5,
        },
        "use": {
            "inFlight": null,
            "queued": 0,
            "instances": null,
            "memoryBytes": null,
            "networkBytes": 0,
            "cpuSeconds": null,
            "codeLoaded": true,
        },
        "gpu": null,
        "requests": null,
        "failures": { "unreachable": 1 },
    });
    assert_eq!(one, expected);
    assert!(operated.workloads("?tenant=nobody").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_that_is_taken_away_is_stopping_until_its_last_answer() {
    let operated = Operated::new().await;
    let manifest = kitchen("t", "kitchen");
    let running = operated.start(&manifest).await;
    let (mut feed, body) = fed();
    let client = operated.client(&manifest);
    let answer = client.send(post("/echo", body));
    let (answer, ()) = within(async { tokio::join!(answer, feed.send("first")) }).await;
    drop(running);
    let list = operated.workloads("").await;
    assert_eq!(list[0]["state"], "stopping", "{list:?}");
    assert_eq!(list[0]["hosts"], json!([]));
    drop(feed);
    answer.unwrap().reply().await.unwrap();
    while !within(operated.workloads("")).await.is_empty() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_a_problem_document() {
    let operated = Operated::new().await;
    for (path, status, code) in [
        ("/", 404, "unknown-path"),
        ("/metrics/", 404, "unknown-path"),
        ("/workloads?tennant=a", 400, "invalid-query"),
    ] {
        let reply = operated.page(path).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(problem["code"], code);
    }
    let client = Client::new(operated.admin);
    let refused = client.post("/healthz", "x").await.unwrap();
    assert_eq!(refused.status, 405);
    assert_eq!(refused.headers["allow"], "GET, HEAD");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_have_their_types_and_are_not_kept() {
    let operated = Operated::new().await;
    for (path, kind) in [
        ("/healthz", "text/plain; charset=utf-8"),
        ("/readyz", "application/json"),
        ("/workloads", "application/json"),
        (
            "/metrics",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ] {
        let reply = operated.page(path).await;
        assert_eq!(reply.headers["content-type"], kind);
        assert_eq!(reply.headers["cache-control"], "no-store");
        let request = http::Request::head(path).body(full("")).unwrap();
        let head = Client::new(operated.admin).send(request).await.unwrap();
        let length = head.head.headers["content-length"].to_str().unwrap();
        assert!(length.parse::<usize>().unwrap() > 0, "{path}");
        assert_eq!(head.reply().await.unwrap().text, "", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_never_finish_their_requests_keep_nobody_out() {
    let operated = Operated::new().await;
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(operated.admin).unwrap();
            // Those that were cut already refuse this.
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost:");
            stream
        })
        .collect();
    assert_eq!(operated.page("/healthz").await.text, "ok\n");
    // The first ones had to make room.
    let mut oldest = &slow[0];
    oldest.set_read_timeout(Some(PATIENCE)).unwrap();
    let end = oldest.read(&mut [0; 1]);
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_an_error_that_says_so() {
    let taken = TcpListener::bind(free_port()).unwrap();
    let addr = taken.local_addr().unwrap();
    let operated = Operated::new().await;
    let error = operated.host.open_admin(addr).unwrap_err().to_string();
    assert!(
        error.contains(&addr.to_string()) && error.contains("health and metrics"),
        "{error}"
    );
}
