//! What tenancy costs on an adapter, and what it gives: the objects of this crate beside wgpu-core itself with the same
//! shader, in turn and on the same adapter; tenants beside each other; many leases. The call from a guest into the host is
//! in none of the figures.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program of its own, whose failure is its result"
)]

mod costs;
mod kernel;
mod many;
mod native;
mod ours;
mod tenants;

use weft_gpu::lease::Lease;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let (_, [lease]) = ours::leases([weft_gpu::quota::Quota::default()]);
    println!("adapter: {}", name(&lease));
    drop(lease);
    costs::run().await;
    tenants::run().await;
    many::run().await;
}

fn name(lease: &Lease) -> String {
    let info = lease.info();
    format!("{} ({} {})", info.name, info.driver, info.driver_info)
}

/// The value that `percent` of all do not exceed.
fn percentile(mut values: Vec<f64>, percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50.0)
}
