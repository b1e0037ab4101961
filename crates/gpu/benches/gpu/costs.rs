//! One tenant alone, beside wgpu-core.

use std::time::{Duration, Instant};

use weft_gpu::quota::Quota;

use crate::kernel::{NOTHING, SPIN};
use crate::native::Native;
use crate::ours::{Ours, leases};
use crate::{median, percentile};

const ROUNDS: usize = 61;
const SIZES: [u64; 3] = [64 << 10, 1 << 20, 16 << 20];

pub(crate) async fn run() {
    let quota = Quota {
        memory: 1 << 30,
        staging: 256 << 20,
        ..Quota::default()
    };
    let (_, [lease]) = leases([quota]);
    kernels(&lease).await;
    calls(&lease).await;
    transfers(&lease).await;
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

async fn kernels(lease: &std::sync::Arc<weft_gpu::lease::Lease>) {
    println!("\nsubmit to done, {ROUNDS} rounds in turn: wgpu-core, weft, ratio");
    for (what, code, groups) in [
        ("empty dispatch", NOTHING, 1),
        ("a kernel of about 1 ms", SPIN, 2),
        ("a kernel of about 10 ms", SPIN, 16),
    ] {
        let (native, ours) = (Native::new(code, 8192), Ours::new(lease, code, 8192).await);
        let (mut theirs, mut weft) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            native.run(groups);
            theirs.push(micros(start.elapsed()));
            let start = Instant::now();
            ours.run(groups).await;
            weft.push(micros(start.elapsed()));
        }
        let (theirs, weft) = (median(theirs), median(weft));
        println!(
            "{what:<26} {theirs:>10.1} us {weft:>10.1} us {:>6.3}",
            weft / theirs
        );
    }
    let before = lease.account().statement();
    let ours = Ours::new(lease, NOTHING, 1024).await;
    for _ in 0..1000 {
        ours.run(1).await;
    }
    let spent = lease.account().statement().since(&before);
    let wait = micros(spent.queue_wait) / spent.submissions.max(1) as f64;
    println!("from submit to the GPU, nobody else there: {wait:.2} us on average");
}

async fn calls(lease: &std::sync::Arc<weft_gpu::lease::Lease>) {
    const DISPATCHES: u32 = 1000;
    let (native, ours) = (
        Native::new(NOTHING, 1024),
        Ours::new(lease, NOTHING, 1024).await,
    );
    let (mut theirs, mut weft) = (Vec::new(), Vec::new());
    let each = |start: Instant| micros(start.elapsed()) / f64::from(2 * DISPATCHES);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        native.forget(native.commands(DISPATCHES, 1));
        theirs.push(each(start));
        let start = Instant::now();
        drop(ours.commands(DISPATCHES, 1));
        weft.push(each(start));
    }
    let (theirs, weft) = (median(theirs), median(weft));
    println!("\nrecording, each of {} calls of a pass", 2 * DISPATCHES);
    println!(
        "wgpu-core {theirs:.3} us, weft {weft:.3} us: {:.3} us more",
        weft - theirs
    );
}

async fn transfers(lease: &std::sync::Arc<weft_gpu::lease::Lease>) {
    println!("\nbytes, medians of {ROUNDS} rounds in turn: wgpu-core, weft, ratio (p99 of weft)");
    for size in SIZES {
        let bytes = vec![7; usize::try_from(size).expect("it fits")];
        let (native, ours) = (
            Native::new(NOTHING, size),
            Ours::new(lease, NOTHING, size).await,
        );
        let mut times: [Vec<f64>; 4] = Default::default();
        let [up_native, up, down_native, down] = &mut times;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            native.upload(&bytes);
            up_native.push(micros(start.elapsed()));
            let start = Instant::now();
            ours.upload(&bytes).await;
            up.push(micros(start.elapsed()));
            let start = Instant::now();
            assert_eq!(native.download(size).len(), bytes.len());
            down_native.push(micros(start.elapsed()));
            let start = Instant::now();
            assert_eq!(ours.download(size).await.len(), bytes.len());
            down.push(micros(start.elapsed()));
        }
        let rate = |values: &[f64]| size as f64 / median(values.to_vec()) / 1e3;
        for (what, theirs, weft) in [("up", &*up_native, &*up), ("down", &*down_native, &*down)] {
            let last = percentile(weft.clone(), 99.0);
            let (theirs, weft) = (rate(theirs), rate(weft));
            println!(
                "{:>6} KiB {what:<5} {theirs:>6.2} GB/s {weft:>6.2} GB/s {:>6.3} ({last:.0} us)",
                size >> 10,
                weft / theirs
            );
        }
    }
}
