//! Parts of a test that need a process of their own, for its file descriptors: this test program, started once more.
//!
//! A child plays one role and says what it found on a line of its standard output. It ends when its standard input
//! does, so it never outlives the test.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::within;

const ROLE: &str = "WEFT_TEST_ROLE";
/// Marks the line among those of the test runner.
const MARK: &str = "child: ";

/// A child that has said its line.
pub(crate) struct Player {
    pub(crate) said: String,
    _process: Child,
    _output: Lines<BufReader<ChildStdout>>,
}

/// Starts a child and waits for its line.
pub(crate) async fn play(role: &str) -> Player {
    let program = std::env::current_exe().unwrap();
    let mut process = Command::new(program)
        .args(["--exact", "--nocapture", "support::child::plays_its_role"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
    loop {
        let line = within(output.next_line()).await.unwrap();
        let line = line.expect("the child failed; what it said is above");
        if let Some((_, said)) = line.split_once(MARK) {
            return Player {
                said: said.to_owned(),
                _process: process,
                _output: output,
            };
        }
    }
}

/// Not a test when it is run among the others: it then has no role.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let words: Vec<&str> = role.split(' ').collect();
    match words[..] {
        ["hold", addr, count] => hold(addr.parse().unwrap(), count.parse().unwrap()),
        ["serve", files] => crate::hostile::crowds::serve(files.parse().unwrap()),
        _ => panic!("there is no role `{role}`"),
    }
}

/// Says the line, and stays until the test is over.
pub(crate) fn say_and_stay(line: &str) {
    say(line);
    stay();
}

/// Says the line.
pub(crate) fn say(line: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "\n{MARK}{line}").unwrap();
    output.flush().unwrap();
}

/// Blocks until the test is over.
pub(crate) fn stay() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Holds as many idle connections as it can, up to `count`, and says how many these are.
fn hold(addr: SocketAddr, count: u64) {
    let room = raise_file_limit(count + 100).saturating_sub(100);
    let mut connections = Vec::new();
    for n in 0..count.min(room) {
        if n % 1000 == 0 {
            // A sign of life for whoever waits.
            println!("{n} connections");
        }
        connections.push(std::net::TcpStream::connect(addr).unwrap());
    }
    say_and_stay(&connections.len().to_string());
}

/// Lets this process open as many files as it needs, as far as it may. Returns how many it can.
pub(crate) fn raise_file_limit(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.unwrap_or(u64::MAX);
    let now = limit.current.unwrap_or(u64::MAX);
    if now >= wanted {
        return now;
    }
    let new = wanted.min(allowed);
    set_file_limit(new);
    new
}

/// Lets this process open no more than so many files.
pub(crate) fn set_file_limit(files: u64) {
    let limit = Rlimit {
        current: Some(files),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
}
