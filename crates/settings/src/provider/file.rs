//! A `.env` file: for a source of the project file (`file:`), or below the environment of the process.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::env::Variables;
use super::{Answer, Failure, FailureKind, Provider, Reading, Unset, Version, ready};
use crate::dotenv::{self, Problem, Refused};
use crate::open::{self, Place, Stamp};

/// A `.env` file that is read again when it is another than before.
#[derive(Debug)]
pub struct EnvFile {
    place: Place,
    secret: bool,
    /// Whether somebody counts on the file. If not, one that is not there is an empty one.
    required: bool,
    /// Where expansions look for names that the file does not have.
    variables: Variables,
    cached: Mutex<Option<Cached>>,
}

/// What was read.
#[derive(Clone, Debug)]
struct Cached {
    stamp: Stamp,
    /// Whether the stamp would be another if the file were.
    settled: bool,
    /// What the expansions were made with.
    outer: Option<Version>,
    /// How often the values were others under the same stamp.
    revision: u64,
    document: Arc<dotenv::Document>,
}

impl Cached {
    fn version(&self) -> Version {
        let outer = self.outer.as_ref().map(Version::as_str).unwrap_or_default();
        Version::new(format!(
            "{}.{}.{outer}",
            self.stamp.version().as_str(),
            self.revision
        ))
    }

    /// The number of this reading, which followed another.
    fn revision_after(before: Option<&Self>, document: &dotenv::Document) -> u64 {
        let Some(before) = before else { return 0 };
        let values = |document: &dotenv::Document| {
            let entries = document.entries.iter();
            entries
                .map(|entry| (entry.name.clone(), entry.value.clone()))
                .collect::<Vec<_>>()
        };
        let (old, new) = (values(&before.document), values(document));
        let same = old.len() == new.len()
            && old
                .iter()
                .zip(&new)
                .all(|((name, value), (other, another))| {
                    name == other && value.expose() == another.expose()
                });
        before.revision.saturating_add(u64::from(!same))
    }
}

impl EnvFile {
    /// A file that a source names. One of secrets must have mode 0600 or 0400. `variables` is where `${NAME}` is looked
    /// up.
    pub fn source(place: Place, secret: bool, variables: Variables) -> Self {
        Self {
            place,
            secret,
            required: true,
            variables,
            cached: Mutex::new(None),
        }
    }

    /// The file below the environment of the process, which need not be there.
    pub fn of_project(place: Place, process: Variables) -> Self {
        Self {
            place,
            secret: false,
            required: false,
            variables: process,
            cached: Mutex::new(None),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// The file as people write it.
    pub fn shown(&self) -> &str {
        self.place.shown()
    }

    /// What the file holds now; none if it is not there.
    pub fn document(&self) -> Result<Option<Arc<dotenv::Document>>, Failure> {
        Ok(self.load()?.map(|cached| cached.document))
    }

    pub(super) fn version(&self) -> Option<Version> {
        match self.load() {
            Ok(cached) => cached.map(|cached| cached.version()),
            Err(_) => Some(Version::new("unreadable")),
        }
    }

    /// The present value of a name.
    pub(super) fn read_now(&self, name: &str) -> Result<Option<Reading>, Failure> {
        let Some(cached) = self.load()? else {
            return if self.required {
                Err(self.absent())
            } else {
                Ok(None)
            };
        };
        let mut entries = cached.document.entries.iter();
        Ok(entries
            .find(|entry| entry.name == name)
            .map(|entry| Reading {
                value: entry.value.clone(),
                version: cached.version(),
                origin: format!("{}:{}", self.shown(), entry.line),
            }))
    }

    fn absent(&self) -> Failure {
        let shown = self.shown();
        let example = Path::new(&format!("{}.example", self.path().display())).is_file();
        let help = match example {
            true => {
                format!("run: cp {shown}.example {shown}; then chmod 600 {shown}, and fill it in")
            }
            false => "write it, with one `NAME=value` in each line".to_owned(),
        };
        Failure::new(
            FailureKind::NotFound,
            format!("the file `{shown}` is not there"),
        )
        .help(help)
    }

    /// Reads the file unless it is as it was. None if it is not there.
    fn load(&self) -> Result<Option<Cached>, Failure> {
        let Some(mut file) = self.place.open()? else {
            *self.cached() = None;
            return Ok(None);
        };
        let outer = self.variables.version();
        let metadata = open::checked(&file, self.shown(), self.secret)?;
        let stamp = Stamp::of(&metadata);
        let known = self.cached().clone();
        if let Some(known) = &known
            && known.stamp == stamp
            && known.settled
            && known.outer == outer
        {
            return Ok(Some(known.clone()));
        }
        let settled = stamp.is_settled();
        let bytes = open::bytes(&mut file, metadata.len(), self.shown())?;
        let look_up = |name: &str| {
            let found = self.variables.read(name).ok().flatten();
            found.map(|reading| reading.value)
        };
        let document =
            dotenv::parse(&bytes, &look_up).map_err(|refused| self.malformed(&refused))?;
        let loaded = Cached {
            stamp,
            settled,
            outer,
            revision: Cached::revision_after(known.as_ref(), &document),
            document: Arc::new(document),
        };
        *self.cached() = Some(loaded.clone());
        Ok(Some(loaded))
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Option<Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All problems of the file, each with its place.
    fn malformed(&self, refused: &Refused) -> Failure {
        let shown = self.shown();
        let line = |problem: &Problem| format!("\n  {shown}:{problem}");
        let lines: String = refused.problems.iter().map(line).collect();
        let more = match refused.omitted {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        let unset = |problem: &Problem| {
            Some(Unset {
                name: problem.unset.clone()?,
                place: format!("{shown}:{}", problem.line),
            })
        };
        Failure {
            kind: FailureKind::Malformed,
            message: format!("`{shown}` cannot be understood:{lines}{more}"),
            help: None,
            unset: refused.problems.iter().filter_map(unset).collect(),
        }
    }
}

impl Provider for EnvFile {
    fn names(&self) -> Answer<'_, Vec<String>> {
        ready(match self.load() {
            Ok(Some(cached)) => {
                let entries = cached.document.entries.iter();
                Ok(entries.map(|entry| entry.name.clone()).collect())
            }
            Ok(None) if self.required => Err(self.absent()),
            Ok(None) => Ok(Vec::new()),
            Err(failure) => Err(failure),
        })
    }

    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>> {
        ready(self.read_now(name))
    }

    fn origin(&self) -> String {
        format!("the file `{}`", self.shown())
    }
}
