//! What is known of the files in a project: enough to tell whether one is different from before.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::ignored::Ignored;

/// Larger files are told apart by size and time instead of content, so that looking stays quick.
const READ_MAX: u64 = 1 << 20;

/// The source files under a folder.
pub(super) struct Tree {
    ignored: Ignored,
    /// A digest of each file's content.
    known: BTreeMap<PathBuf, u64>,
    /// The same for files and folders of settings.
    values: BTreeMap<PathBuf, u64>,
}

impl Tree {
    /// A tree of which nothing is known yet.
    pub(super) fn new(root: &Path, outside: Vec<PathBuf>) -> Self {
        Self {
            ignored: Ignored::new(root, outside),
            known: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    /// Replaces the folders that hold no sources.
    pub(super) fn leave_out(&mut self, outside: Vec<PathBuf>) {
        self.ignored.leave_out(outside);
    }

    /// Whether a path is or may hold a source.
    pub(super) fn holds(&mut self, path: &Path) -> bool {
        !self.ignored.covers(path, path.is_dir())
    }

    /// Looks at a file or folder and everything in it. `found` is told each folder before its files are read, so that
    /// what is written from then on is not missed. Returns the files that are new, different or gone.
    pub(super) fn look_at(&mut self, path: &Path, found: &mut impl FnMut(&Path)) -> Vec<PathBuf> {
        let mut different = Vec::new();
        if is_folder(path) {
            let mut seen = Vec::new();
            self.walk(path, found, &mut seen);
            seen.sort();
            let gone =
                |known: &&PathBuf| known.starts_with(path) && seen.binary_search(known).is_err();
            let gone: Vec<PathBuf> = self.known.keys().filter(gone).cloned().collect();
            for file in seen.into_iter().chain(gone) {
                if self.compare(&file) {
                    different.push(file);
                }
            }
        } else if path.symlink_metadata().is_ok() {
            if self.compare(path) {
                different.push(path.to_owned());
            }
        } else {
            // A folder that was moved away takes its files along without an event for each.
            let gone: Vec<PathBuf> = self
                .known
                .keys()
                .filter(|known| known.starts_with(path))
                .cloned()
                .collect();
            different.extend(gone.into_iter().filter(|file| self.compare(file)));
        }
        different
    }

    /// Whether a file or folder of settings is different from what is known of it; then that is known. So is its mode: a
    /// file that was refused may be readable now.
    pub(super) fn compare_values(&mut self, path: &Path) -> bool {
        let before = self.values.get(path).copied();
        let now = digest_of_values(path);
        match now {
            Some(now) => self.values.insert(path.to_owned(), now),
            None => self.values.remove(path),
        };
        before != now
    }

    /// Whether a file is different from what is known of it; then that is known.
    pub(super) fn compare(&mut self, file: &Path) -> bool {
        let before = self.known.get(file).copied();
        let now = digest(file);
        match now {
            Some(now) => self.known.insert(file.to_owned(), now),
            None => self.known.remove(file),
        };
        if before != now
            && file.file_name().is_some_and(|name| name == ".gitignore")
            && let Some(folder) = file.parent()
        {
            self.ignored.read_again(folder);
        }
        before != now
    }

    fn walk(&mut self, folder: &Path, found: &mut impl FnMut(&Path), files: &mut Vec<PathBuf>) {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            found(&folder);
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let path = entry.path();
                if self.ignored.covers_itself(&path, path.is_dir()) {
                    continue;
                }
                // Symbolic links are not followed: they may lead in circles.
                if is_folder(&path) {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
}

/// A digest of a file's content and mode, or of those of the files in a folder; none if there is nothing there.
fn digest_of_values(path: &Path) -> Option<u64> {
    let state = |file: &Path| {
        let mode = fs::metadata(file).map(|metadata| metadata.permissions().mode());
        (digest(file), mode.ok())
    };
    let mut hasher = DefaultHasher::new();
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            (&file, state(&file)).hash(&mut hasher);
        }
    } else {
        state(path).0?;
        state(path).hash(&mut hasher);
    }
    Some(hasher.finish())
}

/// A digest of a file's content; none if there is no such file.
fn digest(file: &Path) -> Option<u64> {
    let metadata = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    let mut hasher = DefaultHasher::new();
    if metadata.len() > READ_MAX {
        (metadata.len(), metadata.modified().ok()).hash(&mut hasher);
    } else {
        // An unreadable file is as good as an empty one until it can be read.
        fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    Some(hasher.finish())
}

#[cfg(test)]
mod tests;
