//! Variables of the environment, and of a `.env` file below it.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use super::file::EnvFile;
use super::{Answer, Failure, Provider, Reading, Version, ready};
use crate::secret::Secret;

/// How the process is asked for one of its variables.
type LookUp = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// The environment: that of the process, then a `.env` file for what the process does not have. The file never becomes
/// part of the environment of the process.
#[derive(Clone)]
pub struct Variables {
    process: Arc<LookUp>,
    file: Option<Arc<EnvFile>>,
}

impl Variables {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self::from_fn(|name| std::env::var_os(name))
    }

    /// Another environment, for tests.
    pub fn from_fn(process: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self {
            process: Arc::new(process),
            file: None,
        }
    }

    /// The same with a file below it.
    #[must_use]
    pub fn over(mut self, file: EnvFile) -> Self {
        self.file = Some(Arc::new(file));
        self
    }

    /// The file below the environment.
    pub fn file(&self) -> Option<&EnvFile> {
        self.file.as_deref()
    }

    /// The process alone.
    pub fn process(&self, name: &str) -> Option<Secret> {
        // A name with these would be a panic of the standard library on some systems.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        (self.process)(name).map(|value| Secret::new(value.into_vec()))
    }

    /// The present value of a variable.
    pub fn read(&self, name: &str) -> Result<Option<Reading>, Failure> {
        if let Some(value) = self.process(name) {
            return Ok(Some(Reading {
                value,
                version: Version::new("process"),
                origin: "the environment".to_owned(),
            }));
        }
        match &self.file {
            Some(file) => file.read_now(name),
            None => Ok(None),
        }
    }

    /// What the values here depend on besides the process, which has its variables for life.
    pub(super) fn version(&self) -> Option<Version> {
        self.file.as_ref().and_then(|file| file.version())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Variables that are asked for by name; no others are given away.
#[derive(Debug)]
pub struct Env {
    names: Vec<String>,
    variables: Variables,
}

impl Env {
    /// These variables of an environment.
    pub fn new(names: Vec<String>, variables: Variables) -> Self {
        Self { names, variables }
    }
}

impl Provider for Env {
    fn names(&self) -> Answer<'_, Vec<String>> {
        ready(Ok(self.names.clone()))
    }

    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>> {
        let named = self.names.iter().any(|known| known == name);
        ready(if named {
            self.variables.read(name)
        } else {
            Ok(None)
        })
    }

    fn origin(&self) -> String {
        match self.variables.file() {
            Some(file) => format!("the environment and `{}`", file.shown()),
            None => "the environment".to_owned(),
        }
    }
}
