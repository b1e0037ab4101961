//! The build command: its environment, its output, its failures and its end.

use weft_testkit::guest;

use super::harness::{Folder, kitchen, stderr};

#[tokio::test]
async fn the_build_sees_its_variables_and_its_output_is_shown() {
    let text = format!(
        "build:\n  command: echo \"$FLAVOUR to $WASH_COMPONENT_PATH\"; cp '{}' \"$WASH_COMPONENT_PATH\"\n  \
         component_path: made/it.wasm\n  env: {{FLAVOUR: sweet}}\n",
        guest("http_kitchen").display()
    );
    let folder = Folder::new(&text).with("made/keep", "");
    let mut dev = folder.dev();
    let line = dev.wait_for("| sweet to ");
    assert!(line.ends_with("made/it.wasm"), "{line}");
    dev.wait_for("serving on");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn the_command_for_development_wins() {
    let copy = format!("cp '{}'", guest("http_kitchen").display());
    let text = format!(
        "build: {{command: exit 1, component_path: a.wasm}}\ndev: {{command: {copy} b.wasm, component_path: b.wasm}}\n"
    );
    let folder = Folder::new(&text);
    let mut dev = folder.serving();
    dev.wait_for("component b");
}

#[tokio::test]
async fn without_a_path_the_component_is_found_where_cargo_leaves_it() {
    let place = "target/wasm32-wasip2/release";
    let text = format!(
        "build:\n  command: mkdir -p {place} && cp '{}' {place}/x.wasm\n",
        guest("http_kitchen").display()
    );
    let folder = Folder::new(&text);
    let dev = folder.serving();
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn a_failing_build_leaves_the_old_version_running() {
    let folder = Folder::new(&format!(
        "build:\n  command: cat src/lib.rs; test ! -e src/broken && cp '{}' out.wasm\n  component_path: out.wasm\n",
        guest("http_kitchen").display()
    ))
    .with("src/lib.rs", "fn main() {}");
    let mut dev = folder.serving();

    folder.write("src/broken", "");
    let line = dev.wait_for("build failed");
    assert!(
        line.contains("exit code 1") && line.contains("version 1 keeps serving"),
        "{line}"
    );
    assert_eq!(dev.get("/hello").await, "hello");

    std::fs::remove_file(folder.path("src/broken")).unwrap();
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn a_build_that_makes_no_component_leaves_the_old_version_running() {
    let folder = Folder::new(
        "build:\n  command: cp \"$(cat src/which)\" out.wasm\n  component_path: out.wasm\n",
    )
    .with("src/which", guest("http_kitchen").to_str().unwrap());
    let mut dev = folder.serving();

    folder.write("src/which", "weft.yaml");
    let line = dev.wait_for("not started");
    assert!(line.contains("version 1 keeps serving"), "{line}");
    assert_eq!(dev.seen("error:").len(), 1);
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn a_first_build_that_fails_is_tried_again_when_something_changes() {
    let folder = Folder::new("build: {command: echo no such luck; exit 7}\n");
    let mut dev = folder.dev();
    dev.wait_for("| no such luck");
    let line = dev.wait_for("build failed");
    assert!(
        line.contains("exit code 7") && line.contains("nothing is served"),
        "{line}"
    );
    assert_eq!(dev.client().get("/hello").await.unwrap().status, 404);

    folder.write("weft.yaml", &kitchen(""));
    dev.wait_for("serving on");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[test]
fn a_failing_build_ends_it_when_nothing_is_watched() {
    let output = Folder::new("build: {command: exit 7}\n").output(&["--no-watch"]);
    let shown = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("exit code 7"), "{shown}");
}

#[tokio::test]
async fn a_change_stops_the_build_that_runs_with_all_its_processes() {
    let outside = Folder::empty();
    let pipe = outside.path("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let folder = Folder::new(&format!(
        "build:\n  command: \"if [ -e src/slow ]; then sleep 600 > '{}' & wait; fi; cp '{}' out.wasm\"\n  \
         component_path: out.wasm\n",
        pipe.display(),
        guest("http_kitchen").display()
    ));
    let mut dev = folder.serving();

    folder.write("src/slow", "");
    // Opening waits for the writer, reading for its end: that of the background process.
    let reader = tokio::task::spawn_blocking(move || {
        let pipe = std::fs::File::open(pipe).unwrap();
        (pipe, ())
    });
    let (mut pipe, ()) = weft_testkit::within(reader).await.unwrap();
    std::fs::remove_file(folder.path("src/slow")).unwrap();
    dev.wait_for("build stopped");
    let ended = tokio::task::spawn_blocking(move || std::io::Read::read(&mut pipe, &mut [0]));
    assert_eq!(weft_testkit::within(ended).await.unwrap().unwrap(), 0);
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn a_build_that_rewrites_its_sources_is_let_through_after_three_stops() {
    let outside = Folder::empty();
    let gate = outside.path("gate");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );
    let script = format!(
        "n=$(wc -l < src/generated)\n\
         if [ $n -lt 4 ]; then echo more >> src/generated; fi\n\
         if [ $n -lt 3 ]; then sleep 600; fi\n\
         if [ $n -eq 3 ]; then cat '{}'; fi\n\
         cp '{}' out.wasm\n",
        gate.display(),
        guest("http_kitchen").display()
    );
    let folder = Folder::new("build: {command: sh build.sh, component_path: out.wasm}\n")
        .with("build.sh", &script)
        .with("src/generated", "");
    let mut dev = folder.dev();
    dev.wait_for("list them in .gitignore");
    assert_eq!(dev.seen("build stopped").len(), 3);
    std::fs::write(gate, "let through\n").unwrap();
    dev.wait_for("| let through");
    dev.wait_for("serving on");
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/hello").await, "hello");
}

#[tokio::test]
async fn what_a_failed_first_build_left_behind_is_not_served() {
    let folder = Folder::new(&format!(
        "build:\n  command: cp '{}' out.wasm; test -e src/ready\n  component_path: out.wasm\n",
        guest("http_kitchen").display()
    ))
    .with("src/a", "1");
    let mut dev = folder.dev();
    dev.wait_for("build failed");
    folder.write("src/a", "2");
    dev.wait_for("build failed");
    assert_eq!(dev.client().get("/hello").await.unwrap().status, 404);
    folder.write("src/ready", "");
    dev.wait_for("serving on");
    assert_eq!(
        dev.seen("changed:"),
        ["changed: src/a", "changed: src/ready"]
    );
}
