//! What each component is given.

use std::path::{Path, PathBuf};

use weft_api::project::{Format, parse_with_outline};
use weft_api::spec::{VolumeSource, WorkloadSpec};

use super::{answering_every_name, files};
use crate::settings::Plan;

fn spec(text: &str, component: &str) -> anyhow::Result<WorkloadSpec> {
    let folder = Path::new("/project");
    let (project, outline) = parse_with_outline("weft.yaml", folder, text, Format::Yaml)
        .unwrap_or_else(|report| panic!("{report}"));
    let plan = Plan::new(&project, &outline, "weft.yaml", folder, false);
    let settings = futures::executor::block_on(plan.resolve());
    assert!(settings.lacking.is_empty(), "{:?}", settings.lacking);
    super::spec(&project, Path::new(component), &settings)
}

fn of(text: &str) -> WorkloadSpec {
    spec(text, "/project/out/hello.wasm").unwrap()
}

fn refused(text: &str) -> String {
    spec(text, "/project/hello.wasm").unwrap_err().to_string()
}

#[test]
fn the_workload_is_default_dev_and_the_component_is_named_like_its_file() {
    let spec = of("");
    assert_eq!(
        (spec.tenant.as_str(), spec.name.as_str()),
        ("default", "dev")
    );
    assert_eq!(spec.components[0].name.as_str(), "hello");
    assert_eq!(spec.components[0].resources.allowed_hosts, ["*"]);
}

#[test]
fn a_workload_block_that_is_absent_is_an_empty_one() {
    for empty in [
        "workload: {}",
        "workload: {environment: {}}",
        "workload:",
        "{}",
    ] {
        assert_eq!(of(""), of(empty), "{empty}");
    }
}

#[test]
fn a_component_beside_it_of_the_same_name_keeps_the_name() {
    let spec = of("dev: {components: [{name: hello, file: b.wasm}]}");
    let names: Vec<_> = spec
        .components
        .iter()
        .map(|component| component.name.as_str())
        .collect();
    assert_eq!(names, ["main-component", "hello"]);
    let files: Vec<_> = files(&spec).collect();
    assert_eq!(
        files,
        [
            Path::new("/project/out/hello.wasm"),
            Path::new("/project/b.wasm")
        ]
    );
}

#[test]
fn later_layers_of_the_environment_win() {
    let spec = of("\
configs: {one: {inline: {A: one, B: one, C: one}}, two: {inline: {B: two, C: two}}}
secrets: {key: {inline: {C: key}}}
workload: {environment: {config: {A: own, D: own}, configFrom: [one, two], secretFrom: [key]}}
");
    let environment = &spec.components[0].resources.environment;
    let values: Vec<_> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(values, ["A=one", "B=two", "C=key", "D=own"]);
}

#[test]
fn what_a_component_beside_says_is_merged_or_replaces() {
    let spec = of("\
workload: {environment: {config: {A: w, B: w}}, config: {k: w, l: w}, allowedHosts: [a.example]}
dev:
  components:
    - {name: same, file: b.wasm}
    - {name: other, file: c.wasm, environment: {config: {B: c}}, config: {l: c}, allowedHosts: [], poolSize: 3}
");
    let same = &spec.components[1].resources;
    assert_eq!(same, &spec.components[0].resources);
    let other = &spec.components[2];
    assert_eq!(other.resources.environment["A"], "w");
    assert_eq!(other.resources.environment["B"], "c");
    assert_eq!(other.resources.config["k"], "w");
    assert_eq!(other.resources.config["l"], "c");
    assert!(other.resources.allowed_hosts.is_empty());
    assert_eq!(other.reuse.pool_size, 3);
}

#[test]
fn each_limit_of_a_component_beside_wins_over_that_of_the_workload() {
    let spec = of("\
workload: {config: {weft.dev/memory: 64Mi, weft.dev/cpu: 500m, k: w}}
dev: {components: [{name: other, file: c.wasm, config: {weft.dev/cpu: '2'}}]}
");
    let resources = |index: usize| &spec.components[index].resources;
    let limits = |index| (resources(index).limits.memory, resources(index).limits.cpu);
    assert_eq!(limits(0), (Some(64 << 20), Some(500)));
    assert_eq!(limits(1), (Some(64 << 20), Some(2000)));
    for index in [0, 1] {
        let keys: Vec<_> = resources(index).config.keys().collect();
        assert_eq!(keys, ["k"]);
    }
}

#[test]
fn volumes_are_mounted_into_every_component() {
    let spec = of(
        "dev: {volumes: [{host_path: ./data, guest_path: /data}], components: [{name: b, file: b.wasm}]}",
    );
    assert_eq!(
        spec.volumes[0].source,
        VolumeSource::HostPath(PathBuf::from("/project/data"))
    );
    for component in &spec.components {
        let mount = &component.resources.volume_mounts[0];
        assert_eq!(
            (mount.volume.as_str(), mount.mount_path.as_str()),
            (spec.volumes[0].name.as_str(), "/data")
        );
        assert!(!mount.read_only);
    }
}

#[test]
fn host_names_are_for_production_only() {
    let spec = of(
        "dev: {host_interfaces: [{namespace: wasi, package: http, interfaces: [incoming-handler], \
         config: {host: a.example, host-aliases: b.example}}]}",
    );
    assert_eq!(spec.http_hosts(), ["a.example", "b.example"]);
    assert!(answering_every_name(spec).http_hosts().is_empty());
}

#[test]
fn an_image_in_a_registry_is_refused_with_its_component() {
    let error = refused("dev: {components: [{name: b, image: 'ghcr.io/example/b:1'}]}");
    assert!(
        error.starts_with("dev component `b`: image `ghcr.io/example/b:1`"),
        "{error}"
    );
}
