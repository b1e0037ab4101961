//! The database of the benchmark: a MariaDB of its own, which ends with the benchmark.

use crate::programs::Programs;
use crate::step::Steps;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running server. It ends when its standard input does, so it does not outlive this process either.
pub(crate) struct Database {
    child: Child,
    answers: BufReader<ChildStdout>,
    pub(crate) place: Place,
}

/// Where it is.
#[derive(Clone, Deserialize)]
pub(crate) struct Place {
    /// With the password, and with an address of this machine.
    pub(crate) url: String,
    pub(crate) port: u16,
    /// The authority that signed its certificate, as PEM.
    pub(crate) authority: String,
}

impl Database {
    /// Builds the testkit's program and starts it.
    pub(crate) fn start(steps: &mut Steps) -> Result<Self> {
        let selection = ["--package", "weft-testkit", "--example", "database"];
        let program = steps.run("start MariaDB", "`cargo xtask setup` gets it", |_| {
            Programs::build(&selection)?.path("database")
        })?;
        let mut child = Command::new(program)
            .arg("mariadb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().context("no standard output")?;
        let mut answers = BufReader::new(out);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let place = serde_json::from_str(&line).context("the database did not start")?;
        Ok(Self {
            child,
            answers,
            place,
        })
    }

    /// `stop`, `start`, or a statement of the administrator; answers what that answers.
    pub(crate) fn tell(&mut self, what: &str) -> Result<String> {
        let input = self.child.stdin.as_mut().context("no standard input")?;
        writeln!(input, "{what}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the database did not do `{what}`"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
