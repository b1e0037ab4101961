//! File descriptors: as many as the system lets this process have, and some that no client can take.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Kept for what is not a client's connection: files of components and of the code cache, connections of guests, health
/// and metrics.
const KEPT: u64 = 256;

/// Raises the bound of this process to what the system allows. How many connections there can be then, at most `wanted`.
pub(crate) fn connections(wanted: usize) -> usize {
    let mut bound = getrlimit(Resource::Nofile);
    let lower = bound.current;
    bound.current = bound.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, bound) {
        tracing::debug!(%error, "the bound of open files stays as it was");
        bound.current = lower;
    }
    let Some(descriptors) = bound.current else {
        return wanted;
    };
    let room = usize::try_from(room(descriptors)).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            connections = room,
            wanted,
            descriptors,
            "fewer connections than --max-connections; each takes a file descriptor: raise `ulimit -n`"
        );
    }
    room.min(wanted)
}

/// Descriptors that clients may have.
fn room(descriptors: u64) -> u64 {
    descriptors.saturating_sub(KEPT.min(descriptors / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_descriptors_are_kept_and_half_of_them_if_there_are_few() {
        assert_eq!(room(10_256), 10_000);
        assert_eq!(room(512), 256);
        assert_eq!(room(60), 30);
        assert_eq!(room(1), 1);
    }

    #[test]
    fn there_are_no_more_connections_than_wanted() {
        assert_eq!(connections(1), 1);
    }
}
