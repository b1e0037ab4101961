//! The service alone in weft, with a published port in the place of its component, so that a test can be its client.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use sql_pool_protocol::Stats;
use weft_testkit::database::{Database, Kind, PASSWORD};
use weft_testkit::{PATIENCE, example};

use super::client::Client;
use crate::run::harness::{Scratch, Serving, weft_under};

/// A running service, stopped when it is dropped.
pub(super) struct Service {
    pub(super) addr: SocketAddr,
    log: PathBuf,
    _serving: Serving,
    _scratch: Scratch,
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

    /// The same with another way to the database, which is on this machine.
    pub(super) fn start_with(kind: Kind, url: &str, settings: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        let log = scratch.path().join("log");
        let manifest = scratch.file("pool.yaml", manifest(kind, url, settings));
        let to_log = format!("exec 2>'{}'", log.display());
        let flags = ["--publish", "--allow-host-loopback"].map(PathBuf::from);
        let serving = Serving::start_as(weft_under(&to_log), flags.into_iter().chain([manifest]));
        let address = &serving.listening["workloads"][0]["ports"][0]["address"];
        Self {
            addr: address.as_str().unwrap().parse().unwrap(),
            log,
            _serving: serving,
            _scratch: scratch,
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

    /// Waits until the service has written this.
    pub(super) fn until_it_says(&self, text: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            assert!(std::time::Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// What the service has written. It never has the password in it.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap();
        assert!(!log.contains(PASSWORD), "{log}");
        log
    }
}

fn manifest(kind: Kind, url: &str, settings: &[(&str, &str)]) -> String {
    let image = match kind {
        Kind::MariaDb => example("mysql-pool"),
        Kind::PostgreSql => example("postgres-pool"),
    };
    let (_, after) = url.split_once("127.0.0.1:").unwrap();
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    let url = url.replace("127.0.0.1", "host.weft.internal");
    let mut text = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: pool, namespace: test}}
spec:
  service:
    image: 'file:{}'
    maxRestarts: 0
    ports: [{{name: pool, port: 77, publish: '127.0.0.1:0'}}]
    localResources:
      allowedHostLoopbackPorts: ['{port}']
      environment:
        config:
          DATABASE_URL: {url:?}
",
        image.display()
    );
    for (name, value) in settings {
        // Writing to a string cannot fail. A text in Rust's quotes is one in YAML's.
        let _ = writeln!(text, "          {name}: {value:?}");
    }
    text
}
