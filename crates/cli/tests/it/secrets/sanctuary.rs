//! A place where everything that `weft` writes can be found again: its own folders for the cache, for temporary files and
//! for work, and both of its outputs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use weft_testkit::PATIENCE;
use weft_testkit::client::Client;

/// A part of every canary: its plain text and its Base64 forms, whatever the offset.
const MARKS: [&str; 4] = ["CANARY", "Q0FOQVJZ", "NBTkFSW", "DQU5BUl"];

pub(super) struct Sanctuary {
    folder: tempfile::TempDir,
    /// What clients of the admin listener were told.
    told: Mutex<Vec<String>>,
}

/// A running `weft`.
pub(super) struct Held {
    child: Child,
    output: Arc<(Mutex<String>, Condvar)>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Sanctuary {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cache", "tmp", "work", "home"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            told: Mutex::default(),
        }
    }

    /// Where the program works: files there are of the test, and must not become more.
    pub(super) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.work().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As editors and Kubernetes do: a new file in the place of the old one.
        let new = path.with_extension("new");
        std::fs::write(&new, bytes).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::rename(&new, &path).unwrap();
        path
    }

    /// `weft` that logs all it can.
    pub(super) fn weft(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path().join("home"))
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("WEFT_CACHE_DIR", self.folder.path().join("cache"))
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .current_dir(self.work())
            .stdin(Stdio::null());
        command
    }

    pub(super) fn start(&self, mut command: Command) -> Held {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let pipes: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        let readers = pipes.map(|pipe| {
            let output = Arc::clone(&output);
            std::thread::spawn(move || collect(pipe, &output))
        });
        Held {
            child,
            output,
            readers: readers.into(),
        }
    }

    /// Asks the admin listener for a page, and keeps the answer.
    pub(super) async fn ask(&self, admin: &Client, path: &str) -> String {
        let reply = admin.get(path).await.unwrap();
        let told = format!("{path}: {:?} {}", reply.status, reply.text);
        self.told.lock().unwrap().push(told);
        reply.text
    }

    /// Searches what a run to the end has written.
    pub(super) fn search_output(&self, output: &Output) {
        let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(!text.iter().all(|text| text.is_empty()), "it says nothing");
        text.iter().for_each(|text| search("what it printed", text));
        self.search();
    }

    /// Searches all answers and every file but those that the test wrote.
    pub(super) fn search(&self) {
        for told in self.told.lock().unwrap().iter() {
            search("an answer of the admin listener", told);
        }
        for folder in ["cache", "tmp", "home"] {
            search_folder(&self.folder.path().join(folder));
        }
        let dumped = std::fs::read_dir(self.work()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("core")
        });
        assert_eq!(dumped.count(), 0, "there is a core dump");
    }
}

impl Held {
    /// Waits until a text was printed; the line of it.
    pub(super) fn wait_for(&self, text: &str) -> String {
        let (output, more) = &*self.output;
        let guard = output.lock().unwrap();
        let (guard, wait) = more
            .wait_timeout_while(guard, PATIENCE, |output| !output.contains(text))
            .unwrap();
        assert!(!wait.timed_out(), "`{text}` was not printed:\n{}", *guard);
        let line = guard.lines().find(|line| line.contains(text));
        line.unwrap().to_owned()
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it by a signal and searches what it has printed.
    pub(super) fn end(mut self, signal: Signal) -> String {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
        self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let text = self.output.0.lock().unwrap().clone();
        assert!(text.contains("TRACE"), "it does not log all it can");
        search("what it printed", &text);
        text
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(pipe: impl Read, output: &(Mutex<String>, Condvar)) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        output
            .0
            .lock()
            .unwrap()
            .push_str(&String::from_utf8_lossy(&line));
        output.1.notify_all();
        line.clear();
    }
}

/// Fails if a canary is in a text.
pub(super) fn search(what: &str, text: &str) {
    for mark in MARKS {
        if let Some(at) = text.find(mark) {
            let start = text.floor_char_boundary(at.saturating_sub(400));
            let end = text.ceil_char_boundary(at + 100);
            panic!("a secret is in {what}:\n…{}…", &text[start..end]);
        }
    }
}

fn search_folder(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search_folder(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            search(
                &path.display().to_string(),
                &String::from_utf8_lossy(&bytes),
            );
        }
    }
}

/// A server that answers every request with the same.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new((503, String::new())));
        let shared = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let (status, body) = shared.lock().unwrap().clone();
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.get_mut().write_all((head + &body).as_bytes());
            }
        });
        Self { addr, answer }
    }

    pub(super) fn answers(&self, status: u16, body: impl Into<String>) {
        *self.answer.lock().unwrap() = (status, body.into());
    }

    /// A version of a secret of Vault with one field, `VAULT`.
    pub(super) fn has(&self, version: u64, value: &str) {
        let data = serde_json::json!({"data": {"data": {"VAULT": value}, "metadata": {"version": version}}});
        self.answers(200, data.to_string());
    }
}
