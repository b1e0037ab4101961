//! A folder with one file for each name, as Kubernetes mounts its ConfigMaps and Secrets.
//!
//! Such a mount is made of links: `password -> ..data/password`, and `..data -> ..2026_11_23` is exchanged in one step
//! when values change. Links within the folder are therefore followed, and none that leads out of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Answer, Failure, FailureKind, Provider, Reading, Version, ready};
use crate::open::{self, Place, Stamp};
use crate::secret::Secret;

/// How often a read begins again because the folder was exchanged meanwhile.
const TRIES: usize = 8;

/// A folder with one file for each name. A name is read again when its file is another than before.
#[derive(Debug)]
pub struct Dir {
    place: Place,
    cached: Mutex<BTreeMap<String, Cached>>,
}

/// What was read of one file.
#[derive(Clone, Debug)]
struct Cached {
    stamp: Stamp,
    /// Whether the stamp would be another if the file were.
    settled: bool,
    /// How often the value was another under the same stamp.
    revision: u64,
    value: Secret,
}

impl Dir {
    /// A folder that a source names.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            cached: Mutex::new(BTreeMap::new()),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// The folder as people write it.
    pub fn shown(&self) -> &str {
        self.place.shown()
    }

    /// The names that it has; none where it cannot be read.
    pub fn listed(&self) -> Vec<String> {
        self.names_now().unwrap_or_default()
    }

    /// The names of files that every user of the machine may read.
    pub fn open_to_all(&self) -> Vec<String> {
        let open = |name: &String| {
            std::fs::metadata(self.path().join(name))
                .is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
        };
        self.listed().into_iter().filter(open).collect()
    }

    /// The folder without links. Links on the way to it are followed only where the path is absolute.
    fn root(&self) -> Result<PathBuf, Failure> {
        let shown = self.shown();
        let absent = || {
            let message = format!("the folder `{shown}` is not there");
            Failure::new(FailureKind::NotFound, message)
                .help("make it, with one file for each name")
        };
        let opened = match self.place.open() {
            // A mount point that is itself a link is common for absolute paths, and there the user's own doing.
            Err(failure) if !self.place.is_absolute() => return Err(failure),
            Err(_) => None,
            Ok(None) => return Err(absent()),
            Ok(Some(folder)) => Some(folder),
        };
        let is_folder = |folder: &File| folder.metadata().is_ok_and(|metadata| metadata.is_dir());
        let root = std::fs::canonicalize(self.path()).map_err(|_| absent())?;
        if opened.is_some_and(|folder| !is_folder(&folder)) || !root.is_dir() {
            let message = format!("`{shown}` is not a folder");
            return Err(Failure::new(FailureKind::Refused, message)
                .help("a single file is read with `file:`"));
        }
        Ok(root)
    }

    fn names_now(&self) -> Result<Vec<String>, Failure> {
        let shown = self.shown();
        let unreadable = |error: std::io::Error| {
            Failure::new(
                FailureKind::Io,
                format!("the folder `{shown}` cannot be read: {error}"),
            )
        };
        let root = self.root()?;
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&root).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else {
                let message = format!("the folder `{shown}` has a file whose name is not UTF-8");
                return Err(Failure::new(FailureKind::Malformed, message).help("rename it"));
            };
            // Folders are not for names; a link may lead to one.
            if !name.starts_with('.')
                && !std::fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir())
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn read_now(&self, name: &str) -> Result<Option<Reading>, Failure> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
            return Ok(None);
        }
        let root = self.root()?;
        for _ in 0..TRIES {
            let Ok(real) = std::fs::canonicalize(root.join(name)) else {
                // Either it is not there, or its folder was exchanged between two steps.
                if root.join(name).symlink_metadata().is_err() {
                    return Ok(None);
                }
                continue;
            };
            let Ok(below) = real.strip_prefix(&root) else {
                let message = format!("`{}/{name}` leads out of its folder", self.shown());
                return Err(
                    Failure::new(FailureKind::Refused, message).help("put the file itself there")
                );
            };
            // What was exchanged since the path was resolved is not there any more, or a link that is not followed.
            if let Ok(file) = open::walk(&root, below) {
                return self.load(name, file).map(Some);
            }
        }
        let message = format!("`{}/{name}` cannot be opened", self.shown());
        Err(Failure::new(FailureKind::Io, message)
            .help("look whether it is a link to a file that is there, and may be read"))
    }

    fn load(&self, name: &str, mut file: File) -> Result<Reading, Failure> {
        let origin = format!("{}/{name}", self.shown());
        let metadata = open::checked(&file, &origin, false)?;
        let stamp = Stamp::of(&metadata);
        let known = self.cached().get(name).cloned();
        let cached = match known {
            Some(known) if known.stamp == stamp && known.settled => known,
            known => {
                let settled = stamp.is_settled();
                let mut bytes = open::bytes(&mut file, metadata.len(), &origin)?;
                let before = known.as_ref();
                let same = before.is_none_or(|before| before.value.expose() == bytes.as_slice());
                let revision = before.map_or(0, |before| before.revision);
                Cached {
                    stamp,
                    settled,
                    revision: revision.saturating_add(u64::from(!same)),
                    value: Secret::new(std::mem::take(&mut *bytes)),
                }
            }
        };
        let reading = Reading {
            value: cached.value.clone(),
            version: Version::new(format!("{}.{}", stamp.version().as_str(), cached.revision)),
            origin,
        };
        self.cached().insert(name.to_owned(), cached);
        Ok(reading)
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for Dir {
    fn names(&self) -> Answer<'_, Vec<String>> {
        let names = self.names_now();
        if let Ok(names) = &names {
            // What is gone is forgotten.
            self.cached()
                .retain(|name, _| names.binary_search(name).is_ok());
        }
        ready(names)
    }

    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>> {
        let read = self.read_now(name);
        if !matches!(read, Ok(Some(_))) {
            self.cached().remove(name);
        }
        ready(read)
    }

    fn origin(&self) -> String {
        format!("the folder `{}`", self.shown())
    }
}
