//! The workload's shape: host names, defaults, and what `Debug` must not show.

use super::*;

fn http(config: &[(&str, &str)]) -> HostInterface {
    HostInterface {
        namespace: "wasi".to_owned(),
        package: "http".to_owned(),
        interfaces: BTreeSet::from(["incoming-handler".to_owned()]),
        version: None,
        config: config
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        secrets: BTreeMap::new(),
        name: None,
    }
}

fn workload(host_interfaces: Vec<HostInterface>) -> WorkloadSpec {
    WorkloadSpec {
        tenant: Tenant::parse("default").unwrap(),
        name: WorkloadName::parse("hello").unwrap(),
        replicas: 1,
        components: Vec::new(),
        service: None,
        host_interfaces,
        volumes: Vec::new(),
    }
}

#[test]
fn the_host_comes_first_then_its_aliases_in_lower_case_and_each_once() {
    let spec = workload(vec![http(&[
        ("host", "a.example"),
        ("host-aliases", "B.example, a.example,,c.example "),
    ])]);
    assert_eq!(spec.http_hosts(), ["a.example", "b.example", "c.example"]);
}

#[test]
fn a_workload_without_an_http_entry_answers_to_no_name() {
    let mut other = http(&[("host", "a.example")]);
    other.package = "keyvalue".to_owned();
    assert!(workload(vec![other]).http_hosts().is_empty());
    assert!(workload(vec![http(&[])]).http_hosts().is_empty());
}

fn routes(host_interfaces: Vec<HostInterface>) -> Vec<(String, Option<String>)> {
    let routes = workload(host_interfaces).http_routes();
    routes
        .into_iter()
        .map(|route| (route.host, route.path))
        .collect()
}

fn route(host: &str, path: Option<&str>) -> (String, Option<String>) {
    (host.to_owned(), path.map(str::to_owned))
}

#[test]
fn every_name_of_an_entry_gets_the_path_of_the_entry() {
    let found = routes(vec![
        http(&[
            ("host", "A.example"),
            ("host-aliases", "b.example, a.example"),
            ("path", "/api/v1/"),
        ]),
        http(&[("host", "a.example")]),
        http(&[("host", "a.example"), ("path", "/api/v1")]),
    ]);
    let path = Some("/api/v1");
    assert_eq!(
        found,
        [
            route("a.example", path),
            route("b.example", path),
            route("a.example", None)
        ]
    );
}

#[test]
fn the_path_of_everything_is_no_path() {
    for path in ["/", "", "//"] {
        let found = routes(vec![http(&[("host", "a.example"), ("path", path)])]);
        assert_eq!(found, [route("a.example", None)], "{path}");
    }
}

#[test]
fn a_path_without_a_name_is_answered_under_every_name() {
    assert_eq!(
        routes(vec![http(&[("path", "/api")])]),
        [route("", Some("/api"))]
    );
    assert_eq!(routes(vec![http(&[])]), []);
    assert!(
        workload(vec![http(&[("path", "/api")])])
            .http_hosts()
            .is_empty()
    );
}

#[test]
fn the_path_of_another_package_is_none_of_http() {
    let mut other = http(&[("host", "a.example"), ("path", "/api")]);
    other.package = "keyvalue".to_owned();
    assert_eq!(routes(vec![other]), []);
}

#[test]
fn the_default_reuse_is_a_fresh_instance_for_each_request() {
    assert_eq!(
        Reuse::default(),
        Reuse {
            pool_size: 0,
            max_invocations: 0,
            max_concurrency: 1
        }
    );
}

#[test]
fn debug_shows_the_keys_of_configuration_and_never_the_values() {
    let values = BTreeMap::from([("PASSWORD".to_owned(), "hunter2".to_owned())]);
    let resources = Resources {
        environment: values.clone().into(),
        config: values.into(),
        ..Resources::default()
    };
    let shown = format!("{resources:?} {:?}", http(&[("PASSWORD", "hunter2")]));
    assert!(shown.contains("PASSWORD"));
    assert!(!shown.contains("hunter2"));
}
