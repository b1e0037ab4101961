//! `weft run` with a service: when it is waited for, what is told of it, and how it ends.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use weft_testkit::client::Client;
use weft_testkit::{guest, within};

use super::harness::{Scratch, Serving, output, stderr, weft};

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
    start_with(scratch, &[], manifest)
}

fn start_with(scratch: &Scratch, flags: &[&str], manifest: String) -> (Serving, Client) {
    let file = scratch.file("served.yaml", manifest);
    let admin = ["--admin-addr", "127.0.0.1:0"];
    let flags = flags.iter().chain(&admin).map(PathBuf::from);
    let serving = Serving::start(flags.chain([file]));
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

#[tokio::test]
async fn silent_ones_are_waited_for_side_by_side_and_a_signal_ends_the_wait() {
    let scratch = Scratch::new();
    let one = manifest("say:one sleep", 0, "");
    let other = manifest("say:other sleep", 0, "").replace("served", "other");
    let file = scratch.file("served.yaml", format!("{one}---\n{other}"));
    let mut weft = tokio::process::Command::from(weft())
        .args(["run", "--addr", "127.0.0.1:0", "--service-wait", "1h"])
        .arg(file)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(weft.stderr.take().unwrap()).lines();
    let mut missing = vec![" one ", " other "];
    let begun = async {
        while !missing.is_empty() {
            let line = log.next_line().await.unwrap().unwrap();
            missing.retain(|word| !line.contains(word));
        }
    };
    within(begun).await;
    let pid = i32::try_from(weft.id().unwrap()).unwrap();
    rustix::process::kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    assert!(within(weft.wait()).await.unwrap().success());
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
async fn a_component_talks_to_the_service_over_its_virtual_port_and_its_failure_fails_the_workload()
{
    let scratch = Scratch::new();
    let components = kitchen().replace("http_kitchen", "sockets_std");
    let (serving, admin) = start(&scratch, manifest("listen:127.0.0.1:77", 0, &components));
    let mut visitor = serving.visitor("served.example");
    let echo = visitor.get("/echo?localhost:77&hello%0A").await.unwrap();
    assert_eq!(echo.text, "hello\n");
    let listening = &workload(&admin).await["service"]["listening"];
    assert_eq!(listening[0], "127.0.0.1:77");
    let _ = visitor.get("/echo?localhost:77&trap%0A").await;
    within(async { while workload(&admin).await["state"] != "failed" {} }).await;
    let workload = workload(&admin).await;
    assert_eq!(workload["service"]["lastTrap"], "unreachable");
    let reason = workload["reason"].as_str().unwrap();
    assert!(reason.starts_with("its service: it failed: "), "{reason}");
    let refused = visitor.get("/echo?localhost:77&hello").await.unwrap();
    assert_eq!(refused.status, 503);
    assert!(
        refused.text.contains("\"code\": \"service-failed\""),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn no_port_of_the_machine_is_opened_for_a_service() {
    let scratch = Scratch::new();
    let (serving, admin) = start(&scratch, manifest("listen:0.0.0.0:7777", 0, ""));
    assert_eq!(
        workload(&admin).await["service"]["listening"][0],
        "0.0.0.0:7777"
    );
    // That of HTTP, and that of the admin listener.
    assert_eq!(serving.listening_sockets(), 2);
    assert!(std::net::TcpStream::connect("127.0.0.1:7777").is_err());
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

/// The address of the one port that is published.
async fn published(admin: &Client) -> String {
    let ports = workload(admin).await["ports"].take();
    let address = ports[0]["address"].as_str();
    address.unwrap_or_else(|| panic!("{ports}")).to_owned()
}

/// A service that listens on port 77, which its manifest publishes on a free port.
fn publishing() -> String {
    let text = manifest("listen:127.0.0.1:77", 5, "");
    text.replace(
        "    maxRestarts",
        "    ports: [{name: echo, port: 77, publish: '127.0.0.1:0'}]\n    maxRestarts",
    )
}

#[tokio::test]
async fn a_published_port_leads_to_the_service_also_after_it_failed() {
    let scratch = Scratch::new();
    let (_serving, admin) = start_with(&scratch, &["--publish"], publishing());
    let address = published(&admin).await;
    for word in ["one", "trap", "two"] {
        let talk = async {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream
                .write_all(format!("{word}\n").as_bytes())
                .await
                .unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            answer
        };
        let expected = if word == "trap" { "" } else { word };
        assert_eq!(within(talk).await.trim_end(), expected);
    }
    assert_eq!(workload(&admin).await["service"]["restarts"], 1);
}

#[tokio::test]
async fn without_the_flag_a_port_stays_closed_and_a_note_says_which_flag() {
    let scratch = Scratch::new();
    let (serving, admin) = start(&scratch, publishing());
    assert_eq!(workload(&admin).await["ports"], Value::Array(Vec::new()));
    assert_eq!(serving.listening_sockets(), 2);
    let note = serving.note("--publish");
    assert!(note.contains("echo"), "{note}");
}
