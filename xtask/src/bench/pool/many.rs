//! Many small pools and a database that takes few connections: each workload has a pool of one connection, which takes
//! turns with all others. What must not happen is that a request fails.

use super::crowd::{Crowd, Seen, Wanted};
use super::database::{Database, Place};
use super::{Bench, secret};
use crate::bench::client::Request;
use crate::bench::server::{Server, free_address};
use crate::bench::stats::percentile;
use crate::bench::{component, page};
use anyhow::Result;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Tenants that have the workloads.
const TENANTS: u32 = 50;
/// Workloads in one manifest: a file may have 4 MiB.
const IN_A_FILE: u32 = 100;

/// How many of what.
pub(crate) struct Size {
    pub(crate) workloads: u32,
    /// Callers of each, who ask again as soon as they are answered: as many components are at work at once.
    pub(crate) callers: u32,
    /// Connections that the database takes.
    pub(crate) connections: u32,
}

/// What was found.
pub(crate) struct Found {
    seen: Vec<Seen>,
    time: Duration,
    /// Connections that the database had at most.
    used: String,
    /// How often it refused one.
    refused: String,
}

/// Presses all workloads at once for `time`.
pub(crate) fn measure(
    bench: &Bench<'_>,
    database: &mut Database,
    size: &Size,
    time: Duration,
) -> Result<Found> {
    database.tell(&format!(
        "SET GLOBAL max_connections = {}",
        size.connections
    ))?;
    database.tell("FLUSH STATUS")?;
    let addr = free_address()?;
    let instances = size.workloads * (size.callers + 1) * 2;
    let callers = size.workloads * size.callers;
    let sh = bench
        .cores
        .server(&bench.weft)
        .args(["--quiet", "run", "--allow-host-loopback", "--addr"])
        .arg(addr.to_string())
        .args(["--instances", &instances.to_string()])
        .args(["--max-connections-per-peer", &(callers + 100).to_string()])
        .args(manifests(&bench.scratch, &database.place, size)?);
    let mut server = Server::start(sh, addr)?;
    server.ready(&Request::get(&host(0), "/accounts"))?;
    let add = Request::post_json(&host(0), "/accounts?name=Ada&balance=100", b"");
    server.ready(&add)?;
    let wanted = |number: u32| Wanted {
        host: host(number % size.workloads),
        path: "/accounts/1",
    };
    let begun = Instant::now();
    let crowd = Crowd::start(addr, (0..callers).map(wanted));
    std::thread::sleep(time);
    let seen = crowd.stop();
    let time = begun.elapsed();
    server.stop()?;
    let status = |name: &str| format!("SHOW GLOBAL STATUS LIKE '{name}'");
    let number = |line: String| line.split('\t').nth(1).unwrap_or("?").to_owned();
    Ok(Found {
        seen,
        time,
        used: number(database.tell(&status("Max_used_connections"))?),
        refused: number(database.tell(&status("Connection_errors_max_connections"))?),
    })
}

impl Found {
    /// Requests that were not answered as they should.
    pub(crate) fn errors(&self) -> usize {
        self.seen.iter().filter(|seen| !seen.good).count()
    }

    /// A sentence for the page.
    pub(crate) fn words(&self, size: &Size) -> String {
        let millis: Vec<f64> = self.seen.iter().map(|seen| seen.took * 1e3).collect();
        let [p50, p99, most] = [50.0, 99.0, 100.0].map(|part| percentile(&millis, part));
        let rate = self.seen.len() as f64 / self.time.as_secs_f64();
        format!(
            "{} workloads of {TENANTS} tenants, each with a pool of one connection and {} components at work at once, over {} \
             connections that the database takes (it had {} at most, the administrator's included, and refused one {} \
             times): {} requests in {:.0} s, {} a second, {} errors; p50 {p50:.0} ms, p99 {p99:.0} ms, the longest \
             {most:.0} ms.",
            size.workloads,
            size.callers,
            size.connections,
            self.used,
            self.refused,
            page::count(self.seen.len() as f64),
            self.time.as_secs_f64(),
            page::count(rate),
            self.errors(),
        )
    }
}

fn host(number: u32) -> String {
    format!("w{number}.pools.test")
}

fn manifests(folder: &Path, place: &Place, size: &Size) -> Result<Vec<PathBuf>> {
    let (service, front) = (
        component("examples/mysql-pool")?,
        component("examples/mysql-pool-front")?,
    );
    let mut files = Vec::new();
    for first in (0..size.workloads).step_by(IN_A_FILE as usize) {
        let mut text = String::new();
        for number in first..size.workloads.min(first + IN_A_FILE) {
            document(&mut text, number, place, size, [&service, &front])?;
        }
        let file = folder.join(format!("many-{first}.yaml"));
        fs::write(&file, text)?;
        files.push(file);
    }
    Ok(files)
}

fn document(
    to: &mut String,
    number: u32,
    place: &Place,
    size: &Size,
    [service, front]: [&Path; 2],
) -> Result<()> {
    let (tenant, host, port) = (number % TENANTS, host(number), place.port);
    let (service, front) = (service.display(), front.display());
    let secret = secret(place, &format!("database{number}, namespace: t{tenant}"));
    write!(
        to,
        "---
{secret}---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: w{number}, namespace: t{tenant}}}
spec:
  service:
    image: 'file:{service}'
    localResources:
      environment:
        config: {{POOL_SIZE: '1', POOL_MIN: '0', POOL_TURN_MS: '1000', POOL_WAIT_MS: '50000'}}
        secretFrom: [{{name: database{number}}}]
      allowedIpNameLookups: [host.weft.internal]
      allowedHostLoopbackPorts: ['{port}']
  components:
    - name: front
      image: 'file:{front}'
      poolSize: {}
      localResources: {{config: {{weft.dev/request-timeout: 55s}}}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: {host}}}}}
",
        size.callers
    )?;
    Ok(())
}
