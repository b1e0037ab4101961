//! The service alone, as the component that it is, with a port of this machine in the place of the workload's loopback,
//! so that a test can be its client.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};

use sql_pool_protocol::Stats;
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use weft_testkit::database::{Database, Kind, PASSWORD};
use weft_testkit::{PATIENCE, example};

use super::client::Client;

/// More than a service says in a test.
const LOG: usize = 1 << 20;

/// A running service, stopped when it is dropped.
pub(super) struct Service {
    pub(super) addr: SocketAddr,
    log: MemoryOutputPipe,
    runtime: Option<Runtime>,
}

/// A server of this kind that other tests use, too, and a service in front of it.
pub(super) fn with_shared(kind: Kind, settings: &[(&str, &str)]) -> (Arc<Database>, Service) {
    let database = Database::shared(kind);
    let service = Service::start(&database, settings);
    (database, service)
}

impl Service {
    /// Starts the service of the example in front of `database`. `settings` are more variables for it.
    pub(super) fn start(database: &Database, settings: &[(&str, &str)]) -> Self {
        let authority = [("DATABASE_CA", database.authority())];
        let settings: Vec<_> = authority.iter().chain(settings).copied().collect();
        Self::start_with(database.kind, &database.url(), &settings)
    }

    pub(super) fn start_with(kind: Kind, url: &str, settings: &[(&str, &str)]) -> Self {
        let addr = free_addr();
        let log = MemoryOutputPipe::new(LOG);
        let mut wasi = WasiCtxBuilder::new();
        wasi.env("DATABASE_URL", url)
            .env("POOL_LISTEN", addr.to_string())
            .inherit_network()
            .allow_tcp(true)
            .stdout(log.clone())
            .stderr(log.clone());
        for (name, value) in settings {
            wasi.env(name, value);
        }
        let ctx = Ctx {
            wasi: wasi.build(),
            table: ResourceTable::new(),
        };
        let runtime = Runtime::new().unwrap();
        runtime.spawn(run(kind, ctx));
        let service = Self {
            addr,
            log,
            runtime: Some(runtime),
        };
        service.wait_until_it_listens();
        service
    }

    fn wait_until_it_listens(&self) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while TcpStream::connect(self.addr).is_err() {
            assert!(std::time::Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    pub(super) fn client(&self) -> Client {
        Client::connect(self.addr)
    }

    pub(super) fn stats(&self) -> Stats {
        self.client().stats()
    }

    /// Waits until the gauges are so.
    pub(super) fn until(&self, what: &str, holds: impl Fn(&Stats) -> bool) -> Stats {
        let deadline = std::time::Instant::now() + PATIENCE;
        let mut client = self.client();
        loop {
            let stats = client.stats();
            if holds(&stats) {
                return stats;
            }
            assert!(std::time::Instant::now() < deadline, "{what}: {stats:?}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// What the service has written. It never has the password in it.
    pub(super) fn log(&self) -> String {
        let log = String::from_utf8_lossy(&self.log.contents()).into_owned();
        assert!(!log.contains(PASSWORD), "{log}");
        log
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Ctx {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

async fn run(kind: Kind, ctx: Ctx) {
    let (engine, component) = compiled(kind);
    let mut linker = Linker::<Ctx>::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    let mut store = Store::new(engine, ctx);
    let command = Command::instantiate_async(&mut store, &component, &linker)
        .await
        .unwrap();
    let ended = command.wasi_cli_run().call_run(&mut store).await;
    panic!("the service ended: {ended:?}");
}

/// The component of the example, compiled once in a process.
fn compiled(kind: Kind) -> (&'static Engine, Component) {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    static COMPILED: Mutex<Vec<(Kind, Component)>> = Mutex::new(Vec::new());
    let engine = ENGINE.get_or_init(Engine::default);
    let mut compiled = COMPILED.lock().unwrap();
    if let Some((_, component)) = compiled.iter().find(|(known, _)| *known == kind) {
        return (engine, component.clone());
    }
    let file = match kind {
        Kind::MariaDb => example("mysql-pool"),
        Kind::PostgreSql => example("postgres-pool"),
    };
    let component = Component::from_file(engine, file).unwrap();
    compiled.push((kind, component.clone()));
    (engine, component)
}

fn free_addr() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}
