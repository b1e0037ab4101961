//! Path prefixes of routes, and how the path of a request is matched against them.
//!
//! A prefix matches whole segments: `/api` matches `/api` and `/api/x`, but not `/apix`. Matching compares the path as
//! it was sent, byte by byte. Nothing is decoded or resolved: `..` and `.` are segments like any other, `%61` is not
//! `a`, `%2f` separates nothing, and two slashes stay two. The target is given the same path, so it cannot see
//! another path than the one that was matched.
//!
//! Therefore a request for `/api/../admin` goes to the workload of `/api`, and one for `/%61pi` to the workload of `/`.
//! A client can always choose among the workloads of a host name by writing another path; tricks like these let it do
//! nothing more. They cannot reach another tenant, since a host name belongs to one tenant whatever the path is.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// A prefix has at most this many bytes, which bounds what a look-up costs.
const MAX_BYTES: usize = 256;

/// The paths that a route answers: the path itself, and every path that goes on with a slash. The default is `/`,
/// which is every path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPrefix(
    /// Without a slash at the end, so that the root is empty.
    String,
);

/// Why a text is not a path prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path prefix: {why}")]
pub struct PathPrefixError {
    /// The text, as it was given.
    pub text: String,
    /// What is wrong with it, and what to write instead.
    pub why: &'static str,
}

impl PathPrefix {
    /// The prefix as text, which begins with a slash and ends with one only if it is `/`.
    pub fn as_str(&self) -> &str {
        if self.is_root() { "/" } else { &self.0 }
    }

    /// Whether it is `/`, which matches every path.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// How long the paths are that it matches, at least; 0 for the root.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The parts of a path that a prefix could be equal to, the longest first: `/a/b`, then `/a`, for `/a/b`. Only those of
/// up to `longest` bytes, so that a long path costs no more than the routes are worth. The root is not among them.
pub(crate) fn prefixes(path: &str, longest: usize) -> impl Iterator<Item = &str> {
    let mut rest = if path.len() <= longest {
        Some(path)
    } else {
        // A segment may end where the longest prefix does, so the byte behind that counts. A slash is one byte, hence
        // the cut is between two characters.
        let reach = path.as_bytes().get(..=longest).unwrap_or_default();
        let end = reach.iter().rposition(|byte| *byte == b'/');
        end.and_then(|end| path.get(..end))
    };
    std::iter::from_fn(move || {
        let found = rest.filter(|prefix| !prefix.is_empty())?;
        rest = found.rsplit_once('/').map(|(before, _)| before);
        Some(found)
    })
}

fn check(path: &str) -> Result<&str, &'static str> {
    if !path.starts_with('/') {
        return Err("it begins with a slash, as in `/api`");
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.len() > MAX_BYTES {
        return Err("it has more than 256 bytes");
    }
    if path.contains(['?', '#']) {
        return Err("routes look at the path alone; leave out everything from `?` or `#`");
    }
    // What hyper lets through in a request line; anything else would match nothing.
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(
            "only visible ASCII characters are allowed; write others as clients send them, as in `%C3%BC`",
        );
    }
    let mut segments = path.split('/').skip(1);
    if segments.any(|segment| matches!(segment, "" | "." | "..")) {
        return Err("a part between two slashes is empty, `.` or `..`");
    }
    Ok(path)
}

impl FromStr for PathPrefix {
    type Err = PathPrefixError;

    fn from_str(text: &str) -> Result<Self, PathPrefixError> {
        match check(text) {
            Ok(path) => Ok(Self(path.to_owned())),
            Err(why) => Err(PathPrefixError {
                text: text.to_owned(),
                why,
            }),
        }
    }
}

/// Looked up by what `prefixes` gives.
impl Borrow<str> for PathPrefix {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
