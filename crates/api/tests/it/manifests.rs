//! Manifests: good files give the right workloads, broken ones the right messages.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use weft_api::manifest::parse;
use weft_api::spec::{
    Image, Limits, Protocol, Publish, Reuse, TlsEnd, VolumeMount, VolumeSource, WorkloadSpec,
};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/manifests")
        .join(name)
}

fn good(name: &str) -> Vec<WorkloadSpec> {
    let text = fs::read_to_string(folder("good").join(name)).unwrap();
    parse(name, Path::new("/project"), &text).unwrap_or_else(|report| panic!("{report}"))
}

/// The names of the files of a folder, in order.
fn files(name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(name)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What a person sees, with the marked text and the path of each problem.
fn shown(name: &str) -> String {
    let bytes = fs::read(folder("broken").join(name)).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let report = parse(name, Path::new("/project"), &text).expect_err("the file is broken");
    for problem in &report.diagnostics {
        assert!(problem.help.is_some(), "nothing says what to do: {problem}");
    }
    let mut shown = report.to_string();
    shown.push_str("\n\nmarked:\n");
    for problem in &report.diagnostics {
        let marked = &report.source[problem.offset..problem.offset + problem.length];
        let path = problem.path.as_deref().unwrap_or("-");
        let marked: String = marked.chars().take(80).collect();
        shown.push_str(&format!(
            "{}:{} {path} {marked:?}\n",
            problem.line, problem.column
        ));
    }
    shown
}

#[test]
fn every_broken_manifest_has_its_message() {
    let files = files("broken");
    assert!(files.len() >= 20);
    for file in files {
        insta::assert_snapshot!(file.trim_end_matches(".yaml"), shown(&file));
    }
}

#[test]
fn every_good_manifest_loads() {
    for file in files("good") {
        assert!(!good(&file).is_empty(), "{file}");
    }
}

#[test]
fn the_smallest_manifest_takes_the_defaults() {
    let specs = good("hello.yaml");
    let [spec] = specs.as_slice() else {
        panic!("one workload")
    };
    assert_eq!(spec.tenant.as_str(), "default");
    assert_eq!(spec.name.as_str(), "hello");
    assert_eq!(spec.replicas, 1);
    assert_eq!(spec.components.len(), 1);
    assert_eq!(
        spec.components[0].image,
        Image::File(PathBuf::from("/project/hello.wasm"))
    );
    assert_eq!(spec.components[0].reuse, Reuse::default());
    assert_eq!(spec.components[0].resources, Default::default());
    assert_eq!(spec.service, None);
    assert_eq!(spec.http_hosts(), ["hello.localhost"]);
}

#[test]
fn every_field_of_a_deployment_is_read() {
    let specs = good("everything.yaml");
    let [spec] = specs.as_slice() else {
        panic!("one workload")
    };
    assert_eq!(
        (spec.tenant.as_str(), spec.name.as_str(), spec.replicas),
        ("team-a", "shop", 3)
    );
    insta::assert_debug_snapshot!("everything", spec);
}

#[test]
fn a_secret_wins_over_a_config_map_and_that_over_inline_values() {
    let spec = &good("everything.yaml")[0];
    let environment = &spec.components[0].resources.environment;
    let pairs: Vec<(&str, &str)> = environment
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("GREETING", "hi"),
        ("LEVEL", "info"),
        ("REGION", "east"),
        ("TOKEN", "hunter2"),
        ("host-aliases", "b.example.com, *.c.example.com"),
    ];
    assert_eq!(pairs, expected);
    assert_eq!(spec.components[0].resources.config["max_in_flight"], "8");
}

#[test]
fn host_names_may_come_from_a_config_map() {
    assert_eq!(
        good("everything.yaml")[0].http_hosts(),
        ["a.example.com", "b.example.com", "*.c.example.com"]
    );
}

#[test]
fn limits_come_from_the_fields_and_from_the_keys_of_weft() {
    let spec = &good("everything.yaml")[0];
    let expected = Limits {
        memory: Some(128 << 20),
        cpu: Some(1500),
        request_timeout: Some(Duration::from_secs(90)),
        max_in_flight: Some(64),
        max_queue: Some(0),
        queue_wait: Some(Duration::from_millis(500)),
    };
    assert_eq!(spec.components[0].resources.limits, expected);
    assert_eq!(spec.components[1].resources.limits, Limits::default());
    let service = Limits {
        memory: Some(64 << 20),
        cpu: Some(250),
        ..Limits::default()
    };
    assert_eq!(spec.service.as_ref().unwrap().resources.limits, service);
}

#[test]
fn a_limit_is_no_value_for_the_guest() {
    let config = &good("everything.yaml")[0].components[0].resources.config;
    let keys: Vec<&str> = config.keys().map(String::as_str).collect();
    assert_eq!(keys, ["max_in_flight"]);
}

#[test]
fn every_host_name_gets_the_path_of_its_entry() {
    let routes = good("everything.yaml")[0].http_routes();
    let routes: Vec<(&str, Option<&str>)> = routes
        .iter()
        .map(|route| (route.host.as_str(), route.path.as_deref()))
        .collect();
    let path = Some("/shop");
    let expected = [
        ("a.example.com", path),
        ("b.example.com", path),
        ("*.c.example.com", path),
    ];
    assert_eq!(routes, expected);
}

#[test]
fn a_text_in_an_alias_is_read_in_each_place_that_it_is_used() {
    let head = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {name: a}\nspec: {components: [";
    let text = format!(
        "{head}{{name: a, image: 'file:a', localResources: &r {{memoryLimitMb: 64}}}}, \
         {{name: b, image: 'file:b', localResources: *r}}]}}\n"
    );
    let specs = parse("f", Path::new("/"), &text).unwrap_or_else(|report| panic!("{report}"));
    let memory = |index: usize| specs[0].components[index].resources.limits.memory;
    assert_eq!((memory(0), memory(1)), (Some(64 << 20), Some(64 << 20)));
}

#[test]
fn file_images_are_relative_to_the_manifest() {
    let spec = &good("everything.yaml")[0];
    assert_eq!(
        spec.components[1].image,
        Image::File(PathBuf::from("/srv/prices.wasm"))
    );
    let service = spec.service.as_ref().unwrap();
    assert_eq!(
        service.image,
        Image::File(PathBuf::from("/project/../service/worker.wasm"))
    );
    assert_eq!(service.max_restarts, 5);
}

#[test]
fn ports_of_a_service_say_where_they_are_published() {
    let spec = &good("everything.yaml")[0];
    let ports = &spec.service.as_ref().unwrap().ports;
    let read: Vec<_> = ports
        .iter()
        .map(|port| {
            let publish = port.publish.as_ref().map(ToString::to_string);
            (port.name.as_str(), port.port.get(), port.protocol, publish)
        })
        .collect();
    let at = |place: &str| Some(place.to_owned());
    let expected = [
        ("db", 5432, Protocol::Tcp, at("127.0.0.1:5432")),
        ("db-tls", 5432, Protocol::Tcp, at("tls://db.team-a.example")),
        ("web", 80, Protocol::Tcp, at("tls://*.web.team-a.example")),
        ("dns", 53, Protocol::Udp, at("0.0.0.0:0")),
        ("inside", 77, Protocol::Tcp, None),
    ];
    assert_eq!(read, expected);
    let ends = ports.iter().filter_map(|port| match port.publish {
        Some(Publish::ServerName { tls, .. }) => Some(tls),
        _ => None,
    });
    assert_eq!(
        ends.collect::<Vec<_>>(),
        [TlsEnd::Passthrough, TlsEnd::Terminate]
    );
}

#[test]
fn a_service_has_64_ports_at_most() {
    let service = |ports: usize| {
        let lines: String = (0..ports)
            .map(|port| format!("      - {{name: p{port}, port: 1}}\n"))
            .collect();
        let text = format!(
            "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {{name: a}}\nspec:\n  service:\n    \
             image: file:./a.wasm\n    ports:\n{lines}"
        );
        parse("a.yaml", Path::new("/"), &text)
    };
    assert_eq!(
        service(64).unwrap()[0]
            .service
            .as_ref()
            .unwrap()
            .ports
            .len(),
        64
    );
    let message = service(65).unwrap_err().to_string();
    assert!(
        message.contains("at most 64 ports, and this one 65"),
        "{message}"
    );
}

#[test]
fn no_concurrency_means_one_call_at_a_time() {
    let spec = &good("everything.yaml")[0];
    assert_eq!(
        spec.components[0].reuse,
        Reuse {
            pool_size: 4,
            max_invocations: 1000,
            max_concurrency: 8
        }
    );
    assert_eq!(spec.components[1].reuse.max_concurrency, 1);
}

#[test]
fn mounts_refer_to_volumes_by_name() {
    let spec = &good("everything.yaml")[0];
    let mount = |volume: &str, mount_path: &str, read_only| VolumeMount {
        volume: volume.to_owned(),
        mount_path: mount_path.to_owned(),
        read_only,
    };
    let mounts = &spec.components[0].resources.volume_mounts;
    assert_eq!(
        *mounts,
        [
            mount("data", "/data", false),
            mount("host", "/etc/shop", true)
        ]
    );
    assert_eq!(spec.volumes[0].source, VolumeSource::EmptyDir);
    assert_eq!(
        spec.volumes[1].source,
        VolumeSource::HostPath(PathBuf::from("/srv/shop"))
    );
}

#[test]
fn two_tenants_may_use_the_same_name_in_one_file() {
    let specs = good("two-tenants.yaml");
    let names: Vec<(&str, &str)> = specs
        .iter()
        .map(|spec| (spec.tenant.as_str(), spec.name.as_str()))
        .collect();
    assert_eq!(names, [("one", "app"), ("two", "app")]);
    assert_eq!(
        specs[1].components[2].resources,
        specs[1].components[1].resources
    );
}

#[test]
fn a_secret_is_in_no_message_and_in_no_debug_output() {
    let sources = shown("sources.yaml") + &shown("host-names.yaml");
    for secret in ["hunter2", "12345", "/w==", "hush_hush"] {
        assert!(!sources.contains(secret), "{secret} is shown");
    }
    assert!(!format!("{:?}", good("everything.yaml")).contains("hunter2"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_read_over() {
    let text = fs::read_to_string(folder("good").join("hello.yaml"))
        .unwrap()
        .replace('\n', "\r\n");
    let specs = parse(
        "hello.yaml",
        Path::new("/project"),
        &format!("\u{feff}{text}"),
    )
    .unwrap();
    assert_eq!(specs, good("hello.yaml"));
}
