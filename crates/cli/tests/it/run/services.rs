//! `weft run` with a service: when it is waited for, what is told of it, and how it ends.

use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;
use weft_testkit::client::Client;
use weft_testkit::{guest, within};

use super::harness::{Scratch, Serving, output, stderr};

/// A workload with a service that does `steps`, and the kitchen beside it.
fn manifest(steps: &str, max_restarts: u32, components: &str) -> String {
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: served, namespace: team}}
spec:
  service:
    image: 'file:{}'
    maxRestarts: {max_restarts}
    localResources: {{environment: {{config: {{DO: '{steps}'}}}}}}
{components}",
        guest("service_kitchen").display()
    )
}

/// The kitchen, which answers requests.
fn kitchen() -> String {
    format!(
        "  components:
    - {{name: main, image: 'file:{}'}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: served.example}}}}
    - {{namespace: wasi, package: config, interfaces: [store]}}
    - {{namespace: wasi, package: logging, interfaces: [logging]}}
",
        guest("http_kitchen").display()
    )
}

fn start(scratch: &Scratch, manifest: String) -> (Serving, Client) {
    let file = scratch.file("served.yaml", manifest);
    let args = [Path::new("--admin-addr"), Path::new("127.0.0.1:0"), &file];
    let serving = Serving::start(args.map(PathBuf::from));
    let admin = serving.listening["adminAddr"].as_str().unwrap();
    let admin = Client::new(admin.parse().unwrap());
    (serving, admin)
}

async fn workload(admin: &Client) -> Value {
    let list = admin.get("/workloads").await.unwrap().text;
    let mut list: Value = serde_json::from_str(&list).unwrap();
    list["workloads"][0].take()
}

#[tokio::test]
async fn a_service_and_the_component_beside_it_run() {
    let scratch = Scratch::new();
    let (serving, admin) = start(&scratch, manifest("ready sleep", 0, &kitchen()));
    let mut visitor = serving.visitor("served.example");
    assert_eq!(visitor.get("/hello").await.unwrap().text, "hello");
    let workload = workload(&admin).await;
    assert_eq!(workload["state"], "running");
    assert_eq!(workload["service"]["state"], "running");
    assert_eq!(workload["use"]["instances"], 1, "{workload}");
}

#[tokio::test]
async fn a_workload_may_be_a_service_alone() {
    let scratch = Scratch::new();
    let (serving, admin) = start(&scratch, manifest("ready sleep", 0, ""));
    assert_eq!(
        serving.listening["workloads"][0]["urls"],
        Value::Array(Vec::new())
    );
    assert_eq!(workload(&admin).await["state"], "running");
}

#[tokio::test]
async fn one_that_has_done_its_work_has_completed() {
    let scratch = Scratch::new();
    let (_serving, admin) = start(&scratch, manifest("say:done", 0, ""));
    let workload = workload(&admin).await;
    assert_eq!(workload["state"], "completed");
    assert_eq!(workload["service"]["lastExit"], 0);
}

#[test]
fn one_that_fails_at_its_start_ends_the_start() {
    let scratch = Scratch::new();
    let file = scratch.file("served.yaml", manifest("trap", 1, &kitchen()));
    let output = output([
        Path::new("run"),
        Path::new("--addr"),
        Path::new("127.0.0.1:0"),
        &file,
    ]);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for part in [
        "`team/served`",
        "its service failed",
        "unreachable",
        "restarted once",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn one_that_fails_later_fails_the_workload_and_says_so() {
    let scratch = Scratch::new();
    let (serving, admin) = start(&scratch, manifest("listen:127.0.0.1:77", 0, &kitchen()));
    let mut visitor = serving.visitor("served.example");
    assert_eq!(visitor.get("/hello").await.unwrap().status, 200);
    // The kitchen has no socket; what makes the service fail here is a signal to stop, of which the next test tells.
    drop(visitor);
    assert_eq!(
        workload(&admin).await["service"]["listening"][0],
        "127.0.0.1:77"
    );
}

#[tokio::test]
async fn when_weft_stops_a_service_sees_its_sockets_close() {
    let scratch = Scratch::new();
    let (serving, _admin) = start(&scratch, manifest("listen:127.0.0.1:77 exit:0", 0, ""));
    serving.signal(Signal::TERM);
    // Without a look at its socket it would be there for the whole of its grace.
    let status = within(async { tokio::task::spawn_blocking(|| serving.exit()).await }).await;
    assert!(status.unwrap().success());
}
