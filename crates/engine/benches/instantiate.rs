//! What an instance costs: to make and end one, a request that gets a fresh one beside a request that meets one that is
//! there, and the first request to a workload whose code has left memory.
//!
//! The difference of the two requests is the price of freshness: store, instance, the task that it runs in, what the
//! guest touches of its memory for the first time, and giving all of it back. HTTP over the network is in none of the
//! figures.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program of its own, whose failure is its result"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::spec::{ComponentSpec, Image, Resources, Reuse, WorkloadSpec};
use weft_engine::Engine;
use weft_engine::config::EngineConfig;
use weft_engine::inspect::inspect;
use weft_engine::linked::Component;
use weft_engine::plan::{Granting, Purpose, plan};
use weft_engine::workload::{BoxError, Workload};

/// Requests of each kind in a round.
const REQUESTS: u32 = 2000;
const ROUNDS: usize = 9;
/// Loads of code that has left memory.
const LOADS: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cache = tempfile::tempdir().expect("a folder");
    let engine = Engine::new(EngineConfig {
        cache_dir: Some(cache.path().join("code")),
        ..EngineConfig::default()
    })
    .expect("an engine");
    let once = Reuse::default();
    let kept = Reuse {
        pool_size: 1,
        ..Reuse::default()
    };
    let fresh = start(&engine, "bench_hello", once).await;
    let reused = start(&engine, "bench_hello", kept).await;
    let (mut made, mut with, mut without) = (Vec::new(), Vec::new(), Vec::new());
    // In turn, so that whatever else the machine does falls on both sides alike.
    for _ in 0..ROUNDS {
        made.push(mean_instance(&fresh).await);
        with.push(mean_request(&fresh).await);
        without.push(mean_request(&reused).await);
    }
    let (with, without) = (median(with), median(without));
    println!("inside the engine, 0.2 hello, median of the means of {ROUNDS} rounds of {REQUESTS}");
    println!(
        "  store and instance, made and ended {:8.1} µs",
        median(made)
    );
    println!("  a request with a fresh instance    {with:8.1} µs");
    println!("  .. with an instance that is there  {without:8.1} µs");
    println!(
        "  the difference                     {:8.1} µs",
        with - without
    );
    let (loaded, size) = cold(cache.path()).await;
    println!(
        "the first byte from a component of {size} kB whose code is in the cache, not in memory; {LOADS} times"
    );
    println!(
        "  median                             {:8.1} µs",
        median(loaded.clone())
    );
    println!(
        "  p95                                {:8.1} µs",
        nearest(loaded, 95)
    );
}

/// The mean time to make a store and an instance and to end both, in microseconds.
async fn mean_instance(workload: &Workload) -> f64 {
    let started = Instant::now();
    for _ in 0..REQUESTS {
        workload.instantiate().await.expect("an instance");
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS)
}

/// The mean time of a request, in microseconds.
async fn mean_request(workload: &Workload) -> f64 {
    let started = Instant::now();
    for _ in 0..REQUESTS {
        ask(workload).await;
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS)
}

/// Times of first requests in microseconds, each after the code was dropped; and the component's size in kB.
async fn cold(cache: &Path) -> (Vec<f64>, u64) {
    let engine = Engine::new(EngineConfig {
        cache_dir: Some(cache.join("code")),
        code_idle: Duration::from_millis(20),
        ..EngineConfig::default()
    })
    .expect("an engine");
    let workload = start(&engine, "examples/hello", Reuse::default()).await;
    ask(&workload).await;
    let mut times = Vec::new();
    for _ in 0..LOADS {
        while workload.is_loaded() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Whatever still runs of the request before has ended by then.
        tokio::time::sleep(Duration::from_millis(2)).await;
        times.push(ask(&workload).await);
    }
    let size = std::fs::metadata(guest("examples/hello"))
        .expect("built")
        .len()
        / 1000;
    (times, size)
}

/// Sends a request and reads the answer. Answers how long it took until the first byte of the body, in microseconds.
async fn ask(workload: &Workload) -> f64 {
    let body = Empty::new()
        .map_err(|never| -> BoxError { match never {} })
        .boxed_unsync();
    let request = http::Request::get("http://bench/")
        .body(body)
        .expect("a request");
    let started = Instant::now();
    let response = workload.http(request).await.expect("a response");
    let mut body = response.into_body();
    let first = body.frame().await;
    let took = started.elapsed();
    first.expect("a body").expect("a byte");
    body.collect().await.expect("the rest");
    took.as_secs_f64() * 1e6
}

async fn start(engine: &Engine, name: &str, reuse: Reuse) -> Workload {
    let bytes: Arc<[u8]> = std::fs::read(guest(name))
        .expect("built; run `cargo xtask guests`")
        .into();
    let component = Component {
        shape: inspect(&bytes).expect("a component"),
        bytes,
    };
    let shapes = [component.shape.clone()];
    let spec = spec(reuse);
    let valid = plan(
        &spec,
        shapes[..].into(),
        Granting::Everything,
        Purpose::Serve,
    )
    .expect("a plan");
    let components = [component];
    let linked = engine.link(valid, components[..].into()).await;
    let started = engine.start(linked.expect("linked"));
    started.front.expect("it serves")
}

fn spec(reuse: Reuse) -> WorkloadSpec {
    WorkloadSpec {
        tenant: Tenant::parse("bench").expect("a good name"),
        name: WorkloadName::parse("bench").expect("a good name"),
        replicas: 1,
        components: vec![ComponentSpec {
            name: ComponentName::parse("bench").expect("a good name"),
            image: Image::File(PathBuf::new()),
            reuse,
            resources: Resources::default(),
        }],
        service: None,
        host_interfaces: Vec::new(),
        volumes: Vec::new(),
    }
}

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/guests/{name}.wasm"))
}

fn median(times: Vec<f64>) -> f64 {
    nearest(times, 50)
}

/// The time that `percent` of all do not exceed.
fn nearest(mut times: Vec<f64>, percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(rank).copied().unwrap_or_default()
}
