//! `cargo xtask bench pool`: rows from a database through the pool of `examples/mysql-pool`, beside a native program with
//! a pool of the same size, and beside the same program with a connection for each request. Then many small pools that
//! share a database which takes few connections, and a database that is restarted under load.

mod crowd;
mod database;
mod many;
mod restart;

use super::client::Request;
use super::cores::Cores;
use super::load::{Load, Round, Target};
use super::machine::Machine;
use super::page;
use super::server::{Server, free_address};
use super::tools::OHA;
use super::{Subject, build_guests, component, scratch};
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Result, bail};
use database::{Database, Place};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(2);
const HOST: &str = "pool.localhost";
const PATH: &str = "/accounts/1";

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Rounds of each side; the medians are reported
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Length of a round
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Clients, each of which asks again as soon as it is answered
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Connections to the database, of both pools
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    size: u32,
    /// Workloads that share the database, each with a pool of its own
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=1000))]
    workloads: u32,
    /// Callers of each of those workloads
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    callers: u32,
    /// Connections that the database takes from those workloads
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..=300))]
    places: u32,
    /// How often the database is restarted
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    restarts: u32,
    /// One round of one second: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
    /// Let server and load generator share all cores
    #[arg(long)]
    shared_cores: bool,
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Weft,
    WeftQuiet,
    NativePool,
    NativeEach,
}

impl Side {
    const ALL: [Self; 4] = [
        Self::Weft,
        Self::WeftQuiet,
        Self::NativePool,
        Self::NativeEach,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Weft => "weft, a component and the pool service",
            Self::WeftQuiet => "the same, weft --quiet",
            Self::NativePool => "axum and sqlx, a pool",
            Self::NativeEach => "axum and sqlx, a connection for each request",
        }
    }
}

/// Measures all sides in turn, prints the table and writes it into the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    let oha = OHA.prepare(steps)?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let peer = build_peer(steps)?;
    let mut database = Database::start(steps)?;
    let cores = Cores::of_this_machine(args.shared_cores)?;
    let bench = Bench {
        weft,
        peer,
        place: database.place.clone(),
        cores: &cores,
        size: args.size,
        scratch: scratch("pool")?,
    };
    let load = Load {
        oha: &oha,
        cores: &cores,
        connections: args.connections,
    };
    let (rounds, time) = match args.quick {
        true => (1, Duration::from_secs(1)),
        false => (args.rounds, Duration::from_secs(args.seconds)),
    };
    let results = steps.run("load", "`--quick` is one second of each", |steps| {
        bench.measure(steps, &load, rounds, time)
    })?;
    let table = table(&results);
    page::columns(&table, 1)
        .iter()
        .for_each(|line| steps.say(line));
    let size = match args.quick {
        true => many::Size {
            workloads: args.workloads / 10,
            callers: args.callers,
            connections: args.places.div_ceil(5),
        },
        false => many::Size {
            workloads: args.workloads,
            callers: args.callers,
            connections: args.places,
        },
    };
    let title = format!("{} pools", size.workloads);
    let many = steps.run(&title, "", |_| {
        many::measure(&bench, &mut database, &size, time * 6)
    })?;
    steps.say(many.words(&size));
    database.tell("SET GLOBAL max_connections = 300")?;
    let restarts = if args.quick { 1 } else { args.restarts };
    let restart = steps.run("the database is restarted", "", |_| {
        let server = bench.start(Side::Weft)?;
        let found = restart::measure(&server, &mut database, restarts)?;
        server.stop()?;
        Ok(found)
    })?;
    steps.say(restart.words());
    if args.subject.is_release() && !args.quick {
        let text = [
            machine.line(),
            format!(
                "One row by its key from MariaDB over TLS, {} connections to it, {} clients; medians of {rounds} rounds \
                 of {} s; {}. The database runs on the same machine.",
                args.size,
                args.connections,
                time.as_secs(),
                cores.describe()
            ),
            page::table(&table, 1),
            many.words(&size),
            restart.words(),
        ];
        page::write(steps, "pool", &text.join("\n\n"))?;
    }
    let failed: u64 = results.iter().map(|round| round.errors).sum();
    if failed > 0 {
        bail!("{failed} requests failed; figures with failures are worth nothing");
    }
    if many.errors() > 0 || restart.wrong > 0 {
        bail!(
            "{} requests to pools that share the database failed; {} answers after a restart were wrong",
            many.errors(),
            restart.wrong
        );
    }
    Ok(())
}

/// Builds the native program.
fn build_peer(steps: &mut Steps) -> Result<PathBuf> {
    let folder = workspace::root().join("xtask/peers/sql");
    let target = workspace::root().join("target/peers");
    let advice = "cargo's messages are above";
    steps.run("build the native program", advice, |_| {
        Sh::clean_cargo(&folder)
            .args(["build", "--release", "--locked"])
            .env("CARGO_TARGET_DIR", &target)
            .run()
    })?;
    Ok(target.join("release/sql-peer"))
}

struct Bench<'a> {
    weft: PathBuf,
    peer: PathBuf,
    place: Place,
    cores: &'a Cores,
    size: u32,
    scratch: PathBuf,
}

impl Bench<'_> {
    fn measure(
        &self,
        steps: &Steps,
        load: &Load<'_>,
        rounds: u32,
        time: Duration,
    ) -> Result<Vec<Round>> {
        let target = Target {
            host: HOST,
            path: PATH,
            body: None,
        };
        // weft comes first: its component makes the table.
        let mut servers = Vec::new();
        for side in Side::ALL {
            let server = self.start(side)?;
            load.press(&server, &target, WARM_UP.min(time))?;
            servers.push(server);
        }
        let mut found = vec![Vec::new(); servers.len()];
        for turn in 0..rounds as usize {
            for step in 0..servers.len() {
                let index = (turn + step) % servers.len();
                let (Some(server), Some(side), Some(found)) = (
                    servers.get(index),
                    Side::ALL.get(index),
                    found.get_mut(index),
                ) else {
                    continue;
                };
                let round = load.press(server, &target, time)?;
                steps.say(format_args!(
                    "{:<45} {:>8} req/s  p99 {:>8.3} ms  errors {}",
                    side.name(),
                    page::count(round.per_second),
                    round.p99,
                    round.errors
                ));
                found.push(round);
            }
        }
        for server in servers {
            server.stop()?;
        }
        Ok(found.iter().map(|rounds| Round::middle(rounds)).collect())
    }

    fn start(&self, side: Side) -> Result<Server> {
        let addr = free_address()?;
        let (sh, said) = match side {
            Side::Weft | Side::WeftQuiet => {
                let manifest = self.scratch.join("manifest.yaml");
                fs::write(&manifest, self.manifest()?)?;
                let sh = self.cores.server(&self.weft);
                let sh = sh.args((side == Side::WeftQuiet).then_some("--quiet"));
                let sh = sh.args(["run", "--allow-host-loopback", "--addr", &addr.to_string()]);
                (sh.arg(manifest), None)
            }
            Side::NativePool => {
                let size = self.size.to_string();
                let sh = self.cores.server(&self.peer);
                (
                    sh.args([&addr.to_string(), "pool", &size]),
                    Some("listening"),
                )
            }
            Side::NativeEach => {
                let sh = self.cores.server(&self.peer);
                (sh.args([&addr.to_string(), "each"]), Some("listening"))
            }
        };
        let sh = sh
            .env("DATABASE_URL", &self.place.url)
            .env("DATABASE_CA", &self.place.authority);
        let mut server = match said {
            Some(said) => Server::start_listening(sh, addr, said)?,
            None => Server::start(sh, addr)?,
        };
        if matches!(side, Side::Weft | Side::WeftQuiet) {
            server.ready(&Request::get(HOST, "/accounts"))?;
            let add = Request::post_json(HOST, "/accounts?name=Ada&balance=100", b"");
            server.ready(&add)?;
        }
        let answer = server.ready(&Request::get(HOST, PATH))?;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        if !body.contains("\"Ada\"") {
            bail!("{} answers `{body}`", side.name());
        }
        Ok(server)
    }

    fn manifest(&self) -> Result<String> {
        let (service, front) = (
            component("examples/mysql-pool")?,
            component("examples/mysql-pool-front")?,
        );
        Ok(manifest(&self.place, self.size, &service, &front))
    }
}

fn manifest(place: &Place, size: u32, service: &Path, front: &Path) -> String {
    let (service, front, port) = (service.display(), front.display(), place.port);
    let secret = secret(place, "database");
    format!(
        "{secret}---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: pool}}
spec:
  service:
    image: file:{service}
    localResources:
      environment: {{config: {{POOL_SIZE: \"{size}\"}}, secretFrom: [{{name: database}}]}}
      allowedIpNameLookups: [host.weft.internal]
      allowedHostLoopbackPorts: [\"{port}\"]
  components:
    - {{name: front, image: 'file:{front}', poolSize: 32}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: {HOST}}}}}
"
    )
}

/// What the service alone is told. `name` is that of the secret, and may have more of the metadata behind it.
fn secret(place: &Place, name: &str) -> String {
    let url = place.url.replace("127.0.0.1", "host.weft.internal");
    let authority = place.authority.trim().replace('\n', "\n    ");
    format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData:
  DATABASE_URL: {url}
  DATABASE_CA: |
    {authority}
"
    )
}

fn table(results: &[Round]) -> Vec<Vec<String>> {
    let head = [
        "Side",
        "req/s",
        "p50, ms",
        "p99, ms",
        "CPU µs / req",
        "Errors",
        "req/s, of weft's",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let weft = results.first().map_or(0.0, |round| round.per_second);
    for (side, round) in Side::ALL.iter().zip(results) {
        rows.push(vec![
            side.name().to_owned(),
            page::count(round.per_second),
            format!("{:.3}", round.p50),
            format!("{:.3}", round.p99),
            format!("{:.1}", round.cost),
            round.errors.to_string(),
            format!("{:.2}", round.per_second / weft),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_keeps_what_is_secret_with_the_service() {
        let place = Place {
            url: "mysql://weft:word@127.0.0.1:4000/app".to_owned(),
            port: 4000,
            authority: "-----BEGIN\nAAAA\n-----END\n".to_owned(),
        };
        let text = manifest(&place, 10, Path::new("/s.wasm"), Path::new("/f.wasm"));
        assert!(text.contains("DATABASE_URL: mysql://weft:word@host.weft.internal:4000/app"));
        assert!(text.contains("    AAAA\n    -----END\n"), "{text}");
        assert_eq!(text.matches("word").count(), 1);
    }

    #[test]
    fn figures_are_compared_with_those_of_weft() {
        let round = |per_second| Round {
            per_second,
            ..Round::default()
        };
        let rows = table(&[round(100.0), round(110.0), round(125.0), round(10.0)]);
        let ratios: Vec<&str> = rows.iter().skip(1).map(|row| row[6].as_str()).collect();
        assert_eq!(ratios, ["1.00", "1.10", "1.25", "0.10"]);
    }
}
