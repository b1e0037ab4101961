//! Command components run to completion, as native programs do.

use std::io::Write;
use std::process::Stdio;

use weft_testkit::guest;

use super::harness::{Scratch, output, stderr, stdout, weft};

fn cli_echo(args: &[&str]) -> std::process::Output {
    let guest = guest("cli_echo");
    output(
        ["run", guest.to_str().unwrap(), "--"]
            .into_iter()
            .chain(args.iter().copied()),
    )
}

#[test]
fn arguments_reach_the_command_and_its_output_is_this_process_s() {
    let output = cli_echo(&["args", "one", "two words"]);
    assert_eq!(stdout(&output), "args\none\ntwo words\n");
    assert!(output.status.success());
}

#[test]
fn the_exit_code_is_the_command_s_own() {
    assert_eq!(cli_echo(&["exit", "7"]).status.code(), Some(7));
    assert_eq!(cli_echo(&["exit", "0"]).status.code(), Some(0));
}

#[test]
fn standard_input_is_passed_through() {
    let mut child = weft()
        .arg("run")
        .arg(guest("cli_echo"))
        .args(["--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"line 1\nline 2\n")
        .unwrap();
    assert_eq!(
        stdout(&child.wait_with_output().unwrap()),
        "line 1\nline 2\n"
    );
}

#[test]
fn standard_error_stays_apart_from_standard_output() {
    let output = cli_echo(&["stderr", "careful"]);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("careful"), "{}", stderr(&output));
}

#[test]
fn only_variables_that_were_given_are_seen() {
    let guest = guest("cli_echo");
    let ask = |name: &str| {
        let output = weft()
            .env("SECRET_OF_THE_HOST", "1")
            .args(["run", "--env", "COLOUR=green"])
            .arg(&guest)
            .args(["--", "env", name])
            .output()
            .unwrap();
        stdout(&output)
    };
    assert_eq!(ask("COLOUR").trim(), "COLOUR=green");
    assert!(!ask("SECRET_OF_THE_HOST").contains("=1"));
}

#[test]
fn a_directory_that_was_given_read_only_cannot_be_written() {
    let scratch = Scratch::new();
    scratch.file("in.txt", "content");
    let dir = format!("{}::/data:ro", scratch.path().display());
    let guest = guest("cli_echo");
    let run = |args: &[&str]| {
        output(
            ["run", "--dir", &dir, guest.to_str().unwrap(), "--"]
                .iter()
                .chain(args),
        )
    };
    assert_eq!(
        stdout(&run(&["read", "/data/in.txt"])).trim_end(),
        "content"
    );
    run(&["write", "/data/in.txt", "changed"]);
    assert_eq!(
        std::fs::read_to_string(scratch.path().join("in.txt")).unwrap(),
        "content"
    );
}

#[test]
fn a_wasi_0_3_command_runs_too() {
    let guest = guest("p3_cli");
    let output = output(["run", guest.to_str().unwrap(), "--", "args", "x"]);
    assert_eq!(stdout(&output), "args\nx\n");
}

#[test]
fn a_command_that_never_ends_is_stopped_by_a_signal() {
    let mut child = weft()
        .arg("run")
        .arg(guest("cli_echo"))
        .args(["--", "spin"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The guest says that it starts to spin.
    let mut first = [0; 1];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
