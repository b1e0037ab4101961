//! `wasmcloud:secrets`: what guests get, what is refused, and who is told that a value was looked at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use weft_api::spec::{HostInterface, SecretSource, SecretValue};
use weft_engine::engine::StartError;
use weft_engine::plan::Purpose;
use weft_engine::secrets::{Error, Got, Store, Value};
use weft_engine::workload::Workload;
use weft_testkit::labels::labelled;
use weft_testkit::log::LogCapture;

use crate::support::{Draft, engine, fault, text, workload};

const ALL: [&str; 3] = ["store", "reveal", "secret"];

fn entry(interfaces: &[&str], secrets: &[(&str, SecretSource)]) -> HostInterface {
    let secrets = secrets.iter().cloned();
    HostInterface {
        namespace: "wasmcloud".to_owned(),
        package: "secrets".to_owned(),
        interfaces: interfaces.iter().map(|name| (*name).to_owned()).collect(),
        version: None,
        config: BTreeMap::new(),
        secrets: secrets
            .map(|(name, source)| (name.to_owned(), source))
            .collect(),
        name: None,
    }
}

fn inline(bytes: impl AsRef<[u8]>) -> SecretSource {
    SecretSource::Inline(SecretValue::new(bytes.as_ref().to_vec()))
}

/// A workload whose components have these secrets.
fn with(name: &str, secrets: &[(&str, SecretSource)]) -> Draft {
    let mut draft = workload(name).component("secrets_http");
    draft.spec.host_interfaces = vec![entry(&ALL, secrets)];
    draft
}

/// The component that imports `db-password` by its label.
fn label(name: &str, secrets: &[(&str, SecretSource)]) -> Draft {
    let mut draft = workload(name).component("secrets_label");
    draft.spec.host_interfaces = vec![entry(&ALL, secrets)];
    draft.replace_last(labelled(
        "secrets_label",
        "weft-test:secrets-label/db-password@0.1.0",
        "db-password",
        "wasmcloud:secrets/secret@2.1.0",
    ))
}

/// A store whose answers a test chooses.
#[derive(Default)]
struct Chosen {
    answer: Mutex<Option<Result<Value, Error>>>,
    asked: AtomicUsize,
}

impl Chosen {
    fn answers(answer: Result<Value, Error>) -> Arc<Self> {
        let chosen = Self::default();
        chosen.set(answer);
        Arc::new(chosen)
    }

    fn set(&self, answer: Result<Value, Error>) {
        *self.answer.lock().unwrap() = Some(answer);
    }
}

impl Store for Chosen {
    fn get<'a>(&'a self, _: &'a str) -> Got<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer.lock().unwrap().clone();
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer.unwrap_or(Err(Error::NotFound))
        })
    }
}

async fn start_with(draft: Draft, store: &Arc<Chosen>) -> Result<Workload, StartError> {
    let components = draft.components();
    let mut valid = draft.plan(&components, Purpose::Serve).unwrap();
    valid.provide_secrets(&(Arc::clone(store) as Arc<dyn Store>));
    let linked = engine().link(valid, components.as_slice().into()).await?;
    Ok(engine().start(linked).front.unwrap())
}

#[tokio::test]
async fn a_component_looks_at_its_secret_by_name() {
    let workload = with("sec-name", &[("key", inline("hunter2"))])
        .start()
        .await;
    assert_eq!(text(&workload, "/reveal?key").await, "text hunter2");
}

#[tokio::test]
async fn a_name_that_the_workload_does_not_have_is_not_found() {
    let workload = with("sec-missing", &[("key", inline("hunter2"))])
        .start()
        .await;
    for missing in ["Key", "", "ke", "../key"] {
        let path = format!("/reveal?{missing}");
        assert_eq!(text(&workload, &path).await, "error: not-found");
    }
    let endless = format!("/reveal?{}", "k".repeat(60_000));
    assert_eq!(text(&workload, &endless).await, "error: not-found");
}

#[tokio::test]
async fn bytes_that_are_no_text_arrive_as_they_are() {
    let all: Vec<u8> = (0..=255).collect();
    let workload = with(
        "sec-binary",
        &[("key", inline(&all)), ("empty", inline(""))],
    )
    .start()
    .await;
    let shown: Vec<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(
        text(&workload, "/reveal?key").await,
        format!("bytes {}", shown.join(" "))
    );
    assert_eq!(text(&workload, "/reveal?empty").await, "text ");
}

#[tokio::test]
async fn a_megabyte_arrives_whole() {
    let long = "x".repeat(1 << 20);
    let workload = with("sec-large", &[("key", inline(&long))]).start().await;
    assert_eq!(text(&workload, "/size?key").await, "1048576 bytes of text");
    assert_eq!(text(&workload, "/reveal?key").await, format!("text {long}"));
}

#[tokio::test]
async fn two_workloads_see_their_own() {
    let one = with("sec-one", &[("key", inline("one")), ("first", inline("1"))]);
    let other = with("sec-other", &[("key", inline("other"))]).tenant("test-other");
    let (one, other) = (one.start().await, other.start().await);
    assert_eq!(text(&one, "/reveal?key").await, "text one");
    assert_eq!(text(&other, "/reveal?key").await, "text other");
    assert_eq!(text(&other, "/reveal?first").await, "error: not-found");
    drop(one);
    assert_eq!(text(&other, "/reveal?key").await, "text other");
}

#[tokio::test]
async fn only_looks_at_a_value_are_counted() {
    let workload = with("sec-count", &[("key", inline("hunter2"))])
        .start()
        .await;
    assert_eq!(text(&workload, "/hold?key").await, "held");
    assert_eq!(text(&workload, "/reveal?missing").await, "error: not-found");
    assert_eq!(workload.usage().reveals, 0);
    text(&workload, "/reveal?key").await;
    text(&workload, "/reveal?key").await;
    assert_eq!(workload.usage().reveals, 2);
}

#[tokio::test]
async fn looks_are_logged_by_name_when_that_is_asked_for_and_never_with_the_value() {
    let log = LogCapture::of("test/sec-log");
    let mut draft = with("sec-log", &[("key", inline("hunter2"))]);
    let config = &mut draft.spec.host_interfaces[0].config;
    config.insert("weft.dev/log-reveals".to_owned(), "true".to_owned());
    let workload = draft.start().await;
    text(&workload, "/reveal?key").await;
    let line = log.wait_for_message("looked at a secret").await;
    assert_eq!(line.field("secret"), "key");
    assert_eq!(line.field("owner"), "test/sec-log/secrets-http");
    assert!(
        log.lines()
            .iter()
            .all(|line| !format!("{line:?}").contains("hunter2"))
    );
}

#[tokio::test]
async fn without_that_no_look_is_logged() {
    let log = LogCapture::of("test/sec-quiet");
    let workload = with("sec-quiet", &[("key", inline("hunter2"))])
        .start()
        .await;
    text(&workload, "/reveal?key").await;
    let lines = log.lines();
    assert!(
        lines.iter().all(|line| !line.message.contains("secret")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_secret_is_imported_by_its_label() {
    let workload = label("sec-label", &[("db-password", inline("hunter2"))])
        .start()
        .await;
    assert_eq!(text(&workload, "/").await, "hunter2");
    assert_eq!(workload.usage().reveals, 1);
}

#[tokio::test]
async fn a_linked_component_has_its_label_too() {
    let mut draft = workload("sec-linked")
        .component("http_middleware_p3")
        .component("secrets_label");
    draft.spec.host_interfaces = vec![entry(&ALL, &[("db-password", inline("hunter2"))])];
    let draft = draft.replace_last(labelled(
        "secrets_label",
        "weft-test:secrets-label/db-password@0.1.0",
        "db-password",
        "wasmcloud:secrets/secret@2.1.0",
    ));
    let workload = draft.start().await;
    assert_eq!(text(&workload, "/").await, "hunter2");
}

#[tokio::test]
async fn a_linked_component_looks_up_by_name_too() {
    let mut draft = workload("sec-linked-name")
        .component("http_middleware_p3")
        .component("secrets_http");
    draft.spec.host_interfaces = vec![entry(&ALL, &[("key", inline("hunter2"))])];
    let workload = draft.start().await;
    assert_eq!(text(&workload, "/reveal?key").await, "text hunter2");
}

#[tokio::test]
async fn an_unknown_label_is_refused_with_the_names_that_there_are() {
    let secrets = [
        ("db-user", inline("hunter2")),
        ("token", inline("swordfish")),
    ];
    let refused = label("sec-unknown", &secrets).refused_on(&engine()).await;
    insta::assert_snapshot!(refused, @r"
    workload `test/sec-unknown` cannot start:
      - component `secrets-label` imports the secret `db-password`, which the workload does not have (it has: `db-user`, `token`); add `db-password` to the `wasmcloud:secrets` entry of `hostInterfaces`, under `config` or by `secretFrom`
    ");
}

#[tokio::test]
async fn one_secret_without_a_label_is_refused() {
    let draft = workload("sec-no-label").component("secrets_label");
    let file = labelled(
        "secrets_label",
        "weft-test:secrets-label/db-password@0.1.0",
        "wasmcloud:secrets/secret@2.1.0",
        "",
    );
    let refused = draft.replace_last(file).refused_on(&engine()).await;
    insta::assert_snapshot!(refused, @r"
    workload `test/sec-no-label` cannot start:
      - component `secrets-label` imports `wasmcloud:secrets/secret@2.1.0`, which nothing provides
        - it stands for one secret, and no name says which; import it under the name of that secret: `import <name>: wasmcloud:secrets/secret@2.1.0;`
    ");
}

#[tokio::test]
async fn what_the_manifest_does_not_ask_for_is_not_served() {
    let mut draft = workload("sec-ungranted").component("secrets_http");
    draft = draft.host_interface("wasmcloud:secrets/store", &[("key", "hunter2")]);
    let refused = draft.refused_on(&engine()).await;
    assert!(
        refused.contains("wasmcloud:secrets/reveal@2.1.0"),
        "{refused}"
    );
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[tokio::test]
async fn two_entries_that_give_the_same_name_are_refused() {
    let mut draft = with("sec-twice", &[("key", inline("hunter2"))]);
    let mut second = entry(&ALL, &[("key", inline("swordfish"))]);
    second.name = Some("second".to_owned());
    draft.spec.host_interfaces.push(second);
    let refused = draft.refused_on(&engine()).await;
    assert!(
        refused.contains("the secret `key` is given by two entries"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_new_value_is_what_the_next_get_gives_and_an_old_handle_keeps_the_old_one() {
    let store = Chosen::answers(Ok(Value::new(b"old")));
    let draft = with("sec-rotation", &[("key", SecretSource::Provided)]).reuse(1, 0, 1);
    let workload = start_with(draft, &store).await.unwrap();
    assert_eq!(text(&workload, "/keep?key").await, "kept");
    store.set(Ok(Value::new(b"new")));
    assert_eq!(text(&workload, "/reveal?key").await, "text new");
    assert_eq!(text(&workload, "/again").await, "text old");
}

#[tokio::test]
async fn a_provider_that_fails_is_an_error_for_the_guest() {
    let store = Chosen::answers(Err(Error::Upstream("the server is asleep".to_owned())));
    let draft = with("sec-upstream", &[("key", SecretSource::Provided)]);
    let workload = start_with(draft, &store).await.unwrap();
    assert_eq!(
        text(&workload, "/reveal?key").await,
        "error: upstream: the server is asleep"
    );
    store.set(Err(Error::Io("the disk is gone".to_owned())));
    assert_eq!(
        text(&workload, "/reveal?key").await,
        "error: io: the disk is gone"
    );
    store.set(Err(Error::NotFound));
    assert_eq!(text(&workload, "/reveal?key").await, "error: not-found");
}

#[tokio::test]
async fn a_provider_is_not_asked_for_names_that_the_workload_does_not_have() {
    let store = Chosen::answers(Ok(Value::new(b"hunter2")));
    let draft = with("sec-names", &[("key", SecretSource::Provided)]);
    let workload = start_with(draft, &store).await.unwrap();
    assert_eq!(text(&workload, "/reveal?other").await, "error: not-found");
    assert_eq!(store.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_label_whose_secret_is_gone_ends_the_call_with_the_reason() {
    let store = Chosen::answers(Err(Error::NotFound));
    let draft = label("sec-gone", &[("db-password", SecretSource::Provided)]);
    let workload = start_with(draft, &store).await.unwrap();
    let fault = fault(&workload, "/").await;
    let told = format!("{fault:?}");
    assert!(
        told.contains("the secret `db-password` is not there any more"),
        "{told}"
    );
}

#[tokio::test]
async fn a_guest_that_hoards_handles_is_stopped_and_others_go_on() {
    let workload = with("sec-hoard", &[("key", inline("hunter2"))])
        .start()
        .await;
    assert_eq!(text(&workload, "/flood?key&1000").await, "1000 handles");
    fault(&workload, "/flood?key&100000").await;
    assert_eq!(text(&workload, "/reveal?key").await, "text hunter2");
}

#[tokio::test]
async fn a_trap_with_a_secret_in_memory_does_not_tell_it() {
    let log = LogCapture::of("test/sec-trap");
    let workload = with("sec-trap", &[("key", inline("hunter2"))])
        .start()
        .await;
    for path in ["/trap?key", "/fail?key"] {
        let told = format!("{:?}", crate::support::get(&workload, path).await);
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert!(
        log.lines()
            .iter()
            .all(|line| !format!("{line:?}").contains("hunter2"))
    );
}
