//! What a neighbour notices of each attack: its latencies alone and beside it.
//!
//! The same attacks as in the tests, with more requests. `cargo xtask bench neighbours [PART OF A NAME..]`.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program of its own, whose failure is its result"
)]

#[path = "../tests/it/attacks.rs"]
mod attacks;
#[path = "../tests/it/beside.rs"]
mod beside;
#[expect(dead_code, reason = "the tests set more")]
#[path = "../tests/it/manifest.rs"]
mod manifest;
#[expect(dead_code, reason = "the tests make more of them")]
#[path = "../tests/it/memories.rs"]
mod memories;
#[path = "../tests/it/stage.rs"]
mod stage;

use std::io::Write;
use std::time::Duration;

use beside::{beside, percentile};

/// Requests of the neighbour, alone and beside each attack.
const REQUESTS: usize = 1000;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    // A host writes a log line for each request; here it goes nowhere, but it is made.
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    println!(
        "latency of a neighbour in ms, alone and beside an attack; at least {REQUESTS} requests each"
    );
    println!(
        "{:<46} {:>9} {:>9} {:>9} {:>9} {:>7} {:>9} {:>7} {:>8}",
        "attack", "p50 alone", "p99 alone", "p50", "p99", "ratio", "p99 admin", "failed", "attacks"
    );
    let mut broken = 0;
    for (name, attack) in attacks::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let measured = beside(attack, REQUESTS);
        let (alone, attacked) = (&measured.solo, &measured.attacked);
        let (before, after) = (percentile(alone, 99), percentile(attacked, 99));
        println!(
            "{:<46} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>7.1} {:>9.2} {:>7} {:>8}",
            attack.name,
            millis(percentile(alone, 50)),
            millis(before),
            millis(percentile(attacked, 50)),
            millis(after),
            after.as_secs_f64() / before.as_secs_f64(),
            millis(percentile(&measured.control, 99)),
            measured.failures.len(),
            measured.hostile_requests,
        );
        for failure in &measured.failures {
            println!("    {failure}");
        }
        broken += usize::from(!measured.failures.is_empty());
        // A line that can be seen is better than a table that comes at the end.
        let _ = std::io::stdout().flush();
    }
    assert!(broken == 0, "{broken} attacks reached the neighbour");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
