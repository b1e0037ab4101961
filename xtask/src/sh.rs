//! A thin wrapper over [`std::process::Command`]: it shows the command, and its errors name it.

use anyhow::{Context, Result, anyhow, bail};
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// One command that has not been run yet.
pub(crate) struct Sh {
    command: Command,
    shown: String,
}

impl Sh {
    /// A call of `program`, looked up in PATH.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let shown = program.as_ref().to_string_lossy().into_owned();
        Self {
            command: Command::new(program),
            shown,
        }
    }

    /// A call of `cargo` for this workspace, with the person's own flags and target folder.
    pub(crate) fn cargo() -> Self {
        Self::new("cargo").dir(&crate::workspace::root())
    }

    /// A call of `cargo` from `directory`, free of what the cargo that runs us put into the environment, so that
    /// the nested call obeys the toolchain file and the configuration of that directory alone.
    pub(crate) fn clean_cargo(directory: &Path) -> Self {
        let mut sh = Self::new("cargo").dir(directory);
        for (name, _) in std::env::vars_os() {
            if leaks_from_cargo(&name.to_string_lossy()) {
                sh.command.env_remove(name);
            }
        }
        sh
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Runs in `directory`.
    pub(crate) fn dir(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it with our terminal; anything but exit status 0 is an error.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self
            .command
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("cannot run `{}`", self.shown))?;
        self.check(status)
    }

    /// Runs it with our terminal for at most `limit`, then kills it.
    pub(crate) fn run_within(mut self, limit: Duration) -> Result<()> {
        let mut child = self.spawn()?;
        match wait_within(&mut child, limit)? {
            Some(status) => self.check(status),
            None => bail!("`{}` did not end within {} s", self.shown, limit.as_secs()),
        }
    }

    /// Starts it with our terminal.
    pub(crate) fn spawn(&mut self) -> Result<Child> {
        self.command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run `{}`", self.shown))
    }

    /// Throws away what it writes.
    pub(crate) fn silent(mut self) -> Self {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        self
    }

    /// Starts it with its standard output for us to read.
    pub(crate) fn spawn_read(mut self) -> Result<Child> {
        self.command.stdout(Stdio::piped());
        self.spawn()
    }

    /// Runs it and returns its standard output; standard error goes to the terminal.
    pub(crate) fn read_loud(mut self) -> Result<String> {
        self.command.stderr(Stdio::inherit());
        self.read()
    }

    /// Becomes that program: signals reach it directly, and its exit status is ours. Answers only on failure.
    pub(crate) fn become_it(mut self) -> anyhow::Error {
        anyhow::Error::new(self.command.exec()).context(format!("cannot run `{}`", self.shown))
    }

    /// Runs it and returns its standard output; an error contains its standard error.
    pub(crate) fn read(mut self) -> Result<String> {
        let output = self.command.stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot run `{}`", self.shown))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!("`{}`: {}\n{}", self.shown, output.status, stderr.trim());
        }
        String::from_utf8(output.stdout)
            .map_err(|_| anyhow!("`{}` wrote something that is not text", self.shown))
    }

    fn check(&self, status: ExitStatus) -> Result<()> {
        if status.success() {
            Ok(())
        } else {
            Err(anyhow!("`{}`: {status}", self.shown))
        }
    }
}

/// Waits for `child` for at most `limit`; kills it and answers `None` when it is still running then.
pub(crate) fn wait_within(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(50)); // std has no wait with a time limit
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// Whether the variable comes from an outer cargo or rustup, or changes how rustc is called. Network, registry,
/// terminal and home settings stay: they are the person's own.
fn leaks_from_cargo(name: &str) -> bool {
    const KEPT: [&str; 8] = [
        "CARGO_HOME",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_REGISTRY_",
        "CARGO_REGISTRIES_",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
        "CARGO_BUILD_JOBS",
    ];
    const DROPPED: [&str; 6] = [
        "CARGO",
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
        "LD_LIBRARY_PATH",
    ];
    DROPPED.iter().any(|prefix| name.starts_with(prefix))
        && !KEPT.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
