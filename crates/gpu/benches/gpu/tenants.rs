//! Tenants beside each other: how the adapter's time is shared, and how long a small one waits beside a large one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use weft_gpu::lease::Lease;
use weft_gpu::quota::Quota;

use crate::kernel::{NOTHING, SPIN};
use crate::ours::{Ours, leases};
use crate::percentile;

/// How long tenants compete.
const WHILE: Duration = Duration::from_secs(3);
/// Workgroups of a submission: some milliseconds.
const GROUPS: u32 = 8;

pub(crate) async fn run() {
    println!("\ntenants that always have four submissions of some ms under way, {WHILE:?} each");
    let equal = std::array::from_fn::<_, 8, _>(|_| Quota::default());
    let used = compete(equal).await.1;
    let squares: f64 = used.iter().map(|share| share * share).sum();
    let sum: f64 = used.iter().sum();
    println!(
        "8 equal ones: Jain {:.4}",
        sum * sum / (used.len() as f64 * squares)
    );
    let weighted = [100, 200, 400].map(|weight| Quota {
        weight,
        ..Quota::default()
    });
    let used = compete(weighted).await.1;
    let parts: Vec<_> = used
        .iter()
        .map(|share| format!("{:.3}", share / used[0]))
        .collect();
    println!("weights 1:2:4 had {}", parts.join(" : "));
    let (busy, used) = compete([Quota::default()]).await;
    println!("a lone one had {:.1}% of the adapter", used[0] * 100.0);
    println!(
        "the bill of that adapter is {:.1}% of the time",
        busy * 100.0
    );
    beside().await;
}

/// The adapter's bill and what each had, as parts of the time.
async fn compete<const N: usize>(quotas: [Quota; N]) -> (f64, [f64; N]) {
    let (adapter, leases) = leases(quotas);
    let over = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for lease in &leases {
        let ours = Arc::new(Ours::new(lease, SPIN, 8192).await);
        for _ in 0..4 {
            let (ours, over) = (Arc::clone(&ours), Arc::clone(&over));
            tasks.push(tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    ours.run(GROUPS).await;
                }
            }));
        }
    }
    // Not what everybody's first submission costs.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let statements = || leases.each_ref().map(|lease| lease.account().statement());
    let (before, whole, start) = (statements(), adapter.statement(), Instant::now());
    tokio::time::sleep(WHILE).await;
    let (after, took) = (statements(), start.elapsed().as_secs_f64());
    let busy = adapter.statement().since(&whole).gpu_time.as_secs_f64() / took;
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("it ends");
    }
    let mut had = before
        .iter()
        .zip(&after)
        .map(|(before, after)| after.since(before).gpu_time.as_secs_f64() / took);
    (
        busy,
        std::array::from_fn(|_| had.next().unwrap_or_default()),
    )
}

/// A small tenant alone, and beside one whose kernels take about a second.
async fn beside() {
    let long = Quota {
        submission_deadline: Duration::from_secs(10),
        ..Quota::default()
    };
    let (_, [small, large]) = leases([Quota::default(), long]);
    let ours = Ours::new(&small, NOTHING, 1024).await;
    let solo = latencies(&ours).await;
    let over = Arc::new(AtomicBool::new(false));
    let task = {
        let (over, large) = (Arc::clone(&over), Arc::<Lease>::clone(&large));
        tokio::spawn(async move {
            let ours = Ours::new(&large, SPIN, 8192).await;
            let mut took = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let start = Instant::now();
                ours.run(2_500).await;
                took.push(start.elapsed().as_secs_f64());
            }
            percentile(took, 50.0)
        })
    };
    while large.account().statement().submissions == 0 {
        tokio::task::yield_now().await;
    }
    let crowded = latencies(&ours).await;
    over.store(true, Ordering::Relaxed);
    let kernel = task.await.expect("it ends");
    println!("\na small tenant, submit to mapped: alone, and beside kernels of {kernel:.2} s");
    for percent in [50.0, 99.0] {
        let (alone, beside) = (
            percentile(solo.clone(), percent),
            percentile(crowded.clone(), percent),
        );
        println!(
            "p{percent:<3} {alone:>8.1} us {beside:>8.1} us {:>6.2}",
            beside / alone
        );
    }
}

async fn latencies(ours: &Ours) -> Vec<f64> {
    let mut took = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        ours.download(64).await;
        took.push(start.elapsed().as_secs_f64() * 1e6);
    }
    took
}
