//! No core dumps: they would hold the secrets of guests, on disk.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Makes the kernel write none of this process, and of what it starts. The upper bound stays as it was, so that who wants
/// one can raise the limit of a running process again.
pub(crate) fn refuse() {
    let mut bound = getrlimit(Resource::Core);
    // Not 0: that stops only dumps to files. 1 stops those that are handed to a program, too.
    let least = bound.maximum.map_or(1, |maximum| maximum.min(1));
    bound.current = Some(least);
    if let Err(error) = setrlimit(Resource::Core, bound) {
        tracing::debug!(%error, "core dumps stay possible");
    }
}
