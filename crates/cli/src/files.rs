//! Reading files that the user, or a project, names. A pipe would be waited for, and a device may have no end.

use std::io;
use std::path::Path;

/// Bytes of a text. What reads it has a smaller bound and words of its own for that.
const TEXT_MAX: u64 = 64 << 20;

/// All of a file.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    of_at_most(path, u64::MAX)
}

/// All of a file that is to be text.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(text_bytes(path)?)
        .map_err(|_| io::Error::other("it is not text: it holds bytes that no UTF-8 text has"))
}

/// The same, whatever its bytes are.
pub(crate) fn text_bytes(path: &Path) -> io::Result<Vec<u8>> {
    of_at_most(path, TEXT_MAX)
}

fn of_at_most(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if metadata.len() > max {
        return Err(io::Error::other(format!(
            "it has more than {} MiB",
            max >> 20
        )));
    }
    std::fs::read(path)
}
