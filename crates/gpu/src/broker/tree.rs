//! Reads the kernel's records (`/sys`, `/proc`) as what they may be in a container or a test: missing, huge, of the wrong
//! kind or not text. Nothing here fails, waits or grows without bound.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Bytes of a record; the longest real one has some hundreds.
const RECORD_MAX: u64 = 4096;
/// Entries of a directory; the largest machines have some thousand PCI functions.
const ENTRIES_MAX: usize = 16_384;

/// A file with one short text, without the space around it.
pub(super) fn text(path: &Path) -> Option<String> {
    // What is no regular file is not opened: a pipe would wait for a writer.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(RECORD_MAX)
        .read_to_end(&mut bytes)
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.trim().to_owned())
}

/// A file with one number, decimal or with `0x`.
pub(super) fn number(path: &Path) -> Option<u64> {
    let text = text(path)?;
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The names in a directory that are text, in order, and whether there were more than are looked at.
pub(super) fn names(path: &Path) -> (Vec<String>, bool) {
    let Ok(entries) = fs::read_dir(path) else {
        return (Vec::new(), false);
    };
    let mut names = Vec::new();
    let mut more = false;
    for (seen, entry) in entries.enumerate() {
        if seen == ENTRIES_MAX {
            more = true;
            break;
        }
        names.extend(
            entry
                .ok()
                .and_then(|entry| entry.file_name().into_string().ok()),
        );
    }
    names.sort();
    (names, more)
}

/// The last name of what a symbolic link points to: the kernel's way to refer to another object.
pub(super) fn link(path: &Path) -> Option<String> {
    let target = fs::read_link(path).ok()?;
    target
        .file_name()
        .and_then(OsStr::to_str)
        .map(ToOwned::to_owned)
}

/// Whether a device file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Absent,
    Denied,
    Usable,
}

/// Looks whether this process may use a device file.
pub(super) fn node(path: &Path) -> Node {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() || metadata.file_type().is_char_device() => {}
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Node::Denied,
        _ => return Node::Absent,
    }
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Node::Usable,
        Err(_) => Node::Denied,
    }
}
