//! What a call between two linked components costs, beside the way that a host without composition takes.
//!
//! Both sides call `weft-test:linked/plain`'s `add` in the same compiled callee. Ours is called by a guest that was
//! fused with it, and timed inside that guest. The peer is the least that a host-side link can do: a function handle
//! resolved beforehand, called with dynamic values through `Func::call_async`; a real one has the caller's side on top.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program of its own, whose failure is its result"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Empty};
use wasmtime::component::{Linker, ResourceTable, Val};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};
use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::spec::{ComponentSpec, Image, Resources, Reuse, WorkloadSpec};
use weft_engine::Engine;
use weft_engine::config::EngineConfig;
use weft_engine::inspect::inspect;
use weft_engine::linked::Component;
use weft_engine::plan::{Granting, Purpose, plan};
use weft_engine::workload::BoxError;

const CALLS: u32 = 1_000_000;
const ROUNDS: usize = 9;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (mut linked, mut greeted, mut dynamic) = (Vec::new(), Vec::new(), Vec::new());
    let workload = linked_workload().await;
    // In turn, so that whatever else the machine does falls on both sides alike.
    for _ in 0..ROUNDS {
        linked.push(timed_by_guest(&workload, "/bench").await);
        greeted.push(timed_by_guest(&workload, "/bench-greet").await);
        dynamic.push(dynamic_call().await);
    }
    let (linked, greeted, dynamic) = (median(linked), median(greeted), median(dynamic));
    println!("a call between components, median of {ROUNDS} rounds of {CALLS} calls");
    println!("  linked, add(u32, u32) -> u32       {linked:8.1} ns");
    println!("  linked, greet(string) -> string    {greeted:8.1} ns");
    println!("  peer: dynamic call, add            {dynamic:8.1} ns");
    println!(
        "  ratio, peer / linked               {:8.1}",
        dynamic / linked
    );
}

async fn linked_workload() -> weft_engine::workload::Workload {
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
    let components = ["linked_caller", "linked_callee"].map(|name| {
        let bytes: Arc<[u8]> = std::fs::read(guest(name))
            .expect("built; run `cargo xtask guests`")
            .into();
        Component {
            shape: inspect(&bytes).expect("a component"),
            bytes,
        }
    });
    let spec = spec(&["caller", "callee"]);
    let shapes: Vec<_> = components
        .iter()
        .map(|component| component.shape.clone())
        .collect();
    let valid = plan(
        &spec,
        shapes[..].into(),
        Granting::Everything,
        Purpose::Serve,
    )
    .expect("a plan");
    let linked = engine.link(valid, components[..].into()).await;
    let started = engine.start(linked.expect("linked"));
    started.front.expect("it serves")
}

async fn timed_by_guest(workload: &weft_engine::workload::Workload, route: &str) -> f64 {
    let body = Empty::new()
        .map_err(|never| -> BoxError { match never {} })
        .boxed_unsync();
    let request = http::Request::get(format!("http://bench{route}?{CALLS}"))
        .body(body)
        .expect("a request");
    let response = workload.http(request).await.expect("a response");
    let text = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    String::from_utf8_lossy(&text)
        .trim()
        .parse()
        .expect("nanoseconds")
}

/// What the peer's callee needs of its host.
#[derive(Default)]
struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    config: weft_caps::config::Ctx,
    hooks: NoEgress,
}

#[derive(Default)]
struct NoEgress;

impl WasiHttpHooks for NoEgress {}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

async fn dynamic_call() -> f64 {
    let engine = wasmtime::Engine::default();
    let component = wasmtime::component::Component::from_file(&engine, guest("linked_callee"))
        .expect("compiled");
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("WASI");
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).expect("HTTP");
    weft_caps::config::add_to_linker(&mut linker, |state: &mut State| {
        weft_caps::config::View(&state.config)
    })
    .expect("configuration");
    let mut store = wasmtime::Store::new(&engine, State::default());
    let instance = linker
        .instantiate_async(&mut store, &component)
        .await
        .expect("an instance");
    let interface = instance
        .get_export_index(&mut store, None, "weft-test:linked/plain@0.1.0")
        .expect("exported");
    let add = instance
        .get_export_index(&mut store, Some(&interface), "add")
        .expect("exported");
    let add = instance.get_func(&mut store, add).expect("a function");
    let mut results = [Val::U32(0)];
    let calls = CALLS / 10;
    let started = Instant::now();
    for turn in 0..calls {
        add.call_async(&mut store, &[Val::U32(turn), Val::U32(1)], &mut results)
            .await
            .expect("called");
    }
    started.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn spec(names: &[&str]) -> WorkloadSpec {
    let component = |name: &&str| ComponentSpec {
        name: ComponentName::parse(name).expect("a good name"),
        image: Image::File(PathBuf::new()),
        reuse: Reuse::default(),
        resources: Resources::default(),
    };
    WorkloadSpec {
        tenant: Tenant::parse("bench").expect("a good name"),
        name: WorkloadName::parse("bench").expect("a good name"),
        replicas: 1,
        components: names.iter().map(component).collect(),
        service: None,
        host_interfaces: Vec::new(),
        volumes: Vec::new(),
    }
}

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/guests/{name}.wasm"))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
