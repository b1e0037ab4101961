//! `weft explain`: what it prints for every broken manifest of `explain/broken` and every good one of `explain/good` and
//! the examples is compared with the files beside them; each problem has a place and says what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use weft_testkit::guest;
use weft_testkit::guests::{example, repository};

use crate::run::harness::{Scratch, stderr, stdout, weft};

/// A folder that the manifests can be read in: with the guests, and with files that are no components.
struct Bench(Scratch);

impl Bench {
    fn new() -> Self {
        let scratch = Scratch::new();
        let kitchen = guest("http_kitchen");
        let guests = kitchen.parent().unwrap();
        std::os::unix::fs::symlink(guests, scratch.path().join("guests")).unwrap();
        let whole = fs::read(&kitchen).unwrap();
        let wasip1 = b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\0\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\0\0";
        scratch.file("core.wasm", b"\0asm\x01\0\0\0");
        scratch.file("wasip1.wasm", wasip1);
        scratch.file("native.wasm", b"\x7fELF\x02\x01\x01");
        scratch.file("cut.wasm", &whole[..whole.len() / 2]);
        Self(scratch)
    }

    /// Puts a manifest in, and gives its name.
    fn with(&self, manifest: &Path) -> String {
        let name = manifest.file_name().unwrap().to_str().unwrap().to_owned();
        fs::copy(manifest, self.0.path().join(&name)).unwrap();
        name
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut weft = weft();
        weft.current_dir(self.0.path())
            .arg("-q")
            .args(args)
            .output()
            .unwrap()
    }

    fn explain(&self, args: &[&str]) -> Output {
        self.run(&[&["explain"], args].concat())
    }

    /// The objects of `--output json`.
    fn objects(&self, args: &[&str]) -> Vec<Value> {
        let output = self.explain(&[&["--output", "json"], args].concat());
        let text = stdout(&output);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The manifests of a folder, in order.
fn manifests(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/explain")
        .join(folder);
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

/// Compares what was printed with the file beside the manifest.
fn compare(folder: &str, name: &str, output: &Output) {
    let printed = format!(
        "{}exit code {}\n",
        stdout(output),
        output.status.code().unwrap()
    );
    let printed = printed.replace(repository().to_str().unwrap(), "[repository]");
    assert_eq!(stderr(output), "", "{name}");
    insta::with_settings!({
        snapshot_path => format!("explain/{folder}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name.trim_end_matches(".yaml"), printed);
    });
}

#[test]
fn every_broken_manifest_is_told_with_its_place_and_its_remedy() {
    let bench = Bench::new();
    let files = manifests("broken");
    assert!(files.len() >= 40, "{}", files.len());
    for file in &files {
        let name = bench.with(file);
        let output = bench.explain(&[&name]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        compare("broken", &name, &output);
    }
}

#[test]
fn every_problem_of_a_broken_manifest_has_a_line_a_column_and_help() {
    let bench = Bench::new();
    let names: Vec<_> = manifests("broken")
        .iter()
        .map(|file| bench.with(file))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let objects = bench.objects(&names);
    for name in names {
        let of_file = objects.iter().filter(|object| object["file"] == *name);
        let problems: Vec<&Value> = of_file
            .flat_map(|object| object["problems"].as_array().unwrap())
            .collect();
        assert!(!problems.is_empty(), "{name}");
        for problem in problems {
            assert_eq!(problem["file"], *name);
            assert!(problem["line"].as_u64() >= Some(1), "{name}: {problem}");
            assert!(problem["column"].as_u64() >= Some(1), "{name}: {problem}");
            let (message, help) = (problem["message"].as_str(), problem["help"].as_str());
            assert!(
                message.is_some_and(|text| text.len() > 10),
                "{name}: {problem}"
            );
            assert!(help.is_some_and(|text| text.len() > 5), "{name}: {problem}");
        }
    }
}

#[test]
fn every_good_manifest_is_explained() {
    let bench = Bench::new();
    for file in manifests("good") {
        let name = bench.with(&file);
        let output = bench.explain(&[&name]);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        compare("good", &name, &output);
    }
}

#[test]
fn every_example_is_explained() {
    example("hello");
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let file = format!("examples/{name}/manifest.yaml");
        if !repository().join(&file).is_file() {
            continue;
        }
        seen += 1;
        let mut weft = weft();
        let output = weft
            .current_dir(repository())
            .args(["-q", "explain", &file])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        compare("examples", &name, &output);
    }
    assert!(seen >= 6, "{seen}");
}

#[test]
fn values_are_in_no_form_of_the_output() {
    let bench = Bench::new();
    let files: Vec<_> = manifests("good")
        .into_iter()
        .chain(manifests("broken"))
        .collect();
    let names: Vec<_> = files.iter().map(|file| bench.with(file)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let with_values = files
        .iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("never-shown"));
    assert!(with_values.count() >= 2);
    for form in ["text", "json"] {
        let output =
            bench.explain(&[&["--output", form, "--color", "always"], names.as_slice()].concat());
        for value in ["never-shown", "never!shown", "bmV2ZXIt"] {
            assert!(!stdout(&output).contains(value), "{}", stdout(&output));
            assert!(!stderr(&output).contains(value), "{}", stderr(&output));
        }
    }
}

#[test]
fn the_block_of_a_component_makes_a_manifest_that_starts() {
    let bench = Bench::new();
    let output = bench.explain(&["guests/http_kitchen.wasm"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = stdout(&output);
    let block: Vec<_> = text
        .lines()
        .skip_while(|line| line.trim() != "hostInterfaces:")
        .take_while(|line| line.starts_with("      "))
        .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap()))
        .collect();
    assert!(block.concat().contains("package: config"), "{text}");
    let manifest = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata:\n  name: pasted\nspec:\n  components:\n    \
         - name: kitchen\n      image: file:guests/http_kitchen.wasm\n{}",
        block.concat()
    );
    bench.0.file("pasted.yaml", manifest);
    let output = bench.explain(&["pasted.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn the_missing_entry_of_a_manifest_is_what_the_import_needs() {
    let bench = Bench::new();
    let file = &manifests("broken")
        .into_iter()
        .find(|file| file.ends_with("capability-not-granted.yaml"))
        .unwrap();
    let name = bench.with(file);
    let objects = bench.objects(&[&name]);
    let needed = objects[0]["hostInterfaces"].as_array().unwrap();
    let needed: Vec<_> = needed
        .iter()
        .map(|entry| {
            (
                entry["package"].as_str().unwrap(),
                entry["missing"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        needed,
        [("http", false), ("config", true), ("logging", false)]
    );
}

#[test]
fn a_command_and_a_component_without_a_manifest_are_explained() {
    let bench = Bench::new();
    let objects = bench.objects(&[
        "guests/cli_echo.wasm",
        "guests/http_kitchen.wasm",
        "core.wasm",
    ]);
    assert_eq!(objects[0]["programs"][0]["runs"], "command");
    assert_eq!(objects[1]["programs"][0]["runs"], "requests");
    assert_eq!(objects[1]["routes"][0], "*");
    assert_eq!(objects[2]["starts"], false);
    let help = objects[2]["problems"][0]["help"].as_str().unwrap();
    assert!(help.contains("wasm32-wasip2"), "{help}");
}

#[test]
fn a_project_is_explained_as_weft_dev_would_start_it() {
    example("hello");
    let mut weft = weft();
    let output = weft
        .current_dir(repository())
        .args(["-q", "explain", "examples/hello"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    compare("good", "project", &output);
}

/// What is said of a project that would not start.
fn refused_project(scratch: &Scratch) -> String {
    let mut weft = weft();
    let output = weft
        .current_dir(scratch.path())
        .args(["-q", "explain", "."])
        .output()
        .unwrap();
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

#[test]
fn a_project_that_was_not_built_is_told_to_be() {
    let scratch = Scratch::new();
    scratch.file(
        "weft.yaml",
        "build:\n  command: make\n  component_path: out/hello.wasm\n",
    );
    let text = refused_project(&scratch);
    assert!(
        text.contains("weft.yaml:3:19: there is no component at `out/hello.wasm`"),
        "{text}"
    );
    assert!(text.contains("help: correct one of the two"), "{text}");
}

#[test]
fn what_a_project_lacks_is_told_at_its_own_line() {
    let scratch = Scratch::new();
    scratch.file(
        "weft.yaml",
        "workload:
  environment: {configFrom: [web], secretFrom: [app]}
configs:
  web: {file: web.env}
secrets:
  app:
    fromEnv:
      - WEFT_TEST_ABSENT
      - WEFT_TEST_GONE
build: {component_path: out.wasm}
",
    );
    scratch.file("web.env.example", "# Colours.\nCOLOUR=\n");
    fs::copy(guest("http_kitchen"), scratch.path().join("out.wasm")).unwrap();
    let text = refused_project(&scratch);
    for place in [
        "weft.yaml:8:9: `WEFT_TEST_ABSENT` is not set",
        "weft.yaml:9:9: `WEFT_TEST_GONE` is not set",
        "web.env.example:2:1: `COLOUR` is not set",
    ] {
        assert!(text.contains(place), "{place} is not in {text}");
    }
}

#[test]
fn colours_are_for_terminals_or_who_asks() {
    let bench = Bench::new();
    let plain = bench.explain(&["guests/http_kitchen.wasm"]);
    assert!(!stdout(&plain).contains('\u{1b}'));
    let coloured = bench.explain(&["--color", "always", "guests/http_kitchen.wasm"]);
    assert!(stdout(&coloured).contains("\u{1b}["));
    assert_eq!(
        anstream::adapter::strip_str(&stdout(&coloured)).to_string(),
        stdout(&plain)
    );
}

#[test]
fn a_wrong_use_has_exit_code_2_and_a_missing_file_1() {
    let bench = Bench::new();
    assert_eq!(bench.explain(&[]).status.code(), Some(2));
    assert_eq!(
        bench.explain(&["--colour", "a.yaml"]).status.code(),
        Some(2)
    );
    let missing = bench.explain(&["nothing.yaml"]);
    assert_eq!(missing.status.code(), Some(1));
    let text = stdout(&missing);
    assert!(
        text.contains("nothing.yaml") && text.contains("help:"),
        "{text}"
    );
}

#[test]
fn check_looks_at_every_workload_of_a_file() {
    let bench = Bench::new();
    let three = manifests("broken")
        .into_iter()
        .find(|file| file.ends_with("three-workloads.yaml"))
        .unwrap();
    let name = bench.with(&three);
    let output = bench.run(&["check", &name]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "ok default/fine (three-workloads.yaml)\n");
    let text = stderr(&output);
    assert!(
        text.contains("workload `default/shop` cannot start"),
        "{text}"
    );
    assert!(
        text.contains("workload `default/store` cannot start"),
        "{text}"
    );
}
