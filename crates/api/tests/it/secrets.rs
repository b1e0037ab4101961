//! Secrets of `wasmcloud:secrets` in manifests and project files, and that no message shows one.

use std::path::Path;
use std::time::Duration;

use weft_api::diagnostic::Report;
use weft_api::manifest;
use weft_api::project::{self, Format, Project};
use weft_api::spec::{HostInterface, LOG_REVEALS, SecretSource};

/// The `wasmcloud:secrets` entry of a manifest with these lines below it.
fn entry(lines: &str) -> Result<HostInterface, Report> {
    let text = format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: keys, namespace: mine}}
data: {{text: aHVudGVyMg==, binary: /wAB}}
stringData: {{given: swordfish, config: from the Secret}}
---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: w, namespace: mine}}
spec:
  components: [{{name: main, image: 'file:x.wasm'}}]
  hostInterfaces:
    - namespace: wasmcloud
      package: secrets
      interfaces: [store, reveal]
{lines}"
    );
    let mut workloads = manifest::parse("m.yaml", Path::new("/"), &text)?;
    Ok(workloads.remove(0).host_interfaces.remove(0))
}

fn project(text: &str) -> Result<Project, Report> {
    project::parse("weft.yaml", Path::new("/project"), text, Format::Yaml)
}

fn bytes<'a>(entry: &'a HostInterface, name: &str) -> &'a [u8] {
    match &entry.secrets[name] {
        SecretSource::Inline(value) => value.expose(),
        SecretSource::Provided => panic!("`{name}` is elsewhere"),
    }
}

#[test]
fn every_key_of_the_entry_is_a_secret_and_bytes_stay_as_they_are() {
    let entry = entry(
        "      config: {inline: opensesame, config: from the entry}\n      secretFrom: [{name: keys}]\n",
    );
    let entry = entry.unwrap_or_else(|report| panic!("{report}"));
    let names: Vec<_> = entry.secrets.keys().map(String::as_str).collect();
    assert_eq!(names, ["binary", "config", "given", "inline", "text"]);
    assert_eq!(bytes(&entry, "binary"), [0xff, 0, 1]);
    assert_eq!(bytes(&entry, "text"), b"hunter2");
    assert_eq!(bytes(&entry, "config"), b"from the Secret");
    assert!(entry.config.is_empty());
    assert!(!entry.logs_reveals());
}

#[test]
fn the_key_for_the_log_is_no_secret() {
    let entry = entry("      config: {weft.dev/log-reveals: 'true', key: hunter2}\n").unwrap();
    assert!(entry.logs_reveals());
    assert_eq!(entry.secrets.len(), 1);
    assert_eq!(entry.config[LOG_REVEALS], "true");
}

#[test]
fn no_debug_shows_a_secret() {
    let shown = format!("{:?}", entry("      config: {key: hunter2}\n").unwrap());
    assert!(
        shown.contains("\"key\"") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn keys_that_cannot_be_are_refused_and_their_values_not_shown() {
    for (config, why) in [
        (
            "weft.dev/log-reveals: hunter2",
            "neither `true` nor `false`",
        ),
        (
            "weft.dev/log_reveals: hunter2",
            "has no setting `weft.dev/log_reveals`",
        ),
        ("'': hunter2", "a secret needs a name"),
        ("key: 4815162342", "put it in quotes"),
        ("key: [hunter2]", "must be text, but is a list"),
    ] {
        let report = entry(&format!("      config: {{{config}}}\n")).unwrap_err();
        let told = report.to_string();
        assert!(told.contains(why), "{told}");
        for text in [&told, &report.source] {
            assert!(
                !text.contains("hunter2") && !text.contains("4815162342"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_project_file_says_where_secrets_are_and_who_gets_them() {
    let project = project(
        "secrets:
  s:
    vault: {address: 'https://v', mount: kv, path: a/b, namespace: n, tokenFile: token, caFile: ca.pem, plainHttp: true,
      cache: 10s, maxStale: 1m, timeout: 2s}
  t: {vault: {path: c}}
workload: {secrets: [s, t]}
",
    );
    let project = project.unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(project.workload.secrets, ["s", "t"]);
    let vault = project.secrets["s"].vault.clone().unwrap();
    assert_eq!(
        vault.token_file.as_deref(),
        Some(Path::new("/project/token"))
    );
    assert_eq!(vault.ca_file.as_deref(), Some(Path::new("/project/ca.pem")));
    assert_eq!(vault.max_stale, Some(Duration::from_secs(60)));
    assert!(vault.plain_http);
    let other = project.secrets["t"].vault.clone().unwrap();
    assert_eq!((other.path.as_str(), other.address), ("c", None));
}

#[test]
fn what_is_wrong_with_a_vault_is_said() {
    for (text, why) in [
        (
            "secrets: {s: {vault: {adress: 'https://v', path: p}}}",
            "unknown field `adress`",
        ),
        (
            "secrets: {s: {vault: {address: 'https://v'}}}",
            "`secrets.s.vault.path` is missing",
        ),
        (
            "secrets: {s: {vault: {path: p, token: hunter2}}}",
            "unknown field `token`",
        ),
        ("configs: {c: {vault: {path: p}}}", "Vault keeps secrets"),
        ("workload: {secrets: [s]}", "`secrets` has no entry `s`"),
    ] {
        let report = project(text).unwrap_err();
        assert!(report.to_string().contains(why), "{report}");
        assert!(!report.source.contains("hunter2"), "{}", report.source);
    }
}

#[test]
fn a_project_file_may_hold_secrets_of_the_interface() {
    let project = project(
        "dev:
  host_interfaces:
    - {namespace: wasmcloud, package: secrets, interfaces: [store], config: {key: hunter2}}
",
    );
    let entry = &project.unwrap().dev.host_interfaces[0];
    assert_eq!(bytes(entry, "key"), b"hunter2");
}
