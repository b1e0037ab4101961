//! A host on threads of its own, with a real listener, and what runs on it.
//!
//! Three kinds of work must not wait for each other: the host's runtime has a thread for each core, as in `weft run`;
//! those who attack it have another; and whoever measures sits on the test's own thread.

use std::net::SocketAddr;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use weft_host::{EngineConfig, Granting, Host, HostConfig, Purpose, Running};
use weft_testkit::visitor::Visitor;
use weft_testkit::{until, within};

use crate::manifest::Manifest;

/// How long a host may take to be rid of a request. What goes on after an answer has 30 seconds of its own.
const SETTLED: Duration = Duration::from_secs(45);

/// A host, and the workloads on it. Dropping it cuts everything.
pub(crate) struct Stage {
    host: Host,
    runtime: Option<Runtime>,
    clients: Option<Runtime>,
    addr: SocketAddr,
    admin: SocketAddr,
    running: Vec<Running>,
    shutdown: CancellationToken,
    /// Tasks of the host's runtime while nothing is asked of it.
    idle_tasks: usize,
}

impl Stage {
    /// A host as it is when nobody says otherwise.
    pub(crate) fn new() -> Self {
        Self::with(HostConfig::default())
    }

    /// A host with settings of its own. Compiled code is shared with the other tests through the disk.
    pub(crate) fn with(mut config: HostConfig) -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests");
        config.engine = EngineConfig {
            cache_dir: Some(config.engine.cache_dir.unwrap_or(cache)),
            ..config.engine
        };
        // Servers that guests are to reach are on this machine.
        config.engine.network.settings.host_loopback = true;
        let cores = available_parallelism().map_or(2, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores)
            .enable_all()
            .build()
            .expect("threads for the host");
        let clients = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a thread for the clients");
        let entered = runtime.enter();
        let host = Host::new(config).expect("a host");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let admin = host
            .open_admin(([127, 0, 0, 1], 0).into())
            .expect("a free port");
        let shutdown = CancellationToken::new();
        let (serving, stop) = (host.clone(), shutdown.clone());
        runtime.spawn(async move { serving.serve(listener, stop).await });
        host.set_started();
        drop(entered);
        Self {
            host,
            runtime: Some(runtime),
            clients: Some(clients),
            addr,
            admin,
            running: Vec::new(),
            shutdown,
            idle_tasks: 0,
        }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where health, metrics and the list of workloads are.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Starts what a manifest describes; in words why it does not.
    pub(crate) fn try_start(&mut self, manifest: &Manifest) -> Result<(), String> {
        let text = manifest.text();
        let specs = weft_api::manifest::parse("test.yaml", Path::new("/"), &text)
            .unwrap_or_else(|report| panic!("{report:?}\n{text}"));
        let runtime = self.runtime();
        let _entered = runtime.enter();
        let mut started = Vec::new();
        for spec in &specs {
            let prepared = self.host.prepare(spec, Granting::Entries, Purpose::Serve);
            let prepared = runtime
                .block_on(within(prepared))
                .map_err(|error| error.to_string())?;
            let running = runtime.block_on(within(self.host.start(spec, prepared)));
            started.push(running.map_err(|error| error.to_string())?);
        }
        self.running.extend(started);
        self.idle_tasks = self.tasks();
        Ok(())
    }

    /// Starts what a manifest describes.
    pub(crate) fn start(&mut self, manifest: &Manifest) {
        if let Err(refused) = self.try_start(manifest) {
            panic!("{refused}\n{}", manifest.text());
        }
    }

    /// The runtime of those who attack.
    pub(crate) fn clients(&self) -> &Runtime {
        self.clients.as_ref().expect("it is there until the drop")
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the drop")
    }

    fn tasks(&self) -> usize {
        self.runtime().metrics().num_alive_tasks()
    }

    /// Waits until the host has nothing to do any more: every instance and every connection is gone, and with them all
    /// that they held.
    pub(crate) async fn settled(&self) {
        self.settled_but(0).await;
    }

    /// The same, where so many tasks stay for a while by design.
    pub(crate) async fn settled_but(&self, stay: usize) {
        let rest = self.idle_tasks + stay;
        let idle = until(|| self.tasks() <= rest);
        if tokio::time::timeout(SETTLED, idle).await.is_err() {
            let tasks = self.tasks() - rest;
            let seconds = SETTLED.as_secs();
            panic!(
                "after {seconds} seconds {tasks} tasks are left, and this is used: {:#}",
                self.used().await
            );
        }
        let used = self.used().await;
        let nothing = ["inFlight", "queued", "instances", "memoryBytes"];
        let workloads = used.as_array().expect("a list of workloads");
        let clean = workloads
            .iter()
            .all(|workload| nothing.iter().all(|what| workload["use"][what] == 0));
        assert!(clean, "nothing runs, and this is used: {used:#}");
    }

    /// What each workload uses, as the host says.
    async fn used(&self) -> Value {
        let mut visitor = Visitor::new(self.admin, "admin");
        let reply = visitor
            .get("/workloads")
            .await
            .expect("the admin listener answers");
        let mut page: Value =
            serde_json::from_str(&reply.text).expect("the list of workloads is JSON");
        page["workloads"].take()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.cancel();
        // A guest that cannot be stopped must not keep the test from ending.
        for runtime in [self.clients.take(), self.runtime.take()]
            .into_iter()
            .flatten()
        {
            runtime.shutdown_background();
        }
    }
}
