//! What is read, what is remembered, and when the server is asked.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use weft_settings::{Provider, Variables};
use weft_vault::TokenFrom;

use crate::server::{Server, TOKEN, read, text, until, write_token};

#[tokio::test]
async fn each_field_of_the_secret_is_a_value_by_its_name() {
    let server = Server::start().await;
    server.put(json!({"user": "app", "password": "hunter\n2", "port": 5432, "tls": {"on": true}}));
    let vault = server.vault(|_| {});
    assert_eq!(
        vault.names().await.unwrap(),
        ["password", "port", "tls", "user"]
    );
    assert_eq!(text(&vault, "password").await, "hunter\n2");
    assert_eq!(text(&vault, "port").await, "5432");
    assert_eq!(text(&vault, "tls").await, r#"{"on":true}"#);
    assert!(read(&vault, "Password").await.unwrap().is_none());
}

#[tokio::test]
async fn a_reading_says_where_it_is_from_and_at_which_version() {
    let server = Server::start().await;
    server.put(json!({"key": "CANARY-1"}));
    server.put(json!({"key": "CANARY-2"}));
    let reading = read(&server.vault(|_| {}), "key").await.unwrap().unwrap();
    assert_eq!(reading.version.as_str(), "2");
    assert_eq!(
        reading.origin,
        "the secret `secret/team/app` of Vault, version 2"
    );
    assert!(!format!("{reading:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_megabyte_is_read_whole() {
    let server = Server::start().await;
    let long = "x\"é".repeat(1 << 18);
    server.put(json!({"key": long}));
    assert_eq!(text(&server.vault(|_| {}), "key").await, long);
}

#[tokio::test]
async fn a_new_version_is_what_the_next_read_gives() {
    let server = Server::start().await;
    server.put(json!({"key": "old"}));
    let vault = server.vault(|_| {});
    assert_eq!(text(&vault, "key").await, "old");
    server.put(json!({"key": "new", "more": "1"}));
    assert_eq!(text(&vault, "key").await, "new");
    assert_eq!(vault.names().await.unwrap(), ["key", "more"]);
}

#[tokio::test]
async fn a_reading_is_good_for_a_while_without_asking() {
    let server = Server::start().await;
    server.put(json!({"key": "old"}));
    let vault = server.vault(|config| config.cache = Duration::from_secs(3600));
    for _ in 0..100 {
        assert_eq!(text(&vault, "key").await, "old");
        assert!(read(&vault, "missing").await.unwrap().is_none());
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn the_same_version_is_the_same_bytes_in_memory() {
    let server = Server::start().await;
    server.put(json!({"key": "value"}));
    let vault = server.vault(|_| {});
    let one = read(&vault, "key").await.unwrap().unwrap().value;
    let other = read(&vault, "key").await.unwrap().unwrap().value;
    assert_eq!(server.requests(), 2);
    assert!(std::ptr::eq(one.expose(), other.expose()));
}

#[tokio::test]
async fn many_who_wait_are_answered_by_one_request() {
    let server = Server::start().await;
    server.put(json!({"key": "value"}));
    server.hold(true);
    let vault = Arc::new(server.vault(|config| config.cache = Duration::from_secs(3600)));
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let vault = Arc::clone(&vault);
            tokio::spawn(async move { text(&vault, "key").await })
        })
        .collect();
    until(|| server.requests() == 1).await;
    server.hold(false);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), "value");
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_reader_that_gives_up_does_not_take_the_others_with_it() {
    let server = Server::start().await;
    server.put(json!({"key": "value"}));
    server.hold(true);
    let vault = Arc::new(server.vault(|_| {}));
    let first = tokio::spawn({
        let vault = Arc::clone(&vault);
        async move { text(&vault, "key").await }
    });
    until(|| server.requests() == 1).await;
    first.abort();
    server.hold(false);
    assert_eq!(text(&vault, "key").await, "value");
}

#[tokio::test]
async fn the_namespace_is_asked_for() {
    let server = Server::start().await;
    server.put_at("team-a", "team/app", json!({"key": "a"}));
    server.put_at("team-b", "team/app", json!({"key": "b"}));
    for (namespace, expected) in [("team-a", "a"), ("team-b", "b")] {
        let vault = server.vault(|config| config.namespace = Some(namespace.to_owned()));
        assert_eq!(text(&vault, "key").await, expected);
    }
}

#[tokio::test]
async fn the_request_is_what_vault_expects() {
    let server = Server::start().await;
    server.put(json!({"key": "value"}));
    text(&server.vault(|_| {}), "key").await;
    let (target, headers) = server.last();
    assert_eq!(target, "/v1/secret/data/team/app");
    assert_eq!(headers["x-vault-token"], TOKEN);
    assert_eq!(headers["host"], server.addr.to_string());
}

#[tokio::test]
async fn the_token_may_be_in_the_environment() {
    let server = Server::start().await;
    server.put(json!({"key": "value"}));
    let variables = Variables::from_fn(|name| (name == "VAULT_TOKEN").then(|| TOKEN.into()));
    let vault = server.vault(|config| config.token = TokenFrom::Environment(variables));
    assert_eq!(text(&vault, "key").await, "value");
}

#[tokio::test]
async fn a_token_that_was_exchanged_is_used_at_once() {
    let server = Server::start().await;
    server.put(json!({"key": "value"}));
    write_token(&server.token_file(), "old", 0o600);
    let vault = server.vault(|_| {});
    assert!(read(&vault, "key").await.is_err());
    write_token(&server.token_file(), &format!("{TOKEN}\n"), 0o400);
    assert_eq!(text(&vault, "key").await, "value");
}
