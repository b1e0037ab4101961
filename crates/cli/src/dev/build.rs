//! The build command: run in the project's folder, its output shown as it comes, and stopped with everything that it
//! started when it is no longer wanted.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::tell::Tell;

/// How long a stopped build may take to clean up before it is killed.
const STOP_GRACE: Duration = Duration::from_secs(1);
/// How long to wait for output after the end. A process left in the background may hold the pipe for ever.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// What to run. Its variables may be secret, so there is no `Debug`.
#[derive(Clone)]
pub(super) struct Recipe {
    /// For `sh -c`.
    pub(super) command: String,
    /// Where it runs.
    pub(super) folder: PathBuf,
    /// What `.env` has, then `build.env`.
    pub(super) env: Vec<(String, String)>,
    /// Where the component should be afterwards.
    pub(super) component: PathBuf,
}

/// A build that runs. Dropping it kills it.
pub(super) struct Build {
    child: Child,
    group: Group,
    output: JoinSet<()>,
}

impl Build {
    /// Starts the command as the leader of a process group, so that all of it can be stopped.
    pub(super) fn start(recipe: &Recipe, tell: &Tell) -> std::io::Result<Self> {
        let mut command = Command::new("sh");
        if tell.coloured() {
            // The tools see a pipe and would leave their colours out.
            command
                .env("CARGO_TERM_COLOR", "always")
                .env("FORCE_COLOR", "1");
        }
        command
            .arg("-c")
            .arg(&recipe.command)
            .current_dir(&recipe.folder)
            .envs(recipe.env.iter().map(|(name, value)| (name, value)))
            .env("WASH_COMPONENT_PATH", &recipe.component)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn()?;
        let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        let mut output = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            output.spawn(pass_on(stdout, tell.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(pass_on(stderr, tell.clone()));
        }
        Ok(Self {
            child,
            group,
            output,
        })
    }

    /// Waits for the end. May be dropped and called again.
    pub(super) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // What it left in the background may be meant to stay, such as a compiler's server.
        self.group.0 = None;
        let rest = async { while self.output.join_next().await.is_some() {} };
        // A pipe that stays open is no failure of the build.
        let _ = timeout(OUTPUT_GRACE, rest).await;
        Ok(status)
    }

    /// Ends the build with everything that it started.
    pub(super) async fn stop(mut self) {
        self.group.signal(Signal::TERM);
        // An error means that there is nothing left to wait for.
        let _ = timeout(STOP_GRACE, self.child.wait()).await;
        self.group.signal(Signal::KILL);
        let _ = self.child.wait().await;
        self.group.0 = None;
    }
}

/// A process group that dies with its owner.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0
            && let Err(error) = kill_process_group(leader, signal)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(%error, "cannot stop the build");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Bytes of the build's output that are shown as one line at most.
const MAX_LINE: u64 = 64 << 10;

async fn pass_on(pipe: impl AsyncRead + Unpin, tell: Tell) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    // A line without an end is shown in pieces, so that it takes no more memory than this.
    while matches!(
        (&mut pipe)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await,
        Ok(1..)
    ) {
        let text = String::from_utf8_lossy(&line);
        // Of a progress bar that redraws itself, the last state is enough.
        tell.output(text.trim_end().rsplit('\r').next().unwrap_or_default());
        line.clear();
    }
}

#[cfg(test)]
mod tests;
