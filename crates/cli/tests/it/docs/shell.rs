//! One shell for the commands of one block, with the built `weft` on its path and ports of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use weft_testkit::PATIENCE;
use weft_testkit::guests::repository;

use super::expected::{begins, fits};
use super::page::Step;

/// The ports that pages name. Each session has others in their place, because someone may listen on these.
const PORTS: [u16; 3] = [8000, 8001, 8002];

/// A shell that runs one command after the other. Dropping it kills what it left running.
pub(super) struct Session {
    bash: Child,
    commands: ChildStdin,
    /// The exit code of each command.
    done: Receiver<String>,
    /// Where output goes.
    folder: TempDir,
    count: usize,
    /// The texts to replace, and with what.
    ports: Vec<(String, String)>,
}

impl Session {
    /// Starts a shell in the root of the repository. `cache` is where weft keeps compiled code.
    pub(super) fn start(cache: &Path) -> Self {
        let listeners = PORTS.map(|port| (port, TcpListener::bind("127.0.0.1:0").unwrap()));
        let ports: Vec<(String, String)> = listeners
            .iter()
            .map(|(port, free)| {
                (
                    format!(":{port}"),
                    format!(":{}", free.local_addr().unwrap().port()),
                )
            })
            .collect();
        drop(listeners);
        let program = Path::new(env!("CARGO_BIN_EXE_weft"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [program.parent().unwrap().to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let mut command = Command::new("bash");
        for variable in [
            "RUST_LOG",
            "WEFT_ADMIN_ADDR",
            "CLICOLOR_FORCE",
            "http_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            command.env_remove(variable);
        }
        let mut bash = command
            .arg("--norc")
            .current_dir(repository())
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("WEFT_CACHE_DIR", cache)
            // Pages are read beside each other, and there is one usual port.
            .env("WEFT_VIEWER", "off")
            .env("WEFT_ADDR", format!("127.0.0.1{}", ports[0].1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("bash is there");
        let (sender, done) = channel();
        let answers = BufReader::new(bash.stdout.take().unwrap());
        std::thread::spawn(move || {
            answers
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            commands: bash.stdin.take().unwrap(),
            bash,
            done,
            folder: tempfile::tempdir().unwrap(),
            count: 0,
            ports,
        }
    }

    /// Runs a step and compares its output with the page.
    pub(super) fn check(&mut self, step: &Step, may_fail: bool) -> Result<(), String> {
        let expected: Vec<String> = step
            .expected
            .iter()
            .map(|line| self.with_own_ports(line))
            .collect();
        let (status, file) = self.run(&self.with_own_ports(&step.command));
        if status != "0" && !may_fail {
            return Err(format!(
                "it ended with exit code {status} and this output:\n{}",
                read(&file)
            ));
        }
        let as_shown = if step.is_server() && step.command.contains('>') {
            true // its output is elsewhere, where the page looks for it
        } else if step.is_server() {
            wait_until(|| {
                let output = read(&file);
                output.contains("serving ") && begins(&expected, &output)
            })
        } else {
            fits(&expected, &read(&file))
        };
        match as_shown {
            true => Ok(()),
            false => Err(format!(
                "the page shows\n{}\nbut the output is\n{}",
                expected.join("\n"),
                read(&file)
            )),
        }
    }

    /// Ends what runs in the background as a person would, so that it cleans up behind itself.
    pub(super) fn finish(mut self) {
        let _ = self.run("for job in $(jobs -p); do kill \"$job\"; done; wait");
    }

    /// Runs a command to its end, or into the background. Gives its exit code and the file with its output.
    fn run(&mut self, command: &str) -> (String, PathBuf) {
        self.count += 1;
        let file = self.folder.path().join(self.count.to_string());
        let script = format!(
            "(exit ${{last:-0}})\n{{\n{command}\n}} >'{}' 2>&1 </dev/null\nlast=$?\necho $last\n",
            file.display()
        );
        self.commands.write_all(script.as_bytes()).unwrap();
        let status = self.done.recv_timeout(PATIENCE * 2);
        (
            status.unwrap_or_else(|_| "none, since it did not end".to_owned()),
            file,
        )
    }

    fn with_own_ports(&self, text: &str) -> String {
        let replace = |text: String, (from, to): &(String, String)| text.replace(from, to);
        self.ports.iter().fold(text.to_owned(), replace)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.bash.id().cast_signed()) {
            // An error means that nothing is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.bash.wait();
    }
}

fn read(file: &Path) -> String {
    let text = fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

/// A file announces no change, so it is looked at until it has what is waited for.
fn wait_until(holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    holds()
}
