//! The token: out of a file that others cannot read, or out of `VAULT_TOKEN`. It is read anew for each request, so that one
//! that was renewed or exchanged is used at once.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use http::HeaderValue;
use weft_settings::{Failure, FailureKind, Variables};
use zeroize::Zeroizing;

/// The variable that has the token if no file is named.
pub(crate) const VARIABLE: &str = "VAULT_TOKEN";

/// Longer than any token.
const BYTES_MAX: u64 = 64 << 10;

/// Where the token comes from.
#[derive(Clone, Debug)]
pub enum TokenFrom {
    /// A file with nothing else in it.
    File(PathBuf),
    /// The variable `VAULT_TOKEN`.
    Environment(Variables),
}

impl TokenFrom {
    /// The token as the value of a header, which no `Debug` shows.
    pub(crate) fn read(&self) -> Result<HeaderValue, Failure> {
        let (bytes, place) = match self {
            Self::File(path) => (of_file(path)?, format!("the file `{}`", path.display())),
            Self::Environment(variables) => {
                let Some(reading) = variables.read(VARIABLE)? else {
                    let message = format!("there is no token for Vault: `{VARIABLE}` is not set");
                    return Err(Failure::new(FailureKind::Refused, message)
                        .help("set it, or name a file with the token in `tokenFile`"));
                };
                (
                    Zeroizing::new(reading.value.expose().to_vec()),
                    format!("`{VARIABLE}`"),
                )
            }
        };
        let token = bytes.trim_ascii();
        let mut value = match HeaderValue::from_bytes(token) {
            Ok(value) if !token.is_empty() => value,
            _ => {
                let message = format!("{place} holds no token for Vault");
                return Err(Failure::new(FailureKind::Malformed, message)
                    .help("a token is one line of plain characters"));
            }
        };
        value.set_sensitive(true);
        Ok(value)
    }
}

fn of_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let shown = path.display();
    // Not `NotFound`: it is not the secret that is missing.
    let unreadable = |error: std::io::Error| {
        let message = format!("the token for Vault in `{shown}` cannot be read: {error}");
        Failure::new(FailureKind::Io, message).help("write the token into that file")
    };
    let no_file = || {
        let message = format!("`{shown}`, which is to hold the token for Vault, is not a file");
        Err(Failure::new(FailureKind::Refused, message).help("write the token into a file"))
    };
    // To open a pipe would wait for whoever writes to it.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return no_file();
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return no_file();
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o007 != 0 {
        let message = format!(
            "every user of this machine may use `{shown}`, the token for Vault: it has mode {mode:04o}"
        );
        return Err(Failure::new(FailureKind::Refused, message).help(format!("chmod 600 {shown}")));
    }
    let size = metadata.len().min(BYTES_MAX);
    // One allocation, so that no part of the token stays behind when it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(size).unwrap_or_default() + 1,
    ));
    file.take(size)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}
