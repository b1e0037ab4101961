//! What happens when there is no answer or the wrong one: the words, what is still used, and that the server is left alone.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use weft_settings::{FailureKind, Provider, Variables};
use weft_vault::{TokenFrom, Vault};

use crate::server::{Server, failure, read, text, write_token};

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let server = Server::start().await;
    let vault = server.vault(|_| {});
    for (status, what) in [
        (400, "the engine has to be `kv`, version 2"),
        (403, "give it a policy with `read`"),
        (405, "the engine has to be `kv`, version 2"),
        (307, "give the address of the active server"),
        (429, "raise `cache`"),
        (500, "look at its log"),
        (503, "unseal it"),
        (204, "look whether the address is that of Vault"),
    ] {
        server.instead(status, r#"{"errors": ["CANARY of the server"]}"#);
        let told = failure(&vault).await;
        assert!(
            told.contains(what) && told.contains(&status.to_string()),
            "{told}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_no_secret_is_refused_without_being_shown() {
    let server = Server::start().await;
    let vault = server.vault(|_| {});
    for body in [
        "",
        "<html>CANARY</html>",
        r#"{"data": {"key": "CANARY of version 1"}}"#,
        r#"{"data": {"data": {"key": "CANARY"}, "metadata": {"version": "CANARY"}}}"#,
        r#"{"data": {"data": {"key": "CANARY"}, "metadata": {"version": 1}}"#,
    ] {
        server.instead(200, body);
        let told = failure(&vault).await;
        assert!(
            told.contains("not that of a key-value engine, version 2"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let server = Server::start().await;
    server.instead(200, &"x".repeat(9 << 20));
    let told = failure(&server.vault(|_| {})).await;
    assert!(told.contains("does not answer"), "{told}");
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_missing_by_name_and_a_failure_for_who_asks_for_all() {
    let server = Server::start().await;
    let vault = server.vault(|_| {});
    assert!(read(&vault, "key").await.unwrap().is_none());
    let all = vault.names().await.unwrap_err();
    assert_eq!(all.kind, FailureKind::NotFound);
    assert!(all.to_string().contains("`vault kv put`"), "{all}");
}

#[tokio::test]
async fn a_secret_that_was_deleted_is_gone_at_once() {
    let server = Server::start().await;
    server.put(json!({"key": "CANARY"}));
    let vault = server.vault(|config| config.max_stale = LONG);
    assert_eq!(text(&vault, "key").await, "CANARY");
    server.delete();
    assert!(read(&vault, "key").await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_that_may_not_any_more_ends_the_use_of_what_was_read() {
    let server = Server::start().await;
    server.put(json!({"key": "CANARY"}));
    let vault = server.vault(|config| config.max_stale = LONG);
    assert_eq!(text(&vault, "key").await, "CANARY");
    server.instead(403, "");
    failure(&vault).await;
    // Not even when the server cannot answer after that.
    server.instead(503, "");
    failure(&vault).await;
}

#[tokio::test]
async fn old_values_are_used_while_the_server_cannot_answer_and_new_ones_after_that() {
    let server = Server::start().await;
    server.put(json!({"key": "old"}));
    let vault = server.vault(|config| config.max_stale = LONG);
    assert_eq!(text(&vault, "key").await, "old");
    server.put(json!({"key": "new"}));
    for status in [429, 500, 502, 503] {
        server.instead(status, "");
        assert_eq!(text(&vault, "key").await, "old", "{status}");
    }
    server.recover();
    assert_eq!(text(&vault, "key").await, "new");
}

#[tokio::test]
async fn values_that_are_too_old_are_not_used() {
    let server = Server::start().await;
    server.put(json!({"key": "old"}));
    let vault = server.vault(|config| config.max_stale = Duration::ZERO);
    assert_eq!(text(&vault, "key").await, "old");
    server.instead(503, "");
    failure(&vault).await;
}

#[tokio::test]
async fn after_a_failure_the_server_is_left_alone() {
    let server = Server::start().await;
    server.instead(503, "");
    let vault = server.vault(|config| config.retry = LONG);
    let first = failure(&vault).await;
    for _ in 0..100 {
        assert_eq!(failure(&vault).await, first);
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_server_that_asks_for_quiet_gets_it_while_old_values_are_used() {
    let server = Server::start().await;
    server.put(json!({"key": "old"}));
    let vault = server.vault(|config| config.max_stale = LONG);
    assert_eq!(text(&vault, "key").await, "old");
    server.busy(20);
    for _ in 0..100 {
        assert_eq!(text(&vault, "key").await, "old");
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for_longer_than_allowed() {
    let server = Server::start().await;
    server.hold(true);
    let vault = server.vault(|config| config.timeout = Duration::from_millis(50));
    let told = failure(&vault).await;
    assert!(told.contains("nothing came for 0.05 s"), "{told}");
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure_that_says_so() {
    let server = Server::start().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let told = failure(&server.vault(|config| config.address = format!("http://{address}"))).await;
    assert!(told.contains("look whether the address is right"), "{told}");
}

#[tokio::test]
async fn a_token_that_others_can_read_is_not_used() {
    let server = Server::start().await;
    write_token(&server.token_file(), "CANARY", 0o644);
    let told = failure(&server.vault(|_| {})).await;
    assert!(
        told.contains("has mode 0644") && told.contains("chmod 600"),
        "{told}"
    );
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_token_that_is_not_there_is_a_failure_and_not_a_missing_secret() {
    let server = Server::start().await;
    std::fs::remove_file(server.token_file()).unwrap();
    let told = failure(&server.vault(|_| {})).await;
    assert!(told.contains("the token for Vault in"), "{told}");
    let nothing = TokenFrom::Environment(Variables::from_fn(|_| None));
    let told = failure(&server.vault(|config| config.token = nothing)).await;
    assert!(told.contains("`VAULT_TOKEN` is not set"), "{told}");
    for garbage in ["", " \n", "CANARY\nCANARY"] {
        write_token(&server.token_file(), garbage, 0o600);
        let told = failure(&server.vault(|_| {})).await;
        assert!(told.contains("holds no token"), "{told}");
    }
}

#[tokio::test]
async fn no_debug_shows_the_token_or_a_value() {
    let server = Server::start().await;
    server.put(json!({"key": "CANARY"}));
    let vault = server.vault(|_| {});
    text(&vault, "key").await;
    let told = format!("{vault:?} {:?}", server.config());
    assert!(!told.contains("CANARY"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_set_up_is_refused_before_anything_is_asked() {
    let server = Server::start().await;
    let mut config = server.config();
    config.ca_file = Some(server.token_file());
    config.address = "https://v.example".to_owned();
    let refused = Vault::new(config).unwrap_err().to_string();
    assert!(refused.contains("`caFile` takes certificates"), "{refused}");
    assert!(!refused.contains("CANARY"), "{refused}");
}

#[tokio::test]
async fn a_pipe_or_a_device_is_neither_a_token_nor_a_certificate() {
    let server = Server::start().await;
    let pipe = server.token_file().with_extension("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for odd in [pipe, "/dev/zero".into(), "/".into()] {
        let token = TokenFrom::File(odd.clone());
        let told = failure(&server.vault(|config| config.token = token)).await;
        assert!(told.contains("is not a file"), "{told}");
        let mut config = server.config();
        config.address = "https://localhost:1".to_owned();
        config.ca_file = Some(odd);
        let refused = Vault::new(config).unwrap_err().to_string();
        assert!(refused.contains("it is no file"), "{refused}");
    }
}
