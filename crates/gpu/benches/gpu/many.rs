//! Many: leases at the same time, and buffers one after the other.

use std::time::Instant;

use weft_gpu::gate::Gate;
use weft_gpu::ledger::{Account, Caps, Charged};
use weft_gpu::quota::Quota;
use wgpu_types as wgt;

use crate::kernel::NOTHING;
use crate::ours::{Ours, device, lease, leases};
use crate::{median, percentile};

const LEASES: usize = 100;
const BUFFERS: usize = 10_000;

pub(crate) async fn run() {
    let (adapter, gate) = (
        Account::new("the adapter", Caps::NONE, None),
        Gate::start("bench").expect("a thread"),
    );
    let (before, mut all, mut first) = (resident(), Vec::new(), Vec::new());
    for _ in 0..LEASES {
        let start = Instant::now();
        let lease = lease(Quota::default(), &adapter, &gate);
        let ours = Ours::new(&lease, NOTHING, 1024).await;
        ours.download(64).await;
        first.push(start.elapsed().as_secs_f64() * 1e3);
        all.push(ours);
    }
    let each = resident().saturating_sub(before) / LEASES as u64;
    println!(
        "\n{LEASES} leases with a device and a pipeline each: {} KiB resident each",
        each >> 10
    );
    println!(
        "from nothing to the first result: {:.1} ms, p99 {:.1} ms",
        median(first.clone()),
        percentile(first, 99.0)
    );
    drop(all);

    let (_, [lease]) = leases([Quota::default()]);
    let warm = device(&lease);
    let allocate = || {
        warm.create_buffer(&wgt::BufferDescriptor {
            label: None,
            size: 16 << 20,
            usage: wgt::BufferUsages::STORAGE,
            mapped_at_creation: false,
        })
    };
    (0..100).for_each(|_| drop(allocate()));
    let before = resident();
    (0..BUFFERS).for_each(|_| drop(allocate()));
    let grown = resident().saturating_sub(before);
    println!(
        "{BUFFERS} buffers of 16 MiB one after the other: {} bytes charged, {} KiB more resident",
        lease.account().used(Charged::Memory),
        grown >> 10
    );
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4096
}
