//! Throws programs of random calls at the objects of WebGPU, on the backend without a driver, and stops at the first panic
//! of any thread, and at the first program after which something stays charged. The same seed gives the same programs.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program of its own, whose failure is its result"
)]

#[path = "../tests/it/sequences/mod.rs"]
mod sequences;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use sequences::program::Program;

/// Bytes of the longest program.
const LONGEST: usize = 8192;

fn main() -> ExitCode {
    // Where compiles run.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _here = runtime.enter();
    if let Some(file) = value::<PathBuf>("--input") {
        return again(&file);
    }
    let seconds = value("--seconds").unwrap_or(60);
    let seed = value("--seed").unwrap_or_else(|| fastrand::u64(..));
    println!("fuzzing the objects of WebGPU for {seconds} s with --seed {seed}");
    let panics = count_panics();
    let mut rng = Rng::with_seed(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut programs, mut calls) = (0_u64, 0);
    while Instant::now() < end {
        let bytes: Vec<u8> = (0..rng.usize(..LONGEST)).map(|_| rng.u8(..)).collect();
        match attempt(&bytes, &panics) {
            Ok(made) => calls += made,
            Err(why) => {
                let kept = keep(&bytes);
                println!(
                    "FAILED after {programs} programs: {why}; the program is in {0}: `fuzz_gpu --input {0}` runs it again",
                    kept.display()
                );
                return ExitCode::FAILURE;
            }
        }
        programs += 1;
    }
    println!("{programs} programs of {calls} calls: no panic, and everything came back");
    // A run that never calls anything tests nothing.
    if calls == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// One program. Panics of other threads, a gate's or a compiler's, count too.
fn attempt(bytes: &[u8], panics: &AtomicU64) -> Result<usize, String> {
    let before = panics.load(Ordering::Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(|| Program::of(bytes).run()));
    let calls = outcome.unwrap_or_else(|_| Err("it panicked".to_owned()))?;
    if panics.load(Ordering::Relaxed) > before {
        return Err("a thread behind it panicked".to_owned());
    }
    Ok(calls)
}

fn again(file: &Path) -> ExitCode {
    let bytes = std::fs::read(file).unwrap();
    println!("{:#?}", Program::of(&bytes));
    match attempt(&bytes, &count_panics()) {
        Ok(calls) => {
            println!("{calls} calls: no panic, and everything came back");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("FAILED: {why}");
            ExitCode::FAILURE
        }
    }
}

fn count_panics() -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let (counted, usual) = (Arc::clone(&count), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::Relaxed);
        usual(info);
    }));
    count
}

fn keep(bytes: &[u8]) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("failed-gpu.bin");
    std::fs::write(&file, bytes).unwrap();
    file
}

/// The value of `--seconds`, `--seed` or `--input`.
fn value<T: std::str::FromStr>(name: &str) -> Option<T> {
    let args: Vec<String> = std::env::args().collect();
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1)?.parse().ok()
}
