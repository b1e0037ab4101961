//! What is refused, and in which words: each says what the thing is and what to do.

use std::path::Path;

use weft_testkit::guest;

use super::harness::{Scratch, manifest, output, stderr, stdout};

/// The message of a `weft run` that must fail.
fn refusal(file: &Path) -> String {
    let output = output([
        "run",
        "--addr",
        "127.0.0.1:0",
        "--color",
        "never",
        file.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn a_core_module_is_told_from_a_component_and_how_to_make_one() {
    let scratch = Scratch::new();
    let module = scratch.file("core.wasm", b"\0asm\x01\0\0\0");
    let message = refusal(&module);
    assert!(
        message.contains("core WebAssembly module") && message.contains("wasm-tools component new"),
        "{message}"
    );
}

#[test]
fn a_wasip1_module_is_told_how_to_become_a_component() {
    let scratch = Scratch::new();
    // A module that imports `proc_exit` of WASI preview 1.
    let module = [
        b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\0\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\0\0".as_slice(),
    ]
    .concat();
    let message = refusal(&scratch.file("old.wasm", module));
    assert!(
        message.contains("preview 1") && message.contains("wasm32-wasip2"),
        "{message}"
    );
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let scratch = Scratch::new();
    let files: [(&str, &[u8], &str); 5] = [
        ("empty.wasm", b"", "the file is empty"),
        ("program.wasm", b"\x7fELF\x02\x01\x01", "native program"),
        ("page.wasm", b"<html>not found</html>", "HTML"),
        ("text.wat", b"(component)", "WebAssembly text"),
        ("archive.wasm", b"\x1f\x8b\x08\0", "gzip"),
    ];
    for (name, bytes, expected) in files {
        let message = refusal(&scratch.file(name, bytes));
        assert!(
            message.contains(expected) && message.contains(name),
            "{message}"
        );
    }
}

#[test]
fn a_text_that_is_no_manifest_is_not_read_as_one() {
    let scratch = Scratch::new();
    let message = refusal(&scratch.file("notes.txt", "to do: everything"));
    assert!(
        message.contains("neither a WebAssembly component nor a manifest"),
        "{message}"
    );
}

#[test]
fn a_component_that_was_cut_off_says_so() {
    let scratch = Scratch::new();
    let bytes = std::fs::read(guest("http_kitchen")).unwrap();
    let message = refusal(&scratch.file("cut.wasm", &bytes[..bytes.len() / 2]));
    assert!(message.contains("cut off"), "{message}");
}

#[test]
fn a_misspelt_field_is_shown_in_its_place_with_the_nearest_name() {
    let scratch = Scratch::new();
    let text = manifest("a", "t", "a.example", &guest("http_kitchen"))
        .replace("components:", "componets:");
    let message = refusal(&scratch.file("typo.yaml", text));
    assert!(
        message.contains("typo.yaml:5:3") && message.contains("did you mean `components`?"),
        "{message}"
    );
}

#[test]
fn problems_are_machine_readable_on_request() {
    let scratch = Scratch::new();
    let text = manifest("a", "t", "a.example", &guest("http_kitchen"))
        .replace("components:", "componets:");
    let file = scratch.file("typo.yaml", text);
    let output = output(["run", "--output", "json", file.to_str().unwrap()]);
    let event: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    assert_eq!(
        (&event["event"], &event["problems"][0]["line"]),
        (&"error".into(), &5.into())
    );
}

#[test]
fn a_host_name_belongs_to_one_tenant() {
    let scratch = Scratch::new();
    let a = scratch.file(
        "a.yaml",
        manifest("app", "t1", "same.example", &guest("http_kitchen")),
    );
    let b = scratch.file(
        "b.yaml",
        manifest("app", "t2", "same.example", &guest("http_kitchen")),
    );
    let output = output([
        "run",
        "--addr",
        "127.0.0.1:0",
        a.to_str().unwrap(),
        b.to_str().unwrap(),
    ]);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.contains("same.example") && message.contains("t1"),
        "{message}"
    );
}

#[test]
fn one_workload_that_cannot_start_keeps_all_from_being_served() {
    let scratch = Scratch::new();
    let file = |name: &str, tenant: &str, image: &Path| {
        let text = manifest("app", tenant, &format!("{tenant}.example"), image);
        scratch.file(name, text)
    };
    let (good, bad) = (guest("http_kitchen"), guest("importer_unknown"));
    let files = [file("good.yaml", "t1", &good), file("bad.yaml", "t2", &bad)];
    let mut args = vec!["run", "--output", "json", "--addr", "127.0.0.1:0"];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    let output = output(args);
    let told = stdout(&output) + &stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("t2/app") && !told.contains("listening"),
        "{told}"
    );
}

#[test]
fn a_host_path_volume_outside_the_allowed_directories_is_refused() {
    let scratch = Scratch::new();
    let text = manifest("a", "t", "a.example", &guest("http_kitchen"))
        + &format!(
            "  volumes:\n    - {{name: v, hostPath: {{path: {}}}}}\n",
            scratch.path().display()
        );
    let message = refusal(&scratch.file("a.yaml", text));
    assert!(message.contains("--allow-host-path"), "{message}");
}

#[test]
fn an_address_in_use_is_named_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let kitchen = guest("http_kitchen");
    let output = output(["run", "--addr", &addr, kitchen.to_str().unwrap()]);
    assert!(
        stderr(&output).contains(&addr) && stderr(&output).contains("--addr"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn arguments_for_a_component_that_serves_are_refused() {
    let kitchen = guest("http_kitchen");
    let output = output([
        "run",
        "--addr",
        "127.0.0.1:0",
        kitchen.to_str().unwrap(),
        "--",
        "x",
    ]);
    assert!(
        stderr(&output).contains("command component"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    assert_eq!(output(["run"]).status.code(), Some(2));
    assert_eq!(
        output(["run", "--no-such-flag", "x.wasm"]).status.code(),
        Some(2)
    );
}

#[test]
fn check_says_what_would_start_without_starting_it() {
    let kitchen = guest("http_kitchen");
    let good = output(["check", kitchen.to_str().unwrap()]);
    assert!(
        good.status.success() && stdout(&good).contains("default/http-kitchen"),
        "{}",
        stderr(&good)
    );
    let unknown = guest("importer_unknown");
    let bad = output(["check", unknown.to_str().unwrap()]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        stderr(&bad).contains("acme:missing/api@1.0.0"),
        "{}",
        stderr(&bad)
    );
}

#[test]
fn inspect_lists_imports_and_exports() {
    let callee = guest("linked_callee");
    let output = output(["inspect", "--output", "json", callee.to_str().unwrap()]);
    let shape: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    assert!(
        shape["exports"]
            .as_array()
            .unwrap()
            .contains(&"weft-test:linked/plain@0.1.0".into()),
        "{shape}"
    );
}

#[test]
fn completions_are_made_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            stdout(&output(["completions", shell])).contains("weft"),
            "{shell}"
        );
    }
}
