//! Opening files and folders that the project file names, so that nothing else is opened: a relative path stays below
//! the project's folder and leads over no symbolic link, and no path ends at one.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, Mode, OFlags, openat};
use zeroize::Zeroizing;

use crate::provider::{Failure, FailureKind, Version};

/// More than this of one file is not read.
const FILE_MAX: u64 = 16 * 1024 * 1024;
/// A file that changed so shortly before it was read may change again without another time stamp.
const RACY: Duration = Duration::from_secs(2);

/// A path as a project file gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The project's folder for a relative path.
    base: Option<PathBuf>,
    /// Where it is: the whole path.
    path: PathBuf,
    /// How people write it.
    shown: String,
}

impl Place {
    /// Takes a path of a project file: relative to `base`, absolute, or `~/` below the home folder.
    ///
    /// A relative path that leads out of `base` is refused.
    pub fn new(base: &Path, written: &Path) -> Result<Self, Failure> {
        let shown = written.display().to_string();
        if let Ok(below) = written.strip_prefix("~") {
            let Some(home) = std::env::home_dir().filter(|home| home.is_absolute()) else {
                let message = format!("`{shown}`: there is no home folder");
                return Err(
                    Failure::new(FailureKind::Refused, message).help("write the whole path")
                );
            };
            return Ok(Self {
                base: None,
                path: home.join(below),
                shown,
            });
        }
        if written.is_absolute() {
            return Ok(Self {
                base: None,
                path: written.to_owned(),
                shown,
            });
        }
        let Some(below) = beneath(written) else {
            let message = format!("`{shown}` leads out of the project's folder");
            let help = "keep it in the project, or write an absolute path or one with `~/`";
            return Err(Failure::new(FailureKind::Refused, message).help(help));
        };
        Ok(Self {
            base: Some(base.to_owned()),
            path: base.join(below),
            shown,
        })
    }

    /// Whether the user wrote a whole path, or one below the home folder.
    pub(crate) fn is_absolute(&self) -> bool {
        self.base.is_none()
    }

    /// The whole path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How people write it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Opens the file or folder. None if it is not there.
    pub(crate) fn open(&self) -> Result<Option<File>, Failure> {
        let opened = match &self.base {
            Some(base) => match self.path.strip_prefix(base) {
                Ok(below) => walk(base, below),
                Err(_) => Err(rustix::io::Errno::NOENT),
            },
            None => open_at(CWD, &self.path, OFlags::empty()),
        };
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(errno) => self.not_opened(errno),
        }
    }

    fn not_opened(&self, errno: rustix::io::Errno) -> Result<Option<File>, Failure> {
        let shown = &self.shown;
        let failure = match errno {
            rustix::io::Errno::NOENT => return Ok(None),
            rustix::io::Errno::LOOP | rustix::io::Errno::MLINK => {
                let message = format!("`{shown}` is or leads over a symbolic link");
                Failure::new(FailureKind::Refused, message)
                    .help("name the file itself; a mounted folder of links is read with `dir:`")
            }
            // With O_NOFOLLOW | O_DIRECTORY a link on the way is no folder.
            rustix::io::Errno::NOTDIR => {
                let message =
                    format!("a part of `{shown}` is not a folder, but a file or a symbolic link");
                Failure::new(FailureKind::Refused, message).help("name the file by its real path")
            }
            rustix::io::Errno::ACCESS | rustix::io::Errno::PERM => {
                let message = format!("`{shown}` cannot be opened: permission denied");
                Failure::new(FailureKind::Io, message)
                    .help("give its owner the right to read it: chmod 600")
            }
            other => Failure::new(
                FailureKind::Io,
                format!("`{shown}` cannot be opened: {other}"),
            ),
        };
        Err(failure)
    }
}

/// The path without `.` and `..`; none if it leads out of where it starts, or nowhere.
fn beneath(path: &Path) -> Option<PathBuf> {
    let mut parts: Vec<OsString> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.into_iter().collect())
}

fn open_at(
    folder: impl std::os::fd::AsFd,
    path: &Path,
    more: OFlags,
) -> Result<File, rustix::io::Errno> {
    // Without O_NONBLOCK a pipe would be waited for.
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    openat(folder, path, flags | more, Mode::empty()).map(File::from)
}

/// Opens a path below a folder step by step, each without following a link.
pub(crate) fn walk(base: &Path, below: &Path) -> Result<File, rustix::io::Errno> {
    // The folder itself is where the user is; links on the way to it are theirs.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let mut at = File::from(openat(CWD, base, flags, Mode::empty())?);
    let mut parts = below.components().peekable();
    while let Some(part) = parts.next() {
        let more = match parts.peek() {
            Some(_) => OFlags::DIRECTORY,
            None => OFlags::empty(),
        };
        at = open_at(&at, Path::new(part.as_os_str()), more)?;
    }
    Ok(at)
}

/// Tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a later change is sure to give another stamp, at the present time.
    pub(crate) fn is_settled(&self) -> bool {
        let (seconds, _) = self.modified.max(self.changed);
        let Ok(seconds) = u64::try_from(seconds) else {
            return true;
        };
        let last = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        last.and_then(|last| SystemTime::now().duration_since(last).ok())
            .is_some_and(|age| age > RACY)
    }

    pub(crate) fn version(&self) -> Version {
        let Self {
            device,
            inode,
            bytes,
            modified,
            changed,
        } = self;
        Version::new(format!(
            "{device:x}.{inode:x}.{bytes:x}.{}.{}.{}.{}",
            modified.0, modified.1, changed.0, changed.1
        ))
    }
}

/// The metadata of an open file, which must be a file, and for a secret one that only its owner may read.
pub(crate) fn checked(file: &File, shown: &str, secret: bool) -> Result<Metadata, Failure> {
    let metadata = file.metadata().map_err(|error| {
        Failure::new(
            FailureKind::Io,
            format!("`{shown}` cannot be looked at: {error}"),
        )
    })?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a folder"
        } else {
            "no ordinary file"
        };
        let failure = Failure::new(FailureKind::Refused, format!("`{shown}` is {what}"));
        return Err(match metadata.is_dir() {
            true => failure.help("a folder with one file for each name is read with `dir:`"),
            false => failure,
        });
    }
    let mode = metadata.mode() & 0o7777;
    if secret && !matches!(mode, 0o600 | 0o400) {
        let message =
            format!("the secret file `{shown}` has mode {mode:04o}, but 0600 or 0400 is required");
        return Err(
            Failure::new(FailureKind::Refused, message).help(format!("run: chmod 600 {shown}"))
        );
    }
    if metadata.len() > FILE_MAX {
        let message = format!(
            "`{shown}` has {} MiB, of at most {}",
            metadata.len().div_ceil(1 << 20),
            FILE_MAX >> 20
        );
        return Err(Failure::new(FailureKind::Refused, message)
            .help("hand large data to a component in a volume"));
    }
    Ok(metadata)
}

/// All bytes of an open file. They are wiped when dropped, and nothing of them is left where the buffer grew.
pub(crate) fn bytes(
    file: &mut File,
    size: u64,
    shown: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |error| {
        Failure::new(
            FailureKind::Io,
            format!("`{shown}` cannot be read: {error}"),
        )
    };
    let size = usize::try_from(size).unwrap_or_default();
    let mut bytes = Zeroizing::new(vec![0; size]);
    let mut filled: usize = 0;
    while let Some(free) = bytes.get_mut(filled..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
