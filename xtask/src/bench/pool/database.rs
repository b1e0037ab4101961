//! The database of the benchmark: a MariaDB of its own, which ends with the benchmark.

use crate::programs::Programs;
use crate::step::Steps;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running server. It ends when its standard input does, so it does not outlive this process either.
pub(crate) struct Database {
    child: Child,
    pub(crate) place: Place,
}

/// Where it is.
#[derive(Deserialize)]
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
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let place = serde_json::from_str(&line).context("the database did not start")?;
        Ok(Self { child, place })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
