//! A host as its operator sees it: with an admin listener, and what runs on it.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use weft_host::{Drained, Granting, Host, HostConfig, Purpose, Running};
use weft_testkit::client::{Client, Reply};
use weft_testkit::within;

use crate::exposition::Page;
use crate::manifest::Manifest;

/// A host that serves on the test's own runtime.
pub(crate) struct Operated {
    pub(crate) host: Host,
    pub(crate) addr: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) stop: CancellationToken,
    serving: JoinHandle<Drained>,
}

impl Operated {
    /// A host with its defaults, ready for requests.
    pub(crate) async fn new() -> Self {
        Self::with(HostConfig::default()).await
    }

    /// A host with settings of its own, ready for requests.
    pub(crate) async fn with(config: HostConfig) -> Self {
        let operated = Self::starting(config).await;
        operated.host.set_started();
        operated
    }

    /// A host whose GPU is this one: `software`, `off`, or what else `--gpu` takes.
    pub(crate) async fn with_gpu(selector: &str) -> Self {
        let mut config = HostConfig::default();
        config.engine.gpu.selector = selector.parse().expect("a selector");
        Self::with(config).await
    }

    /// A host that has a listener, and still has to start what it is to run.
    pub(crate) async fn starting(mut config: HostConfig) -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests");
        config.engine.cache_dir = Some(cache);
        let host = Host::new(config).expect("a host");
        let admin = host.open_admin(free_port()).expect("a free port");
        let listener = TcpListener::bind(free_port()).await.expect("a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let stop = CancellationToken::new();
        let (server, stopping) = (host.clone(), stop.clone());
        let serving = tokio::spawn(async move { server.serve(listener, stopping).await });
        Self {
            host,
            addr,
            admin,
            stop,
            serving,
        }
    }

    /// Starts what a manifest describes, one workload.
    pub(crate) async fn start(&self, manifest: &Manifest) -> Running {
        let specs = weft_api::manifest::parse("test.yaml", Path::new("/"), &manifest.text())
            .unwrap_or_else(|report| panic!("{report:?}"));
        let spec = specs.first().expect("a manifest has a workload");
        let prepared = self.host.prepare(spec, Granting::Entries, Purpose::Serve);
        let prepared = within(prepared).await.expect("the workload is valid");
        let started = within(self.host.start(spec, prepared)).await;
        started.expect("its name is free")
    }

    /// A client of a workload.
    pub(crate) fn client(&self, manifest: &Manifest) -> Client {
        Client::new(self.addr).host(&manifest.host())
    }

    /// A page of the admin listener.
    pub(crate) async fn page(&self, path: &str) -> Reply {
        Client::new(self.admin)
            .get(path)
            .await
            .expect("the admin listener answers")
    }

    /// The metrics.
    pub(crate) async fn metrics(&self) -> Page {
        let reply = self.page("/metrics").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        Page::parse(&reply.text)
    }

    /// Waits until the metrics are as they should be: counters move when the last byte has gone out, which a client
    /// may see before. A page reads one counter after the other while they move, so what comes back is the page
    /// after: there, all that one event counts has been counted.
    pub(crate) async fn metrics_once(&self, wanted: impl Fn(&Page) -> bool) -> Page {
        within(async {
            loop {
                if wanted(&self.metrics().await) {
                    return self.metrics().await;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// The list of workloads.
    pub(crate) async fn workloads(&self, query: &str) -> Vec<Value> {
        let reply = self.page(&format!("/workloads{query}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let list: Value = serde_json::from_str(&reply.text).expect("JSON");
        list["workloads"].as_array().expect("a list").clone()
    }

    /// Waits for the end of the drain.
    pub(crate) async fn stopped(self) -> Drained {
        within(self.serving).await.expect("the server ends")
    }
}

/// Any port that is free.
pub(crate) fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
