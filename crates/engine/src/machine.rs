//! What this machine has, as far as limits are sized by it.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// What is assumed of a machine that does not say how much memory it has.
const ASSUMED_MEMORY: u64 = 4 << 30;

/// Bytes of memory that this process may use: the machine's, or its container's where that is less.
pub(crate) fn memory() -> u64 {
    let ram = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let Ok(system) = System::new_with_specifics(ram) else {
        return ASSUMED_MEMORY;
    };
    let machine = system.total_memory();
    let container = system.cgroup_limits().map(|limits| limits.total_memory);
    match container.unwrap_or(machine).min(machine) {
        0 => ASSUMED_MEMORY,
        bytes => bytes,
    }
}

/// Threads that can run at the same time.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
