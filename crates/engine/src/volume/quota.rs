//! The size limit of an emptyDir volume.
//!
//! Writers are charged what they write, before it is written. What is overwritten or deleted is not credited at once:
//! when the allowance runs out the directory is measured, and the allowance starts again from what is really free. So
//! the limit holds without watching every file, and measuring is rare.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// No measuring before this time: a guest that writes to a full volume must not keep the host measuring.
    not_before: Option<Instant>,
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
                not_before: None,
            }),
        })
    }

    /// Takes `bytes` from what is left.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), Full> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.allowance < bytes {
            let now = Instant::now();
            if state.not_before.is_some_and(|time| now < time) {
                return Err(Full);
            }
            state.allowance = self.limit.saturating_sub(used(&self.dir));
            // At most a twentieth of one core goes into measuring.
            state.not_before =
                Some(now + now.elapsed().saturating_mul(20) + Duration::from_millis(1));
        }
        state.allowance = state.allowance.checked_sub(bytes).ok_or(Full)?;
        Ok(())
    }
}

/// Bytes that a directory tree takes: the length of each file and [`ENTRY`] for each entry. Links are not followed.
fn used(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    entries.flatten().fold(0, |sum: u64, entry| {
        let size = match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => used(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        };
        sum.saturating_add(size).saturating_add(ENTRY)
    })
}

#[cfg(test)]
mod tests;
