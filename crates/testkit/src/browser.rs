//! A real browser for tests of pages: Chromium without a screen, with a fresh profile, gone when it is dropped.
//! `cargo xtask setup` gets it.
//!
//! It is spoken to over a pair of pipes instead of a port (`--remote-debugging-pipe`): no port has to be free, nobody else
//! on the machine can steer it, and it ends by itself when the test's process does. What is said on them is the Chrome
//! DevTools Protocol, of which a test needs a dozen commands; `wire` has those, `page` what a person does with a page.

#![expect(
    clippy::indexing_slicing,
    reason = "what is not there in JSON is null, and whoever needs it fails the test"
)]

mod page;
mod wire;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use crate::guests::repository;
pub use page::Page;
use wire::Wire;

/// A running browser.
pub struct Browser {
    child: Child,
    wire: Arc<Wire>,
    folder: TempDir,
}

/// What the system may call it, where setup did not get one.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chromium-headless-shell",
];

/// No talk with its maker, no slow-down of pages that nobody looks at, no proxy between it and the test.
const FLAGS: [&str; 16] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--mute-audio",
];

impl Browser {
    /// Starts one.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("weft-browser-")
            .tempdir()
            .expect("a folder can be made");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log can be made");
        // The shell moves the pipes to where the browser wants them; this process cannot do that in safe code.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >&2"])
            .arg(program())
            .args(FLAGS)
            .args(as_root())
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("profile").display()
            ))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("there is a shell");
        let to = child.stdin.take().expect("it was piped");
        let from = child.stdout.take().expect("it was piped");
        Self {
            child,
            wire: Wire::new(to, from, folder.path().join("log")),
            folder,
        }
    }

    /// A new window that shows this address, when all of it has arrived.
    pub async fn open(&self, url: &str) -> Page {
        let page = self.blank().await;
        page.go(url).await;
        page
    }

    /// A new window without a page.
    pub async fn blank(&self) -> Page {
        let window = json!({ "url": "about:blank", "width": 1280, "height": 900 });
        let target = self.wire.ask(None, "Target.createTarget", window).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.wire.ask(None, "Target.attachToTarget", attach).await;
        let session = attached["sessionId"]
            .as_str()
            .expect("a session has a name");
        Page::new(Arc::clone(&self.wire), session.to_owned()).await
    }

    /// What the browser itself has written, for tests that fail.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself. Waiting lets go of the profile before its folder is removed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The one that `cargo xtask setup` got, else the system's own.
fn program() -> std::path::PathBuf {
    let ours = repository().join("target/programs/chromium");
    if let Ok(script) = ours.canonicalize() {
        return script;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let known = NAMES.iter().flat_map(|name| {
        let files = folders.iter().map(move |folder| folder.join(name));
        files.filter(|file| file.is_file())
    });
    let mut known = known;
    known
        .next()
        .unwrap_or_else(|| panic!("there is no browser; run `cargo xtask setup` first"))
}

/// Root has no sandbox of the browser's kind. It only shows pages of this repository.
fn as_root() -> Option<&'static str> {
    let owner = std::fs::metadata(Path::new("/proc/self"));
    owner
        .is_ok_and(|data| data.uid() == 0)
        .then_some("--no-sandbox")
}
