//! The canaries themselves: planted, carried through everything that can go wrong, and searched for.

use std::net::SocketAddr;

use rustix::process::Signal;
use serde_json::Value;
use weft_testkit::client::Client;
use weft_testkit::guest;

use super::sanctuary::{Held, Sanctuary, Server};

/// Lets the guest look at a secret and fail in all its ways. Its answers do not have values in them: what a guest says is
/// its own doing.
async fn misuse(client: &Client, names: &[&str]) {
    for name in names {
        for route in ["hold", "size", "trap", "fail"] {
            let _ = client.get(&format!("/{route}?{name}")).await;
        }
        let _ = client.get(&format!("/flood?{name}&100000")).await;
    }
    let _ = client.get("/reveal?missing").await;
    let _ = client.get("/no-such-route").await;
}

/// Clients of the workload and of the admin listener, by the event that says where they are.
fn clients(weft: &Held) -> [Client; 2] {
    let listening: Value = serde_json::from_str(&weft.wait_for("\"adminAddr\"")).unwrap();
    ["addr", "adminAddr"].map(|key| {
        let addr: SocketAddr = listening[key].as_str().unwrap().parse().unwrap();
        Client::new(addr)
    })
}

async fn pages(place: &Sanctuary, admin: &Client) -> String {
    let mut metrics = String::new();
    for path in [
        "/workloads",
        "/workloads?output=json",
        "/policy",
        "/readyz",
        "/metrics",
    ] {
        metrics = place.ask(admin, path).await;
    }
    metrics
}

fn no_core_dumps(weft: &Held) {
    if let Ok(limits) = std::fs::read_to_string(format!("/proc/{}/limits", weft.pid())) {
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let soft = line.unwrap().split_whitespace().nth(4).unwrap();
        assert!(matches!(soft, "0" | "1"), "{line:?}");
    }
}

#[tokio::test]
async fn secrets_of_a_manifest_are_nowhere_but_in_the_guest() {
    let place = Sanctuary::new();
    let component = guest("secrets_http");
    // data: CANARY-data
    place.write(
        "manifest.yaml",
        format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: keys, namespace: mine}}
data: {{DATA: Q0FOQVJZLWRhdGE=, BINARY: /0NBTkFSWS1ieXRlcw==}}
stringData: {{STRING: CANARY-string}}
---
apiVersion: v1
kind: Secret
metadata: {{name: variables, namespace: mine}}
stringData: {{VARIABLE: CANARY-variable}}
---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: canary, namespace: mine}}
spec:
  components:
    - name: main
      image: 'file:{}'
      localResources:
        environment: {{config: {{PLAIN: CANARY-plain}}, secretFrom: [{{name: variables}}]}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [handler], config: {{host: canary.example}}}}
    - namespace: wasmcloud
      package: secrets
      interfaces: [store, reveal]
      config: {{INLINE: CANARY-inline, weft.dev/log-reveals: 'true'}}
      secretFrom: [{{name: keys}}]
",
            component.display()
        ),
        0o600,
    );
    let mut command = place.weft();
    command.args(["run", "--output", "json", "--addr", "127.0.0.1:0"]);
    command.args(["--admin-addr", "127.0.0.1:0", "manifest.yaml"]);
    let weft = place.start(command);
    let [client, admin] = clients(&weft);
    let client = client.host("canary.example");
    no_core_dumps(&weft);
    let names = ["DATA", "BINARY", "STRING", "INLINE"];
    for (name, size) in [("DATA", "11 bytes of text"), ("BINARY", "13 bytes")] {
        let reply = client.get(&format!("/size?{name}")).await.unwrap();
        assert_eq!(reply.text, size);
    }
    assert_eq!(
        client.get("/size?VARIABLE").await.unwrap().text,
        "error: not-found"
    );
    misuse(&client, &names).await;
    let metrics = pages(&place, &admin).await;
    let count = metrics
        .lines()
        .find(|line| line.starts_with("weft_secret_reveals_total{"));
    let count = count.unwrap_or_else(|| panic!("{metrics}"));
    assert!(count.contains(r#"workload="canary""#), "{count}");
    let printed = weft.end(Signal::QUIT);
    assert!(
        printed.contains("looked at a secret"),
        "looks are not logged"
    );
    place.search();
}

#[tokio::test]
async fn secrets_of_a_project_are_nowhere_but_in_the_guest() {
    let (place, vault) = (Sanctuary::new(), Server::start());
    vault.has(1, "CANARY-vault");
    place.write(
        ".env",
        "FROM_ENV=CANARY-dotenv\nVAULT_TOKEN=CANARY-token\n",
        0o600,
    );
    place.write("secrets.env", "FILE=CANARY-file\n", 0o600);
    place.write("dir/DIR", "CANARY-dir", 0o600);
    place.write("dir/BINARY", b"\xffCANARY-bytes", 0o600);
    place.write(
        "weft.yaml",
        format!(
            "build: {{component_path: '{}'}}
secrets:
  all:
    inline: {{INLINE: CANARY-inline}}
    file: secrets.env
    dir: dir
    fromEnv: [FROM_ENV]
  server:
    vault: {{address: 'http://{}', path: team/app, cache: 0ms, maxStale: 0ms}}
  variables: {{inline: {{VARIABLE: CANARY-variable}}}}
workload:
  environment: {{secretFrom: [variables]}}
  secrets: [server, all]
dev:
  host_interfaces:
    - {{namespace: wasmcloud, package: secrets, interfaces: [store], config: {{ENTRY: CANARY-entry}}}}
",
            guest("secrets_http").display(),
            vault.addr
        ),
        0o600,
    );
    let mut command = place.weft();
    command.args([
        "dev",
        "--output",
        "json",
        "--no-watch",
        "--addr",
        "127.0.0.1:0",
    ]);
    command.args(["--admin-addr", "127.0.0.1:0"]);
    let weft = place.start(command);
    let [client, admin] = clients(&weft);
    weft.wait_for("\"event\":\"serving\"");
    no_core_dumps(&weft);
    for name in [
        "INLINE", "FILE", "DIR", "BINARY", "FROM_ENV", "VAULT", "VARIABLE", "ENTRY",
    ] {
        let reply = client.get(&format!("/size?{name}")).await.unwrap();
        assert!(reply.text.contains("bytes"), "{name}: {}", reply.text);
    }
    assert_eq!(
        client.get("/env?FILE").await.unwrap().text,
        "FILE is not set"
    );
    misuse(&client, &["FILE", "VAULT"]).await;
    // Everything that can go wrong with what keeps them.
    for (status, body) in [
        (403, r#"{"errors": ["CANARY-refused"]}"#),
        (404, ""),
        (500, "CANARY-failed"),
        (503, ""),
        (200, r#"{"data": {"data": {"VAULT": "CANARY-broken"#),
        (
            200,
            r#"{"data": {"data": "CANARY-other", "metadata": {"version": "CANARY"}}}"#,
        ),
    ] {
        vault.answers(status, body);
        let _ = client.get("/size?VAULT").await.unwrap();
    }
    for (text, mode) in [
        ("FILE=CANARY-open\n", 0o644),
        ("FILE='CANARY-unclosed\n", 0o600),
        ("CANARY-no-equals\n", 0o600),
        ("FILE=${CANARY_UNSET}\n", 0o600),
    ] {
        place.write("secrets.env", text.replace("CANARY_UNSET", "UNSET"), mode);
        let _ = client.get("/size?FILE").await.unwrap();
    }
    std::fs::remove_file(place.work().join("dir/DIR")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", place.work().join("dir/DIR")).unwrap();
    let reply = client.get("/size?DIR").await.unwrap();
    assert!(reply.text.starts_with("error:"), "{}", reply.text);
    pages(&place, &admin).await;
    weft.end(Signal::TERM);
    place.search();
}
