//! What a project file says reaches the component, or is refused.

use weft_testkit::guest;

use super::harness::{Folder, kitchen, stderr};

#[tokio::test]
async fn every_kind_of_project_file_is_served() {
    let wasm = guest("http_kitchen");
    let wasm = wasm.display();
    let yaml = kitchen("");
    let json = format!(
        r#"{{"build": {{"command": "cp '{wasm}' out.wasm", "component_path": "out.wasm"}}}}"#
    );
    let toml =
        format!("[build]\ncommand = \"cp '{wasm}' out.wasm\"\ncomponent_path = \"out.wasm\"\n");
    for (file, text) in [
        ("weft.yaml", &yaml),
        (".wash/config.yaml", &yaml),
        (".wash/config.yml", &yaml),
        (".wash/config.json", &json),
        (".wash/config.toml", &toml),
    ] {
        let folder = Folder::empty().with(file, text);
        let dev = folder.serving();
        assert_eq!(dev.get("/hello").await, "hello", "{file}");
    }
}

#[tokio::test]
async fn the_project_file_is_found_from_a_folder_within() {
    let folder = Folder::new(&kitchen("")).with("src/deep/lib.rs", "");
    let inner = folder.path("src/deep");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weft"));
    let output = command
        .arg("dev")
        .arg(inner)
        .args(["--addr", "256.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(2),
        "an address that is none is wrong usage"
    );

    let mut dev = folder.dev_with(&[]);
    dev.wait_for("serving on");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn environment_and_config_reach_the_component() {
    let more = "\
configs:
  common: {inline: {COLOUR: red, SIZE: small}}
secrets:
  keys: {inline: {SIZE: large}}
workload:
  environment:
    config: {COLOUR: blue, NAME: weft}
    configFrom: [common]
    secretFrom: [keys]
  config: {mode: fast}
";
    let folder = Folder::new(&kitchen(more));
    let dev = folder.serving();
    for (path, expected) in [
        ("/env?NAME", "weft"),
        ("/env?COLOUR", "red"),
        ("/env?SIZE", "large"),
        ("/config?mode", "fast"),
        ("/config?NAME", "weft"),
        ("/config?absent", "absent is not set"),
    ] {
        assert_eq!(dev.get(path).await, expected, "{path}");
    }
}

#[tokio::test]
async fn values_of_secrets_are_not_printed() {
    let more = "secrets: {keys: {inline: {PASSWORD: hunter2}}}\nworkload: {environment: {secretFrom: [keys]}}\n";
    let folder = Folder::new(&kitchen(more));
    let mut dev = folder.serving();
    dev.wait_for("production");
    assert!(!dev.seen("PASSWORD").is_empty(), "the names are shown");
    assert!(dev.seen("hunter2").is_empty());
}

#[tokio::test]
async fn volumes_of_the_project_are_seen_and_are_no_sources() {
    let more = "dev:\n  volumes:\n    - {host_path: ./data, guest_path: /data}\n";
    let folder = Folder::new(&kitchen(more))
        .with("data/in.txt", "from the host")
        .with("src/a", "1");
    let mut dev = folder.serving();
    assert_eq!(dev.get("/read?/data/in.txt").await, "from the host");
    assert_eq!(
        dev.get("/write?/data/out.txt&from+the+guest").await,
        "written"
    );
    assert_eq!(folder.read("data/out.txt"), "from the guest");

    folder.write("src/a", "2");
    dev.wait_for("swapped to version 2");
    assert_eq!(
        dev.seen("changed:"),
        ["changed: src/a"],
        "what the guest wrote is no change"
    );
}

#[tokio::test]
async fn a_second_component_is_linked_in_with_what_the_workload_and_it_are_given() {
    let (caller, callee) = (guest("linked_caller"), guest("linked_callee"));
    let text = format!(
        "build:\n  command: cp '{}' main.wasm\n  component_path: main.wasm\n\
         workload: {{environment: {{config: {{COLOUR: blue, SIZE: small}}}}}}\n\
         dev:\n  components:\n    - name: callee\n      file: '{}'\n      environment: {{config: {{SIZE: large}}}}\n",
        caller.display(),
        callee.display()
    );
    let folder = Folder::new(&text);
    let mut dev = folder.serving();
    dev.wait_for("component callee");
    assert_eq!(dev.get("/add?2&3").await, "5");
    let who = dev.get("/who").await;
    for line in [
        "caller COLOUR=blue",
        "caller SIZE=small",
        "callee COLOUR=blue",
        "callee SIZE=large",
    ] {
        assert!(who.contains(line), "`{line}` is not in:\n{who}");
    }
}

#[test]
fn an_unknown_key_is_shown_with_its_place_and_a_suggestion() {
    let folder = Folder::new("build:\n  comand: make\n");
    let output = folder.output(&[]);
    let shown = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for part in ["comand", "weft.yaml:2:3", "did you mean", "`command`"] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
}

#[test]
fn a_folder_without_a_project_file_says_what_to_write() {
    let folder = Folder::empty().with("Cargo.toml", "");
    let output = folder.output(&[]);
    let shown = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(
        shown.contains("cargo build --release --target wasm32-wasip2"),
        "{shown}"
    );
}

#[test]
fn what_this_version_cannot_do_is_refused_by_key() {
    for (more, key) in [
        (
            "dev: {host_plugins: [{id: a, file: a.wasm}]}\n",
            "dev.host_plugins",
        ),
        ("dev: {tls_ca_path: a.pem}\n", "dev.tls_ca_path"),
    ] {
        let output = Folder::new(&kitchen(more)).output(&[]);
        let shown = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        assert!(shown.contains(&format!("`{key}`")), "{shown}");
    }
}

#[test]
fn a_certificate_and_its_key_make_the_project_speak_tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = Folder::new(&kitchen(
        "dev: {tls_cert_path: tls.crt, tls_key_path: tls.key}\n",
    ))
    .with("tls.crt", &made.cert.pem())
    .with("tls.key", &made.signing_key.serialize_pem());
    let mut dev = folder.dev();
    dev.wait_for("serving on https://");
    let port = dev.url.trim_end_matches('/').rsplit(':').next().unwrap();
    let answer = std::process::Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--noproxy", "*"])
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
        .arg("--cacert")
        .arg(folder.path("tls.crt"))
        .arg(format!("https://localhost:{port}/env?X"))
        .output()
        .unwrap();
    assert!(answer.status.success(), "{}", stderr(&answer));
}

#[test]
fn authorities_that_cannot_be_read_are_named_at_the_start() {
    let more = "dev: {http_client_ca_paths: [missing.pem]}\n";
    let output = Folder::new(&kitchen(more)).output(&["--no-watch"]);
    let shown = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("missing.pem"), "{shown}");
}

#[tokio::test]
async fn the_start_shows_what_is_imported_granted_and_refused_in_production() {
    let more = "workload: {environment: {config: {NAME: weft}}}\n\
                dev: {wasi_keyvalue_path: ./kv, volumes: [{host_path: ./data, guest_path: /data}]}\n";
    let folder = Folder::new(&kitchen(more)).with("data/a", "");
    let mut dev = folder.serving();
    dev.wait_for("needs a host that was started with --allow-host-path");
    for part in [
        "note: `dev.wasi_keyvalue_path` is not used",
        "wasi:config@0.2.0-rc.1 {store}",
        "environment NAME",
        "every host, because `workload.allowedHosts` is not set",
        "/data is ",
        "imports `wasi:config/store@0.2.0-rc.1`, which the host serves but the manifest does not ask for",
        "outbound HTTP: `workload.allowedHosts` is not set",
    ] {
        assert_eq!(
            dev.seen(part).len(),
            1,
            "`{part}` in:\n{}",
            dev.seen.join("\n")
        );
    }
}

#[tokio::test]
async fn events_come_as_json_when_asked_for() {
    let folder = Folder::new(&kitchen(""));
    let mut child = folder
        .command(&["--output", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut events = Vec::new();
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        events.push(event["event"].as_str().unwrap().to_owned());
        if event["event"] == "granted" {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        events,
        ["listening", "building", "built", "serving", "granted"]
    );
}

#[test]
fn colours_are_off_without_a_terminal_and_on_when_asked_for() {
    let folder = Folder::new("build: {command: exit 3}\n");
    let plain = stderr(&folder.output(&["--no-watch"]));
    assert!(
        plain.contains("build failed") && !plain.contains('\x1b'),
        "{plain}"
    );
    let coloured = stderr(&folder.output(&["--no-watch", "--color", "always"]));
    assert!(coloured.contains('\x1b'), "{coloured}");
}
