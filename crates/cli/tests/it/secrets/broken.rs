//! Files with secrets that cannot be read: the problem is shown, and not what stands beside it.

use super::sanctuary::Sanctuary;

const WORKLOAD: &str = "
---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {name: w, namespace: mine}
spec:
  components: [{name: main, image: 'file:x.wasm'}]
";

/// Manifests with a mistake, each with canaries around it.
const MANIFESTS: &[&str] = &[
    // A value of the wrong type.
    "stringData:\n  a: CANARY\n  b: [CANARY]\n  c: CANARY\n",
    "stringData:\n  a: CANARY\n  b: {CANARY: CANARY}\n",
    "data:\n  a: CANARY is not base64\n",
    "stringData: CANARY\n",
    // The language itself.
    "stringData:\n  a: \"CANARY\n  b: CANARY\n",
    "stringData:\n  a: CANARY\n\tb: CANARY\n",
    "stringData:\n  a: CANARY\n  a: CANARY\n",
    "stringData: {a: CANARY, b: CANARY\n",
    "stringData:\n  a: CANARY: CANARY\n  b: @CANARY\n",
    "stringData:\n  a: *CANARY\n",
    "stringData:\n  a: !!CANARY CANARY\n",
    // A name that is unknown, between secrets.
    "stringData:\n  a: CANARY\nstringdata: {b: CANARY}\ntype: CANARY\n",
];

/// Entries of `hostInterfaces`.
const ENTRIES: &[&str] = &[
    "{namespace: wasmcloud, package: secrets, interfaces: [store], config: {a: [CANARY]}}",
    "{namespace: wasmcloud, package: secrets, interfaces: [store], config: CANARY}",
    "{namespace: wasmcloud, package: secrets, interfaces: [store], config: {weft.dev/log-reveals: CANARY}}",
    "{namespace: wasmcloud, package: secrets, interfaces: [store], config: {weft.dev/other: CANARY}}",
    "{namespace: wasmcloud, package: secrets, interfaces: [stor], config: {a: CANARY}}",
    "{namespace: wasmcloud, package: secrets, interface: [store], config: {a: CANARY}}",
    "{namespace: wasmcloud, package: secrets, interfaces: [store], config: {a: CANARY}, secretFrom: [{name: none}]}",
    "{namespace: wasi, package: http, interfaces: [handler], secretFrom: [{name: host}]}",
    "{namespace: wasmcloud, package: secrets, interfaces: [store], config: {'': CANARY}}",
];

/// What is wrong below `secrets:` of a project file.
const PROJECTS: &[(&str, &str)] = &[
    (
        "weft.yaml",
        "secrets:\n  s:\n    inline:\n      a: [CANARY]\n      b: CANARY\n",
    ),
    (
        "weft.yaml",
        "secrets:\n  s:\n    inline:\n      a: CANARY\n      a: CANARY\n",
    ),
    (
        "weft.yaml",
        "secrets:\n  s:\n    inline:\n      a: \"CANARY\n",
    ),
    ("weft.yaml", "secrets:\n  s:\n    inlin: {a: CANARY}\n"),
    (
        "weft.yaml",
        "secrets:\n  s: {vault: {path: p, token: CANARY}}\n",
    ),
    (
        "weft.yaml",
        "secrets:\n  s: {inline: {a: CANARY}}\nworkload: {secrets: [t]}\n",
    ),
    (
        "weft.yaml",
        "dev:\n  host_interfaces:\n    - {namespace: wasmcloud, package: secrets, interfaces: [store], config: {a: [CANARY]}}\n",
    ),
    (
        "weft.yaml",
        "dev:\n  postgres_url: 'mysql://user:CANARY@host/db'\n",
    ),
    (
        ".wash/config.json",
        "{\"secrets\": {\"s\": {\"inline\": {\"a\": \"CANARY\", \"b\": CANARY}}}}",
    ),
    (
        ".wash/config.json",
        "{\"secrets\": {\"s\": {\"inline\": {\"a\": \"CANARY\", \"b\": 7}}}}",
    ),
    (
        ".wash/config.json",
        "{\"secrets\": {\"s\": {\"inline\": {\"a\": \"CANARY\n",
    ),
    (
        ".wash/config.toml",
        "[secrets.s.inline]\na = \"CANARY\nb = 'CANARY'\n",
    ),
    (
        ".wash/config.toml",
        "[secrets.s.inline]\na = \"CANARY\"\na = \"CANARY\"\n",
    ),
    (".wash/config.toml", "[secrets.s.inline]\na = CANARY\n"),
];

#[test]
fn a_secret_of_a_manifest_with_a_mistake_is_not_shown() {
    for secret in MANIFESTS {
        let text =
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{secret}{WORKLOAD}");
        refused("manifest.yaml", &text, &["check", "manifest.yaml"]);
    }
}

#[test]
fn a_secret_of_an_entry_with_a_mistake_is_not_shown() {
    for entry in ENTRIES {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: host, namespace: mine}}\nstringData: {{host: 'CANARY CANARY'}}\n\
             {WORKLOAD}  hostInterfaces:\n    - {entry}\n"
        );
        refused("manifest.yaml", &text, &["check", "manifest.yaml"]);
    }
}

#[test]
fn a_secret_of_a_project_file_with_a_mistake_is_not_shown() {
    for (file, text) in PROJECTS {
        refused(file, text, &["dev", "--no-watch", "--addr", "127.0.0.1:0"]);
    }
}

/// The file is refused, in both forms of output, without a canary.
fn refused(file: &str, text: &str, args: &[&str]) {
    let place = Sanctuary::new();
    place.write(file, text, 0o600);
    for form in ["text", "json"] {
        let output = place
            .weft()
            .args(["--output", form, "--color", "always"])
            .args(args)
            .output()
            .unwrap();
        assert!(!output.status.success(), "it is accepted:\n{text}");
        place.search_output(&output);
    }
}
