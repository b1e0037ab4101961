//! Throws broken, random and hostile components at inspect, plan, compose and compile, and stops at the first panic.
//!
//! Inputs are made five ways: random bytes behind a component header; components that `wasm-smith` invents; the test
//! guests with bytes flipped, cut, doubled and moved; guests whose embedded modules `wasm-mutate` has rewritten; and
//! manifests of several good components put together at random. The same seed gives the same inputs.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program of its own, whose failure is its result"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::spec::{ComponentSpec, Image, Resources, Reuse, WorkloadSpec};
use weft_engine::Engine;
use weft_engine::compile::CompileError;
use weft_engine::config::EngineConfig;
use weft_engine::engine::StartError;
use weft_engine::inspect::inspect;
use weft_engine::linked::Component;
use weft_engine::plan::{Granting, Purpose, plan};

/// Larger guests take the compiler most of a second; the small ones exercise the same code.
const MAX_SEED_BYTES: usize = 200_000;

/// How the run went.
#[derive(Default)]
struct Tally {
    tried: u64,
    refused: u64,
    planned: u64,
    compiled: u64,
}

fn main() -> ExitCode {
    let (seconds, seed) = arguments();
    let mut rng = Rng::with_seed(seed);
    let seeds = seeds();
    println!(
        "fuzzing for {seconds} s with --seed {seed}, from {} guests",
        seeds.len()
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // Good components come again and again; a cache leaves the time to the bad ones.
    let cache = tempfile::tempdir().expect("a directory");
    let config = EngineConfig {
        cache_dir: Some(cache.path().to_owned()),
        ..EngineConfig::default()
    };
    let engine = runtime
        .block_on(async { Engine::new(config) })
        .expect("an engine");
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut tally = Tally::default();
    while Instant::now() < end {
        let components = input(&mut rng, &seeds);
        let attempt =
            AssertUnwindSafe(|| runtime.block_on(attempt(&engine, &components, &mut tally)));
        let outcome = catch_unwind(attempt).unwrap_or_else(|_| Err("it panicked".to_owned()));
        if let Err(why) = outcome {
            let kept = keep(&components);
            println!(
                "FAILED after {} inputs: {why}; the components are in {}",
                tally.tried,
                kept.display()
            );
            return ExitCode::FAILURE;
        }
    }
    let Tally {
        tried,
        refused,
        planned,
        compiled,
    } = tally;
    println!(
        "{tried} inputs: {refused} refused with a message, {planned} planned, {compiled} compiled and linked, no panic"
    );
    // A run that never gets beyond the first check tests nothing.
    if compiled == 0 || refused == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// One input, through every stage that it gets to. An error is a defect of ours, never a refusal.
async fn attempt(engine: &Engine, inputs: &[Arc<[u8]>], tally: &mut Tally) -> Result<(), String> {
    tally.tried += 1;
    let mut components = Vec::new();
    for bytes in inputs {
        match inspect(bytes) {
            Ok(shape) => components.push(Component {
                bytes: Arc::clone(bytes),
                shape,
            }),
            Err(refusal) if refusal.to_string().is_empty() => {
                return Err("a refusal without a message".to_owned());
            }
            Err(_) => {}
        }
    }
    if components.len() < inputs.len() {
        tally.refused += 1;
        return Ok(());
    }
    let shapes: Vec<_> = components
        .iter()
        .map(|component| component.shape.clone())
        .collect();
    let Ok(valid) = plan(
        &workload(components.len()),
        shapes[..].into(),
        Granting::Everything,
        Purpose::Serve,
    ) else {
        tally.refused += 1;
        // What cannot be served is compiled all the same: the compiler must hold on its own.
        return compile_alone(engine, &components).await;
    };
    tally.planned += 1;
    match engine.link(valid, components[..].into()).await {
        Ok(linked) => {
            drop(engine.start(linked));
            tally.compiled += 1;
            Ok(())
        }
        Err(error) => {
            tally.refused += 1;
            match error {
                StartError::Compile(error) => not_a_crash(&error),
                _ => Ok(()),
            }
        }
    }
}

async fn compile_alone(engine: &Engine, components: &[Component]) -> Result<(), String> {
    for component in components {
        if let Err(error) = engine.validate(Arc::clone(&component.bytes)).await {
            not_a_crash(&error)?;
        }
    }
    Ok(())
}

fn not_a_crash(error: &CompileError) -> Result<(), String> {
    match error {
        CompileError::Crashed { .. } => Err(error.to_string()),
        CompileError::Invalid { .. } | CompileError::Lost { .. } => Ok(()),
    }
}

fn input(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<Arc<[u8]>> {
    let one = |bytes: Vec<u8>| vec![Arc::from(bytes)];
    match rng.u32(0..10) {
        0 => one(random_component(rng)),
        1 | 2 => one(invented(rng)),
        3..=6 => {
            let good = pick(rng, seeds);
            one(damaged(rng, good))
        }
        7 => {
            let good = pick(rng, seeds);
            one(rewritten(rng, good))
        }
        _ => (0..rng.usize(2..5))
            .map(|_| Arc::from(pick(rng, seeds)))
            .collect(),
    }
}

fn pick(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    rng.choice(seeds).cloned().unwrap_or_default()
}

fn random_component(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend((0..rng.usize(0..400)).map(|_| rng.u8(..)));
    bytes
}

fn invented(rng: &mut Rng) -> Vec<u8> {
    let noise: Vec<u8> = (0..2048).map(|_| rng.u8(..)).collect();
    let mut noise = arbitrary::Unstructured::new(&noise);
    let component = wasm_smith::Component::new(wasm_smith::Config::default(), &mut noise);
    component
        .map(|component| component.to_bytes())
        .unwrap_or_default()
}

/// A few edits of a good component.
fn damaged(rng: &mut Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..rng.usize(1..5) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.usize(0..bytes.len());
        let length = rng.usize(0..64).min(bytes.len() - at);
        match rng.u32(0..6) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << rng.u32(0..8),
            2 => bytes[at] = *rng.choice(&[0, 1, 0x7f, 0x80, 0xff]).unwrap_or(&0),
            3 => {
                bytes.drain(at..at + length);
            }
            4 => {
                let copy = bytes[at..at + length].to_vec();
                let to = rng.usize(0..=bytes.len());
                bytes.splice(to..to, copy);
            }
            // A length that says far more than there is.
            _ => {
                bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f]);
            }
        }
    }
    bytes
}

/// A good component whose first embedded module means the same but looks different, or no longer fits.
fn rewritten(rng: &mut Rng, bytes: Vec<u8>) -> Vec<u8> {
    let Some(start) = bytes
        .windows(8)
        .position(|window| window == b"\0asm\x01\0\0\0")
    else {
        return bytes;
    };
    let module = &bytes[start..];
    let mut mutate = wasm_mutate::WasmMutate::default();
    let seed = rng.u64(..);
    let mutated = mutate
        .seed(seed)
        .preserve_semantics(false)
        .fuel(50)
        .run(module)
        .ok();
    let mutated = mutated.and_then(|mut variants| variants.next()?.ok());
    match mutated {
        Some(module) => [&bytes[..start], &module].concat(),
        None => damaged(rng, bytes),
    }
}

fn workload(components: usize) -> WorkloadSpec {
    let component = |index: usize| ComponentSpec {
        name: ComponentName::parse(&format!("c{index}")).expect("a good name"),
        image: Image::File(PathBuf::new()),
        reuse: Reuse::default(),
        resources: Resources::default(),
    };
    WorkloadSpec {
        tenant: Tenant::parse("fuzz").expect("a good name"),
        name: WorkloadName::parse("fuzz").expect("a good name"),
        replicas: 1,
        components: (0..components).map(component).collect(),
        service: None,
        host_interfaces: Vec::new(),
        volumes: Vec::new(),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests");
    let entries = std::fs::read_dir(&root).expect("target/guests; run `cargo xtask guests` first");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let read = files
        .into_iter()
        .filter_map(|file| std::fs::read(file).ok());
    let seeds: Vec<_> = read.filter(|bytes| bytes.len() <= MAX_SEED_BYTES).collect();
    assert!(
        !seeds.is_empty(),
        "no guests in {}; run `cargo xtask guests` first",
        root.display()
    );
    seeds
}

fn keep(components: &[Arc<[u8]>]) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    std::fs::create_dir_all(&dir).expect("a directory for failures");
    for (index, bytes) in components.iter().enumerate() {
        std::fs::write(dir.join(format!("failed-{index}.wasm")), bytes)
            .expect("the failure written");
    }
    dir
}

/// `--seconds N` and `--seed N`; without a seed, one from the clock.
fn arguments() -> (u64, u64) {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse().ok()
    };
    (
        value("--seconds").unwrap_or(60),
        value("--seed").unwrap_or_else(|| fastrand::u64(..)),
    )
}
