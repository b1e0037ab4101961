//! What the developer sees: one line for each event, as text or as JSON.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::project::Opened;
use crate::printer::{BAD, CARE, FAINT, GOOD, Global, NAME};

/// How many changed files one line names.
const NAMED_MAX: usize = 3;

/// Prints the events of a session. Clones print to the same place.
#[derive(Clone)]
pub(super) struct Tell {
    global: Global,
    /// What the session does, in a word, for those who only look.
    state: watch::Sender<&'static str>,
}

impl Tell {
    pub(super) fn new(global: &Global) -> Self {
        Self {
            global: global.clone(),
            state: watch::Sender::new("starting"),
        }
    }

    /// What the session does, in a word.
    pub(super) fn state(&self) -> watch::Receiver<&'static str> {
        self.state.subscribe()
    }

    /// Where the page is that shows this session.
    pub(super) fn viewer(&self, addr: SocketAddr, is_guest: bool) {
        let url = format!("http://{addr}/");
        self.global
            .object(&json!({ "event": "viewer", "url": url, "ofAnother": is_guest }));
        let whose = if is_guest { " of another weft dev" } else { "" };
        self.global
            .status(format_args!("viewer{whose} on {NAME}{url}{NAME:#}"));
    }

    /// Whether colours reach the reader.
    pub(super) fn coloured(&self) -> bool {
        !self.global.json() && self.global.choice() != anstream::ColorChoice::Never
    }

    /// What is developed, and where it will be served.
    pub(super) fn listening(
        &self,
        opened: &Opened,
        addr: SocketAddr,
        url: &str,
        admin: Option<SocketAddr>,
    ) {
        self.global.object(&json!({
            "event": "listening", "addr": addr.to_string(), "url": url, "adminAddr": admin, "project": opened.file,
        }));
        let file = opened.shown(&opened.file);
        let folder = opened.folder.display();
        self.global.status(format_args!(
            "{NAME}weft dev{NAME:#} {folder} {FAINT}({file}){FAINT:#}"
        ));
        self.global
            .status(format_args!("listening on {NAME}{url}{NAME:#}"));
        if let Some(admin) = admin {
            self.global
                .status(format_args!("health and metrics on http://{admin}/"));
        }
        if !addr.ip().is_loopback() {
            self.global
                .note(format_args!("other machines can reach {addr}"));
        }
    }

    pub(super) fn building(&self, command: &str) {
        self.state.send_replace("building");
        self.global
            .object(&json!({ "event": "building", "command": command }));
        let first = command.trim().lines().next().unwrap_or_default();
        let more = if command.trim().lines().nth(1).is_some() {
            " ..."
        } else {
            ""
        };
        self.global
            .status(format_args!("building: {FAINT}{first}{more}{FAINT:#}"));
    }

    /// A line that the build command wrote.
    pub(super) fn output(&self, line: &str) {
        self.global
            .object(&json!({ "event": "buildOutput", "line": line }));
        self.global
            .status(format_args!("  {FAINT}|{FAINT:#} {line}"));
    }

    pub(super) fn built(&self, took: Duration) {
        self.global
            .object(&json!({ "event": "built", "seconds": took.as_secs_f64() }));
        self.global
            .status(format_args!("{GOOD}built{GOOD:#} in {}", shown(took)));
    }

    pub(super) fn build_failed(&self, status: ExitStatus, took: Duration, version: u32) {
        self.state.send_replace("build failed");
        self.global.object(
            &json!({ "event": "buildFailed", "exitCode": status.code(), "version": version }),
        );
        self.global.status(format_args!(
            "{BAD}build failed{BAD:#} after {} ({}); {}",
            shown(took),
            ending(status),
            what_remains(version)
        ));
    }

    pub(super) fn build_stopped(&self) {
        self.global.object(&json!({ "event": "buildStopped" }));
        self.global.status(format_args!(
            "{CARE}build stopped{CARE:#}, because something changed"
        ));
    }

    /// A new version answers requests.
    pub(super) fn serving(&self, version: u32, url: &str, took: Duration) {
        self.state.send_replace("serving");
        self.global
            .object(&json!({ "event": "serving", "version": version, "url": url }));
        let took = shown(took);
        match version {
            1 => self.global.status(format_args!(
                "{GOOD}serving{GOOD:#} on {NAME}{url}{NAME:#}, ready in {took}"
            )),
            _ => self.global.status(format_args!(
                "{GOOD}swapped{GOOD:#} to version {version}, ready in {took}"
            )),
        }
    }

    /// The new version cannot be started.
    pub(super) fn not_started(&self, error: &anyhow::Error, version: u32) {
        self.state.send_replace("not started");
        self.global.error(error);
        self.global
            .object(&json!({ "event": "notStarted", "version": version }));
        self.global.status(format_args!(
            "{BAD}not started{BAD:#}; {}",
            what_remains(version)
        ));
    }

    /// Source files were saved.
    pub(super) fn changed(&self, opened: &Opened, paths: &[PathBuf]) {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| opened.shown(path).to_string())
            .collect();
        self.global
            .object(&json!({ "event": "changed", "paths": paths }));
        let named: Vec<&str> = paths.iter().take(NAMED_MAX).map(String::as_str).collect();
        let more = match paths.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.global.status(format_args!(
            "changed: {NAME}{}{NAME:#}{more}",
            named.join(", ")
        ));
    }

    /// The project file was saved, and is understood.
    pub(super) fn project_read(&self, opened: &Opened) {
        self.changed(opened, std::slice::from_ref(&opened.file));
        for note in &opened.notes {
            self.note(note);
        }
    }

    pub(super) fn lines(&self, lines: &[String]) {
        for line in lines {
            self.global.status(line);
        }
    }

    pub(super) fn object(&self, value: &serde_json::Value) {
        self.global.object(value);
    }

    pub(super) fn note(&self, text: &str) {
        self.global.note(text);
    }

    /// A port of the service can be reached from outside.
    pub(super) fn published(&self, port: &str) {
        self.global
            .object(&json!({ "event": "published", "port": port }));
        self.global
            .status(format_args!("{GOOD}published{GOOD:#} {port}"));
    }

    pub(super) fn stopping(&self) {
        self.state.send_replace("stopping");
        self.global.status(format_args!(
            "{FAINT}stopping: finishing what is in flight; again to stop at once{FAINT:#}"
        ));
    }

    pub(super) fn stopped(&self, cut_requests: usize) {
        if cut_requests > 0 {
            self.global.note(crate::shutdown::cut(cut_requests));
        }
        self.global
            .object(&json!({ "event": "stopped", "cutRequests": cut_requests }));
        self.global.status(format_args!("{FAINT}stopped{FAINT:#}"));
    }
}

/// What goes on after a failure; version 0 means that nothing was ever started.
fn what_remains(version: u32) -> String {
    match version {
        0 => "nothing is served until it works".to_owned(),
        version => format!("version {version} keeps serving"),
    }
}

fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

/// A duration at the precision that a person wants.
fn shown(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests;
