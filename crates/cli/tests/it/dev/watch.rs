//! What counts as a change, and what follows from one.

use weft_testkit::guest;

use super::harness::{Folder, kitchen};

#[tokio::test]
async fn a_saved_source_is_built_and_swapped_in() {
    let folder = Folder::new(&kitchen("")).with("src/lib.rs", "1");
    let mut dev = folder.serving();
    folder.write("src/lib.rs", "2");
    dev.wait_for("changed: src/lib.rs");
    dev.wait_for("building:");
    dev.wait_for("built in");
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn a_saved_project_file_counts_at_once() {
    let with_name = |name: &str| {
        kitchen(&format!(
            "workload: {{environment: {{config: {{NAME: {name}}}}}}}\n"
        ))
    };
    let folder = Folder::new(&with_name("first"));
    let mut dev = folder.serving();
    assert_eq!(dev.get("/env?NAME").await, "first");
    folder.write("weft.yaml", &with_name("second"));
    dev.wait_for("changed: weft.yaml");
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/env?NAME").await, "second");
}

#[tokio::test]
async fn a_broken_project_file_is_shown_and_changes_nothing() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.serving();
    folder.write("weft.yaml", &kitchen("workloads: {}\n"));
    dev.wait_for("workloads");
    dev.wait_for("version 1 keeps serving");
    assert_eq!(dev.get("/hello").await, "hello");
    folder.write("weft.yaml", &kitchen("workload: {}\n"));
    dev.wait_for("swapped to version 2");
}

#[tokio::test]
async fn a_file_in_a_new_folder_is_a_change_now_and_later() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.serving();
    folder.write("src/new/deep/a.rs", "1");
    dev.wait_for("changed: src/new/deep/a.rs");
    dev.wait_for("swapped to version 2");
    folder.write("src/new/deep/a.rs", "2");
    dev.wait_for("changed: src/new/deep/a.rs");
    dev.wait_for("swapped to version 3");
}

#[tokio::test]
async fn what_is_ignored_or_the_same_as_before_is_no_change() {
    let folder = Folder::new(&kitchen(""))
        .with(".gitignore", "/generated\n*.secret\n")
        .with("src/a.rs", "1")
        .with("src/same.rs", "same");
    let mut dev = folder.serving();
    for file in [
        "target/debug/a.d",
        "node_modules/left-pad/index.js",
        "dist/a.js",
        ".git/HEAD",
        "generated/a.rs",
        "src/my.secret",
        "src/.a.rs.swp",
        "src/a.rs~",
        "4913",
        "dev.log",
    ] {
        folder.write(file, "anything");
    }
    folder.write("src/same.rs", "same");
    folder.write("src/a.rs", "2");
    dev.wait_for("swapped to version 2");
    folder.write("src/a.rs", "3");
    dev.wait_for("swapped to version 3");
    assert_eq!(
        dev.seen("changed:"),
        ["changed: src/a.rs", "changed: src/a.rs"]
    );
}

#[tokio::test]
async fn a_build_that_writes_sources_again_as_they_were_does_not_repeat_itself() {
    let folder = Folder::new(&format!(
        "build:\n  command: echo generated > src/generated.rs; cp '{}' out.wasm\n  component_path: out.wasm\n",
        guest("http_kitchen").display()
    ))
    .with("src/generated.rs", "generated\n")
    .with("src/a.rs", "1");
    let mut dev = folder.serving();
    folder.write("src/a.rs", "2");
    dev.wait_for("swapped to version 2");
    folder.write("src/a.rs", "3");
    dev.wait_for("swapped to version 3");
    assert!(
        dev.seen("generated.rs")
            .iter()
            .all(|line| line.starts_with("building")),
        "{:?}",
        dev.seen
    );
}

#[tokio::test]
async fn a_component_that_another_tool_builds_is_swapped_in_too() {
    let folder = Folder::new("build: {command: exit 1, component_path: made/it.wasm}\n")
        .with("made/keep", "");
    std::fs::copy(guest("http_kitchen"), folder.path("made/it.wasm")).unwrap();
    let mut dev = folder.dev_with(&["--no-build"]);
    dev.wait_for("serving on");
    assert_eq!(dev.get("/hello").await, "hello");

    std::fs::copy(guest("p3_kitchen"), folder.path("made/it.wasm")).unwrap();
    dev.wait_for("changed: made/it.wasm");
    dev.wait_for("swapped to version 2");
    assert!(dev.seen("building").is_empty());
    assert_eq!(dev.get("/hello").await, "hello");
}
