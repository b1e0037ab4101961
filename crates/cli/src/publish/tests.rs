//! Ports and addresses as people type them.

use std::path::Path;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    publish: Publish,
    files: Vec<String>,
}

fn parse(flags: &[&str]) -> Result<(Flags, HostConfig), clap::Error> {
    let flags = Flags::try_parse_from(["weft"].iter().chain(flags))?;
    let mut config = HostConfig::default();
    flags.publish.apply(&mut config);
    Ok((flags, config))
}

#[test]
fn without_flags_the_host_keeps_its_defaults() {
    let (flags, config) = parse(&["a.yaml"]).unwrap();
    let default = HostConfig::default();
    assert_eq!(format!("{config:?}"), format!("{default:?}"));
    assert_eq!(flags.publish.tls_forward, None);
}

#[test]
fn the_flag_alone_is_for_manifests_and_does_not_swallow_a_file() {
    let (flags, config) = parse(&["--publish", "a.yaml"]).unwrap();
    assert!(config.publish.addresses && config.publish.chosen.is_empty());
    assert_eq!(flags.files, ["a.yaml"]);
}

#[test]
fn a_port_with_an_address_is_opened_there_and_allows_nothing_else() {
    let flags = [
        "--publish=db=127.0.0.1:5432",
        "--publish=t/w/web=:80",
        "a.yaml",
    ];
    let (_, config) = parse(&flags).unwrap();
    assert!(!config.publish.addresses);
    let chosen = |workload: Option<&str>, port: &str, address: &str| ChosenAddress {
        workload: workload.map(str::to_owned),
        port: port.to_owned(),
        address: address.parse().unwrap(),
    };
    assert_eq!(
        config.publish.chosen,
        [
            chosen(None, "db", "127.0.0.1:5432"),
            chosen(Some("t/w"), "web", "0.0.0.0:80"),
        ]
    );
}

#[test]
fn every_flag_changes_its_number() {
    let flags = [
        "--tls-forward=127.0.0.1:5443",
        "--max-forwarded=7",
        "--tenant-max-forwarded=3",
        "--forward-idle-timeout=5m",
    ];
    let (flags, config) = parse(&flags).unwrap();
    assert_eq!(
        flags.publish.tls_forward,
        Some("127.0.0.1:5443".parse().unwrap())
    );
    assert_eq!(config.publish.max_connections, 7);
    assert_eq!(config.publish.max_tenant_connections, Some(3));
    assert_eq!(config.publish.idle_timeout, Duration::from_secs(300));
}

#[test]
fn what_is_no_port_with_an_address_is_refused_with_what_to_write() {
    for text in [
        "db",
        "=:1",
        "db=",
        "db=localhost:1",
        "w/db=:1",
        "a/b/c/db=:1",
        "/w/db=:1",
    ] {
        let error = wish(text).unwrap_err();
        assert!(error.contains("write"), "{text}: {error}");
    }
}

#[test]
fn a_choice_that_is_for_no_port_is_named_with_its_flag() {
    let text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {name: w, namespace: t}\nspec:\n  \
                service: {image: 'file:./a.wasm', ports: [{name: db, port: 1}]}";
    let specs = weft_api::manifest::parse("a.yaml", Path::new("/"), text).unwrap();
    let specs: Vec<&WorkloadSpec> = specs.iter().collect();
    let check = |flag: &str| parse(&[flag]).unwrap().0.publish.check(&specs);
    assert!(check("--publish=db=:1").is_ok());
    let error = check("--publish=web=:1").unwrap_err().to_string();
    assert!(
        error.starts_with("--publish: no service has a port `web`"),
        "{error}"
    );
}
