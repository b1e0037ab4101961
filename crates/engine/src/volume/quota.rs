//! The size limit of an emptyDir volume.
//!
//! Writers are charged what they write, before it is written. What is overwritten or deleted is not credited at once:
//! when the allowance runs out the directory is measured, and the allowance starts again from what is really free. So
//! the limit holds without watching every file, and measuring is rare. Files that were unlinked but are still open take
//! space that no directory shows; they are counted through the handles that were opened under the limit.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What an entry of a directory costs beside its content, in bytes. Bounds the number of files.
pub(crate) const ENTRY: u64 = 4096;

/// The bytes that a directory tree may still take.
#[derive(Debug)]
pub(crate) struct Quota {
    dir: PathBuf,
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    allowance: u64,
    /// Charged since the directory was measured.
    charged: u64,
    /// Bytes that have to be charged before measuring again, so that measuring costs less than what was written.
    worth: u64,
    /// But no matter what was charged, measuring is fine from this time on.
    not_before: Option<Instant>,
    /// Files that were opened under the limit; some may be open no more.
    open: Vec<Weak<File>>,
    /// Length of `open` at which it is cleared of closed files.
    tidy_at: usize,
}

/// What a directory tree takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    bytes: u64,
    entries: u64,
}

/// The volume is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Quota {
    /// A limit for an empty directory.
    pub(crate) fn new(dir: PathBuf, limit: u64) -> Arc<Self> {
        Arc::new(Self {
            dir,
            limit,
            state: Mutex::new(State {
                allowance: limit,
                charged: 0,
                worth: 0,
                not_before: None,
                open: Vec::new(),
                tidy_at: 64,
            }),
        })
    }

    /// Takes `bytes` from what is left.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), Full> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.allowance < bytes {
            let now = Instant::now();
            let too_soon = state.not_before.is_some_and(|time| now < time);
            // A guest that writes to a full volume must not keep the host measuring.
            if too_soon && state.charged < state.worth {
                return Err(Full);
            }
            let used = state.unlinked().plus(used(&self.dir));
            state.allowance = self.limit.saturating_sub(used.bytes);
            state.charged = 0;
            state.worth = used.entries.saturating_add(1).saturating_mul(ENTRY);
            // At most a twentieth of one core goes into measuring.
            state.not_before =
                Some(now + now.elapsed().saturating_mul(20) + Duration::from_millis(1));
        }
        state.allowance = state.allowance.checked_sub(bytes).ok_or(Full)?;
        state.charged = state.charged.saturating_add(bytes);
        Ok(())
    }

    /// Remembers an open file: its space is taken for as long as it is open, unlinked or not.
    pub(crate) fn opened(&self, file: &Arc<File>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open.len() >= state.tidy_at {
            state.open.retain(|file| file.strong_count() > 0);
            state.tidy_at = state.open.len().saturating_mul(2).max(64);
        }
        state.open.push(Arc::downgrade(file));
    }
}

impl State {
    fn unlinked(&mut self) -> Used {
        let mut used = Used::default();
        self.open.retain(|file| file.strong_count() > 0);
        for metadata in self
            .open
            .iter()
            .filter_map(Weak::upgrade)
            .filter_map(|file| file.metadata().ok())
            .filter(|metadata| metadata.nlink() == 0)
        {
            used = used.plus(Used {
                bytes: metadata.len(),
                entries: 1,
            });
        }
        used
    }
}

impl Used {
    fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            entries: self.entries.saturating_add(other.entries),
        }
    }
}

/// What a directory tree takes: the length of each file and [`ENTRY`] for each entry. Links are not followed.
fn used(dir: &Path) -> Used {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Used::default(),
        // What cannot be measured, such as a tree deeper than a path may be long, counts as full.
        Err(_) => {
            return Used {
                bytes: u64::MAX,
                entries: 1,
            };
        }
    };
    entries.flatten().fold(Used::default(), |sum, entry| {
        let below = match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => used(&entry.path()),
            Ok(metadata) => Used {
                bytes: metadata.len(),
                entries: 0,
            },
            Err(_) => Used::default(),
        };
        sum.plus(below).plus(Used {
            bytes: ENTRY,
            entries: 1,
        })
    })
}

#[cfg(test)]
mod tests;
