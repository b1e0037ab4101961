//! The shader that both sides run.

/// Each workgroup counts in memory for about a millisecond of one core: no compiler shortens that. Mesa ends every thread
/// after 65,535 rounds of its loops, so it is the number of workgroups that says how long a dispatch takes.
pub(crate) const SPIN: &str = "
    @group(0) @binding(0) var<storage, read_write> count: array<atomic<u32>>;
    @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) {
        // Each in a cache line of its own: cores that share one wait for each other.
        let own = id.x % 64u * 32u;
        for (var i = 0u; i < 50000u; i++) { atomicAdd(&count[own], 1u); }
    }";

/// One of no cost.
pub(crate) const NOTHING: &str = "
    @group(0) @binding(0) var<storage, read_write> count: array<atomic<u32>>;
    @compute @workgroup_size(1) fn main() { atomicAdd(&count[0], 1u); }";
