//! Compiled code on disk, keyed by what it was made from and what made it.
//!
//! An entry is three files: `<key>.wasm`, the component; `<key>.cwasm`, native code; and `<key>.sum`, its checksum. Each
//! is written under a temporary name and renamed, the checksum last, so that a reader sees a whole entry or none. The
//! directory must belong to this user alone: whoever can write to it can make the host run native code.
//!
//! A file whose checksum was right is not read again as long as it is the same file, by its inode and times: code that
//! is dropped when it lies idle comes back by a map alone.

#![expect(
    unsafe_code,
    reason = "mapping our own compiled code is unsafe by nature; see the SAFETY comment"
)]

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::Engine;
use wasmtime::component::Component;

/// Names an entry: the content's digest and the engine's configuration and CPU features, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of `bytes` for this engine.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Self {
        let mut hasher = EngineHasher(blake3::Hasher::new());
        hasher.0.update(FORMAT);
        // Covers wasmtime's version, its settings, and the CPU features that code is made for.
        std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
        hasher.0.update(blake3::hash(bytes).as_bytes());
        Self(*hasher.0.finalize().as_bytes())
    }

    fn hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

/// Changes with the form of an entry, so that another version's entries are not found rather than called corrupt.
const FORMAT: &[u8] = b"weft code cache 2";

/// Age at which a half-written file has no writer any more.
const ABANDONED: std::time::Duration = std::time::Duration::from_mins(10);

/// Files that this process began to write: caches that share a directory must not write to each other's.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// A directory of compiled code.
#[derive(Debug)]
pub struct DiskCache {
    dir: PathBuf,
    /// Files whose checksums were right, by entry.
    checked: Mutex<HashMap<Key, Stamp>>,
}

/// Tells a file from every other, and from itself before it was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Why a cache directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("cannot make the code cache `{}`; choose another with --cache-dir, or none with --no-cache", .dir.display())]
    Create { dir: PathBuf, source: io::Error },
    #[error(
        "the code cache `{}` can be written by others, who could then run native code here; make it private with \
         `chmod 700`, or choose another with --cache-dir",
        .dir.display()
    )]
    NotPrivate { dir: PathBuf },
    #[error(
        "the code cache `{}` belongs to another user, who could run native code here; choose another with --cache-dir",
        .dir.display()
    )]
    NotOurs { dir: PathBuf },
}

/// What a look-up found.
#[derive(Debug)]
pub enum Found {
    /// Good code, mapped.
    Code(Component),
    /// No entry.
    Nothing,
    /// An entry that is damaged, with what is wrong with it.
    Corrupt(String),
}

impl DiskCache {
    /// Opens a directory, making it if need be.
    pub fn open(dir: &Path) -> Result<Self, CacheError> {
        let create = |source| CacheError::Create {
            dir: dir.to_owned(),
            source,
        };
        private_dir(dir).map_err(create)?;
        let metadata = fs::metadata(dir).map_err(create)?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(CacheError::NotOurs {
                dir: dir.to_owned(),
            });
        }
        sweep(dir);
        if !is_private(&metadata) {
            return Err(CacheError::NotPrivate {
                dir: dir.to_owned(),
            });
        }
        Ok(Self {
            dir: dir.to_owned(),
            checked: Mutex::default(),
        })
    }

    /// Looks an entry up, checks it and maps it.
    pub fn load(&self, engine: &Engine, key: Key) -> Found {
        let code = self.code_path(key);
        match self.check(key, &code) {
            Ok(true) => {}
            Ok(false) => return Found::Nothing,
            Err(why) => return Found::Corrupt(why),
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that may load native code"
        )]
        // SAFETY: the file was written by `store` below from `Component::serialize` of an engine with this very key,
        // its checksum has been compared since it was written to last, and its directory is writable by this user
        // alone.
        let component = unsafe { Component::deserialize_file(engine, &code) };
        component.map_or_else(
            |error| Found::Corrupt(format!("the engine refuses it: {error:#}")),
            Found::Code,
        )
    }

    /// Whether there is an entry; with what is wrong if it is damaged.
    fn check(&self, key: Key, code: &Path) -> Result<bool, String> {
        let stamp = Stamp::of(code);
        let known = self.checked().get(&key).copied();
        if stamp.is_some() && stamp == known {
            return Ok(true);
        }
        let expected = match fs::read_to_string(self.sum_path(key)) {
            Ok(sum) => sum,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(format!("its checksum cannot be read: {error}")),
        };
        let actual = match fs::read(code) {
            Ok(bytes) => checksum(key, &bytes),
            Err(error) => return Err(format!("its code cannot be read: {error}")),
        };
        if actual != expected.trim() {
            return Err("its checksum does not match".to_owned());
        }
        // Of before it was read: one that changes meanwhile is read again.
        if let Some(stamp) = stamp {
            self.checked().insert(key, stamp);
        }
        Ok(true)
    }

    fn checked(&self) -> MutexGuard<'_, HashMap<Key, Stamp>> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an entry, replacing what is there.
    pub fn store(&self, key: Key, component: &Component) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        let sum = checksum(key, &code);
        self.replace(&self.code_path(key), &code)?;
        self.replace(&self.sum_path(key), sum.as_bytes())
    }

    /// Keeps the component that an entry is made from, so that the entry can be made again.
    pub fn store_source(&self, key: Key, bytes: &[u8]) -> io::Result<()> {
        let path = self.source_path(key);
        if fs::read(&path).is_ok_and(|known| known == bytes) {
            Ok(())
        } else {
            self.replace(&path, bytes)
        }
    }

    /// Reads a component back, and makes sure that it is the one that was kept.
    pub fn load_source(&self, engine: &Engine, key: Key) -> io::Result<Arc<[u8]>> {
        let bytes = fs::read(self.source_path(key))?;
        if Key::new(engine, &bytes) != key {
            let damaged = "the component in the code cache was changed";
            return Err(io::Error::new(io::ErrorKind::InvalidData, damaged));
        }
        Ok(bytes.into())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let serial = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let temporary = self
            .dir
            .join(format!("new-{}-{serial}", std::process::id()));
        let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
        written.inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })
    }

    fn code_path(&self, key: Key) -> PathBuf {
        self.dir.join(format!("{}.cwasm", key.hex()))
    }

    fn source_path(&self, key: Key) -> PathBuf {
        self.dir.join(format!("{}.wasm", key.hex()))
    }

    fn sum_path(&self, key: Key) -> PathBuf {
        self.dir.join(format!("{}.sum", key.hex()))
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The checksum of an entry. The key is in it, so that the code of one entry is not taken for another's.
fn checksum(key: Key, code: &[u8]) -> String {
    blake3::Hasher::new_keyed(&key.0)
        .update(code)
        .finalize()
        .to_hex()
        .to_string()
}

/// Removes what a process that was killed left half written.
fn sweep(dir: &Path) {
    let half_written = |entry: &fs::DirEntry| {
        let old = entry.metadata().and_then(|metadata| metadata.modified());
        let old = old.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED));
        old && entry.file_name().to_string_lossy().starts_with("new-")
    };
    for entry in fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(half_written)
    {
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(unix)]
fn private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o022 == 0
}

/// Feeds what wasmtime hashes of its configuration into a digest that is the same in every process.
struct EngineHasher(blake3::Hasher);

impl std::hash::Hasher for EngineHasher {
    fn finish(&self) -> u64 {
        let digest = self.0.finalize();
        digest
            .as_bytes()
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
