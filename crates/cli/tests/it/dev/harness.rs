//! A project folder, and `weft dev` running in it. Waits for lines that it prints, never for time to pass.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use weft_testkit::client::Client;
use weft_testkit::{PATIENCE, guest};

/// A folder with a project, removed at the end of the test.
pub(super) struct Folder(TempDir);

/// `weft dev`, killed at the end of the test if it still runs.
pub(super) struct Dev {
    child: Child,
    lines: Receiver<String>,
    /// Everything that was printed and received so far.
    pub(super) seen: Vec<String>,
    /// Where it serves.
    pub(super) url: String,
}

/// A project file that builds by copying the HTTP kitchen guest, with more of the file after it.
pub(super) fn kitchen(more: &str) -> String {
    let component = guest("http_kitchen");
    format!(
        "build:\n  command: cp '{}' out.wasm\n  component_path: out.wasm\n{more}",
        component.display()
    )
}

impl Folder {
    /// A folder with this `weft.yaml`.
    pub(super) fn new(project_file: &str) -> Self {
        Self::empty().with("weft.yaml", project_file)
    }

    pub(super) fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(super) fn with(self, file: &str, text: &str) -> Self {
        self.write(file, text);
        self
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Starts `weft dev` on a free port and waits until it listens.
    pub(super) fn dev(&self) -> Dev {
        self.dev_with(&[])
    }

    pub(super) fn dev_with(&self, flags: &[&str]) -> Dev {
        self.start(self.command(flags))
    }

    /// The same with variables in its environment.
    pub(super) fn dev_in(&self, environment: &[(&str, &str)]) -> Dev {
        let mut command = self.command(&[]);
        command.envs(environment.iter().copied());
        self.start(command)
    }

    fn start(&self, mut command: Command) -> Dev {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut dev = Dev {
            lines: lines_of(child.stderr.take().unwrap()),
            child,
            seen: Vec::new(),
            url: String::new(),
        };
        let line = dev.wait_for("listening on http");
        dev.url = line.trim_start_matches("listening on ").to_owned();
        dev
    }

    /// Starts `weft dev`, and waits until the first version is served.
    pub(super) fn serving(&self) -> Dev {
        let mut dev = self.dev();
        dev.wait_for("serving on http://");
        dev
    }

    /// Runs `weft dev` to its end.
    pub(super) fn output(&self, flags: &[&str]) -> Output {
        self.command(flags).output().unwrap()
    }

    /// The command, with a cache of compiled code that the tests share.
    pub(super) fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
        command
            .arg("dev")
            .arg(self.root())
            .args(["--addr", "127.0.0.1:0"])
            .args(flags)
            .env(
                "WEFT_CACHE_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("code"),
            )
            .env_remove("RUST_LOG")
            // Tests run beside each other; those of the viewer say where it is.
            .env("WEFT_VIEWER", "off")
            .stdin(Stdio::null());
        command
    }
}

impl Dev {
    /// The next line that contains a text. Lines before it are kept in `seen`.
    pub(super) fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!(
                    "`{text}` was not printed; what was:\n{}",
                    self.seen.join("\n")
                );
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The lines so far that contain a text.
    pub(super) fn seen(&self, text: &str) -> Vec<&str> {
        self.seen
            .iter()
            .map(String::as_str)
            .filter(|line| line.contains(text))
            .collect()
    }

    pub(super) fn client(&self) -> Client {
        let addr = self.url.trim_start_matches("http://").trim_end_matches('/');
        Client::new(addr.parse().unwrap())
    }

    /// The body of a GET that must succeed.
    pub(super) async fn get(&self, path: &str) -> String {
        let reply = self.client().get(path).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.text
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for the end, which something else has asked for.
    pub(super) fn ended(mut self) -> (ExitStatus, Vec<String>) {
        // The end of the output is the end of the process, give or take a moment.
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.seen.push(line);
        }
        assert!(
            Instant::now() < deadline,
            "it goes on:\n{}",
            self.seen.join("\n")
        );
        (self.child.wait().unwrap(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The text of standard error.
pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
