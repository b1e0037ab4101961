//! Project files: the sixteen shapes that wasmCloud's templates and examples have, and mistakes in them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use weft_api::diagnostic::Report;
use weft_api::project::{
    Exposure, Format, Project, Protocol, PullPolicy, TrustRoots, WasmProposal, find, parse,
};
use weft_api::spec::{Image, Reuse};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn names(of: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(of)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Finds and reads a fixture, with `/project` as its folder.
fn load(name: &str) -> Project {
    let found = find(&folder("projects").join(name)).expect("the folder has a project file");
    assert!(found.shadowed.is_empty());
    let text = fs::read_to_string(&found.file).unwrap();
    parse(name, Path::new("/project"), &text, found.format)
        .unwrap_or_else(|report| panic!("{report}"))
}

fn yaml(text: &str) -> Result<Project, Report> {
    parse("weft.yaml", Path::new("/project"), text, Format::Yaml)
}

#[test]
fn all_sixteen_project_files_load() {
    let names = names("projects");
    assert_eq!(names.len(), 16);
    for name in names {
        assert!(load(&name).build.command.is_some(), "{name}");
    }
}

#[test]
fn every_broken_project_file_has_its_message() {
    for file in names("broken-projects") {
        let text = fs::read_to_string(folder("broken-projects").join(&file)).unwrap();
        let format = Format::of(Path::new(&file)).unwrap();
        let report =
            parse(&file, Path::new("/project"), &text, format).expect_err("the file is broken");
        insta::assert_snapshot!(file.replace('.', "-"), report);
    }
}

#[test]
fn an_empty_file_leaves_everything_at_its_default() {
    for text in ["", "# nothing yet\n", "---\n", "{}"] {
        assert_eq!(yaml(text).unwrap(), Project::default());
    }
    assert_eq!(
        parse("config.toml", Path::new("/"), "", Format::Toml).unwrap(),
        Project::default()
    );
}

#[test]
fn the_address_is_this_machine_alone_unless_the_file_says_otherwise() {
    assert_eq!(
        Project::default().dev.address,
        SocketAddr::from(([127, 0, 0, 1], 8000))
    );
    assert_eq!(
        load("http-hello-world").dev.address,
        SocketAddr::from(([127, 0, 0, 1], 8000))
    );
    assert_eq!(
        load("http-handler").dev.address,
        SocketAddr::from(([0, 0, 0, 0], 8080))
    );
    assert_eq!(load("grpc-server").dev.address.to_string(), "[::1]:50051");
}

#[test]
fn a_missing_workload_block_means_the_same_as_an_empty_one() {
    assert_eq!(
        yaml("version: 2.0.0").unwrap().workload,
        yaml("version: 2.0.0\nworkload: {}").unwrap().workload
    );
    let workload = load("otel-config-a").workload;
    assert_eq!(workload.allowed_hosts, ["*"]);
    assert!(!workload.allowed_hosts_given);
}

#[test]
fn an_empty_list_of_hosts_allows_none() {
    let workload = load("qrcode").workload;
    assert!(workload.allowed_hosts.is_empty());
    assert!(workload.allowed_hosts_given);
}

#[test]
fn paths_start_from_the_folder_of_the_project() {
    let project = load("blobby");
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(
        project.build.component_path,
        path("/project/target/wasm32-wasip2/release/blobby.wasm")
    );
    assert_eq!(project.wit.wit_dir, path("/project/wit"));
    assert_eq!(project.dev.wasi_blobstore_path, path("/project/data"));
    assert_eq!(
        project.dev.volumes[0].host_path,
        PathBuf::from("/project/public")
    );
    assert_eq!(project.dev.volumes[0].guest_path, "/public");
    assert_eq!(
        load("grpc-server").dev.tls_key_path,
        path("/project/certs/server.key")
    );
}

#[test]
fn sources_are_kept_as_written() {
    let project = load("oci-registry");
    let limits = &project.configs["limits"];
    assert_eq!(limits.inline["MAX_UPLOAD"], "10485760");
    assert_eq!(limits.file, Some(PathBuf::from("limits.env")));
    assert_eq!(limits.dir, Some(PathBuf::from("./limits")));
    assert_eq!(limits.from_env, ["MAX_UPLOAD", "QUOTA"]);
    assert_eq!(
        project.secrets["registry"].file,
        Some(PathBuf::from("~/.config/registry.env"))
    );
    assert_eq!(project.workload.environment.config_from, ["limits"]);
    assert_eq!(
        project.workload.environment.secret_from,
        ["registry", "admin"]
    );
    assert_eq!(project.workload.config["storage"], "blobs");
}

#[test]
fn host_plugins_are_read_with_their_ports() {
    let project = load("oci-registry");
    let plugin = &project.dev.host_plugins[0];
    assert_eq!(
        plugin.image,
        Image::Registry("ghcr.io/example/vault-plugin:1.0.0".to_owned())
    );
    assert_eq!(plugin.pull_policy, Some(PullPolicy::IfNotPresent));
    assert_eq!(plugin.max_restarts, Some(3));
    assert_eq!(plugin.ports[0].exposure, Some(Exposure::Publish(18200)));
    assert_eq!(plugin.ports[1].protocol, Protocol::Udp);
    assert_eq!(
        plugin.ports[1].exposure,
        Some(Exposure::Bind("192.0.2.1".parse().unwrap()))
    );
    assert_eq!(
        project.host.host_plugins[0].image,
        Image::File(PathBuf::from("/project/plugins/audit.wasm"))
    );
}

#[test]
fn components_beside_the_main_one_say_how_they_are_reused_and_what_they_reach() {
    let dev = load("http-api-with-distributed-workloads").dev;
    let [leet, reverse] = dev.components.as_slice() else {
        panic!("two components")
    };
    assert_eq!(
        leet.image,
        Image::File(PathBuf::from(
            "/project/target/wasm32-wasip2/release/task_leet.wasm"
        ))
    );
    assert_eq!(
        leet.reuse,
        Reuse {
            pool_size: 4,
            max_invocations: 100,
            max_concurrency: 2
        }
    );
    assert_eq!(leet.config["subscriptions"], "tasks.leet");
    assert_eq!(leet.allowed_hosts, None);
    assert_eq!(reverse.reuse, Reuse::default());
    assert_eq!(
        reverse.allowed_hosts.as_deref(),
        Some(["api.example.com".to_owned()].as_slice())
    );
    assert_eq!(
        reverse.allowed_ip_name_lookups.as_deref(),
        Some([].as_slice())
    );
    assert_eq!(dev.host_interfaces[0].interfaces.len(), 2);
}

#[test]
fn the_three_languages_give_the_same_values() {
    let client = load("http-client");
    assert_eq!(client.workload.environment.config["GREETING"], "é😀 \"hi\"");
    assert_eq!(
        client.dev.http_client_trust_roots,
        Some(TrustRoots::WebpkiAndNative)
    );
    assert_eq!(load("qrcode").workload.environment.config["LEVEL"], "M");
    let yaml_text =
        "build:\n  command: make\n  env: {A: b}\ndev: {max_connections: 5, wasi_otel: true}";
    let json = r#"{"build": {"command": "make", "env": {"A": "b"}}, "dev": {"max_connections": 5, "wasi_otel": true}}"#;
    let toml =
        "dev = {max_connections = 5, wasi_otel = true}\n[build]\ncommand = 'make'\nenv.A = 'b'";
    let expected = yaml(yaml_text).unwrap();
    assert_eq!(
        parse("config.json", Path::new("/project"), json, Format::Json).unwrap(),
        expected
    );
    assert_eq!(
        parse("config.toml", Path::new("/project"), toml, Format::Toml).unwrap(),
        expected
    );
}

#[test]
fn words_and_durations_become_values() {
    assert_eq!(
        load("grpc-client").dev.http_connection_wait,
        Some(Duration::from_millis(60_500))
    );
    let proposals = load("webgpu").dev.wasm_proposals;
    assert_eq!(proposals.len(), WasmProposal::WORDS.len());
    assert!(
        proposals
            .iter()
            .all(|proposal| WasmProposal::of(proposal.as_str()) == Some(*proposal))
    );
    assert_eq!(
        load("qrcode").dev.service_pull_policy,
        Some(PullPolicy::Never)
    );
}

#[test]
fn secrets_are_in_no_debug_output_and_in_no_message() {
    for name in ["oci-registry", "persistent-storage", "blobby"] {
        let shown = format!("{:?}", load(name));
        assert!(
            !shown.contains("hunter2") && !shown.contains("a-token"),
            "{name}"
        );
    }
    let url = load("persistent-storage").dev.postgres_url.unwrap();
    assert_eq!(url.expose(), "postgres://user:hunter2@localhost:5432/app");
    let text = fs::read_to_string(folder("broken-projects/wrong-values.yaml")).unwrap();
    assert!(
        !yaml(&text)
            .expect_err("the file is broken")
            .to_string()
            .contains("hunter2")
    );
}

#[test]
fn the_extension_of_a_file_tells_its_format() {
    assert_eq!(Format::of(Path::new("a/config.yml")), Some(Format::Yaml));
    assert_eq!(Format::of(Path::new("config")), None);
    assert_eq!(Format::of(Path::new("config.ini")), None);
}

#[test]
fn limits_are_taken_out_of_the_values_of_a_project() {
    let project = yaml(
        "workload: {config: {k: v, weft.dev/memory: 64Mi}}\n\
         dev: {components: [{name: b, file: b.wasm, config: {weft.dev/cpu: 500m}}]}\n",
    )
    .unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(project.workload.limits.memory, Some(64 << 20));
    assert_eq!(project.workload.config.len(), 1);
    assert_eq!(project.dev.components[0].limits.cpu, Some(500));
    assert!(project.dev.components[0].config.is_empty());
}
