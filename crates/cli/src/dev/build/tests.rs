//! Commands that end, fail, and are stopped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{Build, Recipe};
use crate::dev::tell::Tell;
use crate::printer::Global;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    global: Global,
}

fn start(command: &str, folder: &Path) -> Build {
    let recipe = Recipe {
        command: command.to_owned(),
        folder: folder.to_owned(),
        env: vec![("NAME".to_owned(), "weft".to_owned())],
        component: PathBuf::from("/out/a.wasm"),
    };
    let tell = Tell::new(&Flags::parse_from(["weft", "--quiet"]).global);
    Build::start(&recipe, &tell).unwrap()
}

async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(30), future)
        .await
        .expect("it ends soon")
}

#[tokio::test]
async fn the_exit_code_is_that_of_the_command() {
    let folder = TempDir::new().unwrap();
    for (command, code) in [
        ("true", 0),
        ("exit 7", 7),
        ("no-such-command-anywhere", 127),
    ] {
        let status = soon(start(command, folder.path()).wait()).await.unwrap();
        assert_eq!(status.code(), Some(code), "{command}");
    }
}

#[tokio::test]
async fn the_command_runs_in_the_folder_with_its_variables() {
    let folder = TempDir::new().unwrap();
    let command = "echo $NAME $WASH_COMPONENT_PATH > here";
    assert!(
        soon(start(command, folder.path()).wait())
            .await
            .unwrap()
            .success()
    );
    let text = std::fs::read_to_string(folder.path().join("here")).unwrap();
    assert_eq!(text, "weft /out/a.wasm\n");
}

#[tokio::test]
async fn a_process_left_in_the_background_does_not_hold_the_build() {
    let folder = TempDir::new().unwrap();
    let mut build = start("sleep 60 & echo $! > pid", folder.path());
    assert!(soon(build.wait()).await.unwrap().success());
    let pid: i32 = std::fs::read_to_string(folder.path().join("pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it was left alone");
}

#[tokio::test]
async fn a_build_that_does_not_listen_is_killed() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let build = start(
        "trap '' TERM; exec > pipe; while true; do sleep 1; done",
        folder.path(),
    );
    // Opening waits for the build to open its end, reading for the last process that holds it.
    let opened = tokio::task::spawn_blocking(move || std::fs::File::open(pipe).unwrap());
    let mut pipe = soon(opened).await.unwrap();
    soon(build.stop()).await;
    let end =
        tokio::task::spawn_blocking(move || std::io::Read::read(&mut pipe, &mut [0]).unwrap());
    assert_eq!(soon(end).await.unwrap(), 0);
}

#[tokio::test]
async fn a_dropped_build_dies_with_what_it_started() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let build = start("sleep 600 > pipe & wait", folder.path());
    let opened = tokio::task::spawn_blocking(move || std::fs::File::open(pipe).unwrap());
    let mut pipe = soon(opened).await.unwrap();
    drop(build);
    let end =
        tokio::task::spawn_blocking(move || std::io::Read::read(&mut pipe, &mut [0]).unwrap());
    assert_eq!(soon(end).await.unwrap(), 0);
}
