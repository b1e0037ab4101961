//! The admin listener of `weft run`, and what signals mean to it.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::{Value, json};
use weft_testkit::client::{Client, fed, post};
use weft_testkit::{guest, within};

use super::harness::{Scratch, Serving, manifest, output, stderr};

/// A host with an admin listener, and a client of that.
fn serving(args: &[&str]) -> (Serving, Client) {
    let kitchen = guest("http_kitchen");
    let always = ["--admin-addr", "127.0.0.1:0", kitchen.to_str().unwrap()];
    let serving = Serving::start(args.iter().chain(&always));
    let admin = serving.listening["adminAddr"].as_str().unwrap();
    let admin = Client::new(admin.parse().unwrap());
    (serving, admin)
}

async fn json(admin: &Client, path: &str) -> Value {
    let reply = admin.get(path).await.unwrap();
    serde_json::from_str(&reply.text).unwrap()
}

#[tokio::test]
async fn health_metrics_and_workloads_are_on_an_address_of_their_own() {
    let (serving, admin) = serving(&[]);
    assert_eq!(admin.get("/healthz").await.unwrap().text, "ok\n");
    // `weft run` says that it listens when everything was started, and the listener is taken up right after that.
    while within(json(&admin, "/readyz")).await != json!({ "ready": true }) {}
    let metrics = admin.get("/metrics").await.unwrap().text;
    assert!(metrics.contains("\nweft_workloads 1\n"), "{metrics}");
    let list = json(&admin, "/workloads").await;
    assert_eq!(list["workloads"][0]["workload"], "http-kitchen");
    // What guests answer does not come from there, and the other way round.
    assert_eq!(admin.get("/hello").await.unwrap().status, 404);
    let reply = serving.client().get("/healthz").await.unwrap();
    assert_ne!(reply.text, "ok\n");
}

#[tokio::test]
async fn there_is_no_admin_listener_unless_it_is_asked_for() {
    let serving = Serving::start([guest("http_kitchen")]);
    assert_eq!(serving.listening["adminAddr"], Value::Null);
}

#[test]
fn an_admin_port_that_is_taken_is_said_before_anything_is_served() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let kitchen = guest("http_kitchen");
    let output = output([
        "run",
        "--addr",
        "127.0.0.1:0",
        "--admin-addr",
        &addr,
        kitchen.to_str().unwrap(),
    ]);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for part in [addr.as_str(), "health and metrics", "--admin-addr"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn a_host_that_drains_is_not_ready_and_still_healthy() {
    let (serving, admin) = serving(&[]);
    let (mut feed, body) = fed();
    let client = serving.client();
    let answer = client.send(post("/echo", body));
    let (answer, ()) = within(async { tokio::join!(answer, feed.send("first")) }).await;
    serving.signal(Signal::TERM);
    while within(json(&admin, "/readyz")).await["reason"] != "draining" {}
    assert_eq!(admin.get("/healthz").await.unwrap().status, 200);
    drop(feed);
    assert_eq!(answer.unwrap().reply().await.unwrap().text, "first");
    let (_, status) = serving.ended("stopped");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn limits_given_by_flags_are_those_of_workloads_whose_manifest_does_not_say() {
    let (_serving, admin) = serving(&[
        "--instance-memory",
        "32MiB",
        "--request-timeout",
        "7s",
        "--max-in-flight",
        "8",
        "--max-queue",
        "9",
        "--queue-wait",
        "100ms",
        "--instances",
        "11",
    ]);
    let list = json(&admin, "/workloads").await;
    assert_eq!(
        list["workloads"][0]["limits"],
        json!({
            "memoryBytes": 32 << 20,
            "cpuMillicores": null,
            "requestTimeoutSeconds": 7.0,
            "maxInFlight": 8,
            "maxQueue": 9,
            "queueWaitSeconds": 0.1,
        })
    );
    let metrics = admin.get("/metrics").await.unwrap().text;
    assert!(
        metrics.contains("\nweft_host_instances_max 11\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_limit_given_by_a_flag_bites() {
    let (serving, _admin) = serving(&["--request-timeout", "50ms", "--max-request-body", "3"]);
    let client = serving.client();
    let late = client.get("/spin").await.unwrap();
    assert_eq!(late.status, 504, "{}", late.text);
    let large = client.post("/echo", "four").await.unwrap();
    assert_eq!(large.status, 413, "{}", large.text);
}

#[tokio::test]
async fn a_path_prefix_is_part_of_what_is_announced() {
    let scratch = Scratch::new();
    let text = manifest("a", "t", "a.example", &guest("http_kitchen")).replace(
        "config: {host: a.example}",
        "config: {host: a.example, path: /env}",
    );
    let serving = Serving::start([scratch.file("a.yaml", text)]);
    let url = serving.listening["workloads"][0]["urls"][0].as_str();
    assert!(url.is_some_and(|url| url.ends_with("/env")), "{url:?}");
    let client = serving.client().host("a.example");
    assert_eq!(client.get("/env?X").await.unwrap().status, 200);
    assert_eq!(client.get("/hello").await.unwrap().status, 404);
}

#[tokio::test]
async fn sighup_reads_certificates_again_and_stops_nothing() {
    let scratch = Scratch::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = scratch.file("tls.crt", made.cert.pem());
    let key = scratch.file("tls.key", made.signing_key.serialize_pem());
    let (serving, admin) = serving(&[
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ]);
    let url = serving.listening["workloads"][0]["urls"][0].as_str();
    assert!(
        url.is_some_and(|url| url.starts_with("https://")),
        "{url:?}"
    );
    let reloads = async |result: &str| {
        let line = format!("weft_certificate_reloads_total{{result=\"{result}\"}} 1\n");
        let metrics = admin.get("/metrics").await.unwrap().text;
        metrics.contains(&line)
    };
    serving.signal(Signal::HUP);
    while !within(reloads("ok")).await {}
    // The key of another certificate: what was read before stays in use.
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    scratch.file("tls.key", other.signing_key.serialize_pem());
    serving.signal(Signal::HUP);
    while !within(reloads("failed")).await {}
    assert_eq!(admin.get("/healthz").await.unwrap().text, "ok\n");
    serving.signal(Signal::TERM);
    let (_, status) = serving.ended("stopped");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn sighup_without_tls_is_a_closed_terminal() {
    let (serving, _admin) = serving(&[]);
    serving.signal(Signal::HUP);
    let (_, status) = serving.ended("stopped");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    let kitchen = guest("http_kitchen");
    let kitchen = kitchen.to_str().unwrap();
    let alone = output(["run", "--tls-cert", "a.crt", kitchen]);
    assert_eq!(alone.status.code(), Some(2), "{}", stderr(&alone));
    let one_short = [
        "run",
        "--addr",
        "127.0.0.1:0",
        "--tls-cert",
        "a.crt",
        "--tls-cert",
        "b.crt",
        "--tls-key",
        "a.key",
        kitchen,
    ];
    let message = stderr(&output(one_short));
    assert!(
        message.contains("--tls-cert is given 2 times and --tls-key 1 times"),
        "{message}"
    );
    let missing = output([
        "run",
        "--addr",
        "127.0.0.1:0",
        "--tls-cert",
        "no.crt",
        "--tls-key",
        "no.key",
        kitchen,
    ]);
    let message = stderr(&missing);
    assert_eq!(missing.status.code(), Some(1));
    assert!(message.contains("no.crt"), "{message}");
}

#[test]
fn limits_that_mean_nothing_are_wrong_usage() {
    let kitchen = guest("http_kitchen");
    for (flag, value) in [
        ("--memory", "lots"),
        ("--instances", "0"),
        ("--request-timeout", "30"),
        ("--max-header-bytes", "1KiB"),
    ] {
        let output = output(["run", flag, value, kitchen.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{flag} {value}");
        assert!(stderr(&output).contains(flag), "{}", stderr(&output));
    }
}

#[test]
fn the_documentation_has_every_flag_of_run_with_its_default() {
    let help = output(["run", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let page = weft_testkit::guests::repository().join("docs/src/cli.md");
    let page = std::fs::read_to_string(page).unwrap();
    // Each block is a flag, what it means and, at its end, its default.
    let blocks: Vec<&str> = help.split("\n      --").skip(1).collect();
    assert!(blocks.len() > 30, "{help}");
    for block in blocks {
        let (flag, rest) = block.split_at(block.find([' ', '\n', '.']).unwrap());
        if ["output", "color", "verbose", "quiet"].contains(&flag) {
            continue;
        }
        let default = rest
            .split_once("[default: ")
            .map_or("", |(_, after)| after.split_once(']').unwrap().0);
        let name = format!("`--{flag}");
        let row = page
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&name));
        let row = row.unwrap_or_else(|| panic!("--{flag} is not in docs/src/cli.md"));
        assert!(row.contains(default), "--{flag} is {default} but: {row}");
    }
}
