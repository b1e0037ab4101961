//! Every key that is not used is named once, and nothing else is.

use std::path::Path;

use weft_api::project::{Format, Project, parse};

use super::review;

fn project(dev: &str) -> Project {
    let text = format!("dev:\n  {dev}\n");
    parse("weft.yaml", Path::new("/project"), &text, Format::Yaml)
        .unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn an_ordinary_project_has_nothing_that_is_not_used() {
    let used = "{command: make, component_path: a.wasm, address: '127.0.0.1:1', volumes: [{host_path: a, guest_path: /a}], \
                host_interfaces: [{namespace: wasi, package: config, interfaces: [store]}], \
                components: [{name: b, file: b.wasm, poolSize: 2}], http_connection_wait: 1s, \
                tls_cert_path: a.pem, tls_key_path: a.key, tls_ca_path: b.pem, http_client_ca_paths: [a.pem], \
                http_client_trust_roots: native, max_inbound_socket_connections_per_workload: 1, wasm_proposals: [component-model-async]}";
    let project = parse(
        "weft.yaml",
        Path::new("/project"),
        &format!("dev: {used}\n"),
        Format::Yaml,
    );
    assert_eq!(review(&project.unwrap()), super::Unsupported::default());
}

#[test]
fn what_would_run_otherwise_than_written_is_refused() {
    for (dev, key) in [
        ("host_plugins: [{id: a, file: a.wasm}]", "dev.host_plugins"),
        ("tls_ca_path: a.pem", "dev.tls_ca_path"),
    ] {
        let found = review(&project(dev));
        assert_eq!(found.refused.len(), 1, "{dev}: {found:?}");
        assert!(
            found.refused[0].starts_with(&format!("`{key}`: ")),
            "{found:?}"
        );
        assert!(found.unused.is_empty(), "{found:?}");
    }
}

#[test]
fn what_has_no_effect_is_named_without_its_value() {
    for (dev, key) in [
        (
            "postgres_url: 'postgres://me:hunter2@db/x'",
            "dev.postgres_url",
        ),
        ("wasi_keyvalue_path: ./kv", "dev.wasi_keyvalue_path"),
        ("environment: {RUST_LOG: hunter2}", "dev.environment"),
        ("wasm_proposals: [threads]", "dev.wasm_proposals"),
    ] {
        let found = review(&project(dev));
        assert!(found.refused.is_empty(), "{found:?}");
        assert_eq!(found.unused.len(), 1, "{dev}: {found:?}");
        assert!(
            found.unused[0].starts_with(&format!("`{key}` is not used: ")),
            "{found:?}"
        );
        assert!(!found.unused[0].contains("hunter2"));
    }
}
