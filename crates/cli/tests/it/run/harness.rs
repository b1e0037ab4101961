//! `weft` as a process: to its end, or serving until it is told to stop.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use weft_testkit::client::Client;
use weft_testkit::visitor::Visitor;

/// `weft run`, killed at the end of the test if it still runs.
pub(crate) struct Serving {
    child: Child,
    events: BufReader<ChildStdout>,
    /// The `listening` event.
    pub(crate) listening: Value,
    /// Notes that came before it.
    notes: Vec<String>,
    addr: SocketAddr,
}

/// The command, with a cache of compiled code that the tests share and no settings of the surroundings.
pub(crate) fn weft() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("code");
    command
        .env("WEFT_CACHE_DIR", cache)
        .env_remove("WEFT_ADDR")
        .env_remove("WEFT_ADMIN_ADDR")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

/// The command, in a shell that first takes something away from it: `ulimit -n 100` for instance.
pub(crate) fn weft_under(limits: &str) -> Command {
    let plain = weft();
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("{limits} && exec \"$0\" \"$@\""))
        .arg(plain.get_program())
        .stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Runs `weft` to its end.
pub(crate) fn output<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    weft().args(args).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Serving {
    /// Starts `weft run` on a free port and waits until it listens.
    pub(crate) fn start<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        Self::start_as(weft(), args)
    }

    /// The same, with a command that ends up as `weft`.
    pub(crate) fn start_as<S: AsRef<std::ffi::OsStr>>(
        mut weft: Command,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut child = weft
            .args(["run", "--output", "json", "--addr", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut events = BufReader::new(child.stdout.take().unwrap());
        let mut notes = Vec::new();
        let listening = loop {
            let event = any_event(&mut events);
            match event["event"].as_str() {
                Some("listening") => break event,
                Some("note") => notes.push(event["message"].as_str().unwrap().to_owned()),
                _ => {}
            }
        };
        let addr = listening["addr"].as_str().unwrap().parse().unwrap();
        Self {
            child,
            events,
            listening,
            notes,
            addr,
        }
    }

    /// The note from the start that contains a text.
    pub(super) fn note(&self, text: &str) -> &str {
        let note = self.notes.iter().find(|note| note.contains(text));
        note.unwrap_or_else(|| panic!("{:#?}", self.notes))
    }

    /// A client of one host name that keeps its connection.
    pub(crate) fn visitor(&self, host: &str) -> Visitor {
        Visitor::new(self.addr, host)
    }

    /// A client that asks under the server's address.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.addr)
    }

    /// The body of a GET that must succeed.
    pub(crate) async fn get(&self, path: &str) -> String {
        let reply = self.client().get(path).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.text
    }

    /// How many files and connections it has open.
    #[cfg(target_os = "linux")]
    pub(crate) fn open_files(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.unwrap().count()
    }

    /// How many TCP sockets it listens with, as the system says.
    #[cfg(target_os = "linux")]
    pub(crate) fn listening_sockets(&self) -> usize {
        let folder = format!("/proc/{}", self.child.id());
        let open: Vec<String> = std::fs::read_dir(format!("{folder}/fd"))
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
            .map(|target| target.display().to_string())
            .collect();
        let tables =
            ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("{folder}/net/{table}")));
        let lines = tables
            .iter()
            .flatten()
            .flat_map(|table| table.lines().skip(1));
        // The fourth column is the state, 0A to listen; the tenth the inode.
        let is_own = |line: &&str| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            columns[3] == "0A" && open.contains(&format!("socket:[{}]", columns[9]))
        };
        lines.filter(is_own).count()
    }

    /// The most memory that it had at once so far, in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kilobytes.unwrap().parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for an event and then for the end, which something else has asked for.
    pub(crate) fn ended(mut self, event: &str) -> (Value, ExitStatus) {
        let event = next_event(&mut self.events, event);
        (event, self.child.wait().unwrap())
    }

    /// Waits for the end only.
    pub(crate) fn exit(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn any_event(events: &mut impl BufRead) -> Value {
    let mut line = String::new();
    assert!(events.read_line(&mut line).unwrap() > 0, "it ended");
    serde_json::from_str(&line).unwrap()
}

fn next_event(events: &mut impl BufRead, name: &str) -> Value {
    let mut seen = String::new();
    loop {
        let start = seen.len();
        assert!(
            events.read_line(&mut seen).unwrap() > 0,
            "no `{name}` event; what was printed:\n{seen}"
        );
        let event: Value = serde_json::from_str(&seen[start..]).unwrap();
        if event["event"] == name {
            return event;
        }
    }
}

/// A file in a folder of its own.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A `Workload` manifest: components as `name: file`, and one host name.
pub(crate) fn manifest(name: &str, tenant: &str, host: &str, component: &Path) -> String {
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: {name}, namespace: {tenant}}}
spec:
  components:
    - {{name: main, image: 'file:{}'}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: {host}}}}}
    - {{namespace: wasi, package: config, interfaces: [store]}}
    - {{namespace: wasi, package: logging, interfaces: [logging]}}
",
        component.display()
    )
}
