//! Where the secrets of a project are kept: what a guest gets of each place, and how a new value reaches it without a
//! restart.

use std::os::unix::fs::symlink;
use std::time::Duration;

use weft_testkit::client::Client;
use weft_testkit::guest;

use super::sanctuary::{Held, Sanctuary, Server};

/// A project whose source `all` has these keys.
fn project(place: &Sanctuary, source: &str) {
    let text = format!(
        "build: {{component_path: '{}'}}\nsecrets:\n  all:\n{source}workload: {{secrets: [all]}}\n",
        guest("secrets_http").display()
    );
    place.write("weft.yaml", text, 0o600);
}

fn serve(place: &Sanctuary) -> (Held, Client) {
    let mut command = place.weft();
    command
        .args(["dev", "--no-watch", "--addr", "127.0.0.1:0"])
        .env("RUST_LOG", "info")
        .env(
            "WEFT_CACHE_DIR",
            std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("code"),
        );
    let weft = place.start(command);
    let line = weft.wait_for("serving on http://");
    let (_, rest) = line.split_once("http://").unwrap();
    let addr = rest.split('/').next().unwrap().parse().unwrap();
    (weft, Client::new(addr))
}

async fn reveal(client: &Client, name: &str) -> String {
    client.get(&format!("/reveal?{name}")).await.unwrap().text
}

/// Why a project does not start.
fn refused(place: &Sanctuary) -> String {
    let mut command = place.weft();
    command.env("RUST_LOG", "error");
    let output = command
        .args(["dev", "--no-watch", "--addr", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    place.search_output(&output);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_changed_file_is_what_the_next_get_gives() {
    let place = Sanctuary::new();
    place.write("secrets.env", "KEY=old\n", 0o600);
    project(&place, "    file: secrets.env\n");
    let (_weft, client) = serve(&place);
    assert_eq!(reveal(&client, "KEY").await, "text old");
    place.write("secrets.env", "KEY=new\n", 0o600);
    assert_eq!(reveal(&client, "KEY").await, "text new");
}

#[tokio::test]
async fn a_folder_that_kubernetes_exchanges_is_what_the_next_get_gives() {
    let place = Sanctuary::new();
    place.write("mount/..one/KEY", "old", 0o600);
    place.write("mount/..two/KEY", [0xff, 2], 0o600);
    let mount = place.work().join("mount");
    symlink("..one", mount.join("..data")).unwrap();
    symlink("..data/KEY", mount.join("KEY")).unwrap();
    project(&place, "    dir: mount\n");
    let (_weft, client) = serve(&place);
    assert_eq!(reveal(&client, "KEY").await, "text old");
    symlink("..two", mount.join("..new")).unwrap();
    std::fs::rename(mount.join("..new"), mount.join("..data")).unwrap();
    assert_eq!(reveal(&client, "KEY").await, "bytes 255 2");
}

#[tokio::test]
async fn a_new_version_in_vault_is_what_the_next_get_gives() {
    let (place, vault) = (Sanctuary::new(), Server::start());
    vault.has(1, "old");
    place.write("token", "a-token", 0o600);
    let address = vault.addr;
    project(
        &place,
        &format!(
            "    vault: {{address: 'http://{address}', path: app, tokenFile: token, cache: 0ms}}\n"
        ),
    );
    let (_weft, client) = serve(&place);
    assert_eq!(reveal(&client, "VAULT").await, "text old");
    vault.has(2, "new");
    assert_eq!(reveal(&client, "VAULT").await, "text new");
    // A server that is away for a moment is no reason to fail; one that says no is.
    vault.answers(503, "");
    assert_eq!(reveal(&client, "VAULT").await, "text new");
    vault.answers(403, "");
    let refused = async || {
        let text = reveal(&client, "VAULT").await;
        (text != "text new").then_some(text)
    };
    let told = weft_testkit::within(async {
        loop {
            // For a second after a failure nobody asks again.
            if let Some(text) = refused().await {
                break text;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(
        told.await,
        "error: upstream: what keeps the secret gave no answer; the log of the host says why"
    );
}

#[tokio::test]
async fn a_megabyte_out_of_a_file_arrives_whole() {
    let place = Sanctuary::new();
    place.write("mount/KEY", vec![b'x'; 1 << 20], 0o600);
    project(&place, "    dir: mount\n");
    let (_weft, client) = serve(&place);
    let reply = client.get("/size?KEY").await.unwrap();
    assert_eq!(reply.text, "1048576 bytes of text");
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let place = Sanctuary::new();
    place.write("secrets.env", "KEY=CANARY\n", 0o644);
    project(&place, "    file: secrets.env\n");
    let refused = refused(&place);
    assert!(
        refused.contains("0644") && refused.contains("chmod 600"),
        "{refused}"
    );
}

#[test]
fn a_link_out_of_the_folder_is_refused() {
    let place = Sanctuary::new();
    place.write("outside", "CANARY", 0o600);
    place.write("mount/OTHER", "x", 0o600);
    symlink("../outside", place.work().join("mount/KEY")).unwrap();
    project(&place, "    dir: mount\n");
    let refused = refused(&place);
    assert!(refused.contains("leads out of its folder"), "{refused}");
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let place = Sanctuary::new();
    project(&place, "    file: secrets.env\n    fromEnv: [ONE, TWO]\n");
    let refused = refused(&place);
    for missing in [
        "`secrets.env` is not there",
        "`ONE` is not set",
        "`TWO` is not set",
        "workload.secrets",
    ] {
        assert!(refused.contains(missing), "{missing}: {refused}");
    }
}

#[test]
fn a_vault_without_address_or_answer_is_refused_with_what_to_do() {
    let (place, vault) = (Sanctuary::new(), Server::start());
    project(&place, "    vault: {path: app}\n");
    assert!(refused(&place).contains("set `VAULT_ADDR`"));
    let address = vault.addr;
    project(
        &place,
        &format!("    vault: {{path: app, address: 'http://{address}'}}\n"),
    );
    assert!(refused(&place).contains("`VAULT_TOKEN` is not set"));
    place.write(".env", "VAULT_TOKEN=CANARY\n", 0o600);
    assert!(refused(&place).contains("Vault is sealed"));
}
