//! `weft run`: serve components and manifests, or run one command to its end.

mod announce;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use weft_api::spec::WorkloadSpec;
use weft_host::{CommandLine, Granting, Host, HostConfig, Prepared, Purpose, Running, Tls};

use self::announce::{Doors, Origin, announce};
use crate::examine::purpose_of;
use crate::limits::{Clients, Guests, Listener, address, drain, size};
use crate::policy;
use crate::printer::{FAINT, Global};
use crate::publish::Publish;
use crate::reach::Reach;
use crate::runtime;
use crate::shutdown::{self, Hangup};
use crate::sources::{self, Given, Source};
use crate::telemetry::{self, Asked};

/// Serve components and manifests, or run a command component to its end
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Components (.wasm) and manifests (.yaml)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Arguments of a command component
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
    /// Where to listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8000", env = "WEFT_ADDR", value_parser = address)]
    addr: SocketAddr,
    #[command(flatten)]
    given: Given,
    /// A host directory that hostPath volumes may lie under; none if never given
    #[arg(long, value_name = "DIR")]
    allow_host_path: Vec<PathBuf>,
    /// Bytes that one emptyDir volume may hold
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    empty_dir_limit: u64,
    /// How long requests in flight may go on after a signal to stop; a number alone is seconds
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = drain)]
    drain: Duration,
    #[command(flatten)]
    cache: Cache,
    #[command(flatten)]
    guests: Guests,
    #[command(flatten)]
    reach: Reach,
    /// Let guests reach those ports of this machine's own loopback that their `allowedHostLoopbackPorts` list, under the
    /// name host.weft.internal
    #[arg(long, help_heading = "Network of guests")]
    allow_host_loopback: bool,
    #[command(flatten)]
    clients: Clients,
    #[command(flatten)]
    listener: Listener,
    #[command(flatten)]
    publish: Publish,
    #[command(flatten)]
    admin: Admin,
}

const EXAMPLES: &str = "Examples:
  weft run hello.wasm
  weft run --addr 0.0.0.0:8080 a.yaml b.yaml
  weft run --env GREETING=hi --dir ./data::/data:ro hello.wasm
  weft run tool.wasm -- --verbose in.txt

Exit codes: 0 done; 1 it could not start; 2 wrong usage; 134 the command trapped; else the command's own.";

/// Where compiled code is kept.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Cache {
    /// Where compiled code is kept between runs
    #[arg(long, value_name = "DIR", env = "WEFT_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Keep no compiled code
    #[arg(long)]
    no_cache: bool,
}

impl Cache {
    /// The directory, by default in the user's cache.
    pub(crate) fn dir(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        let user_cache = || {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        };
        self.cache_dir
            .clone()
            .or_else(|| Some(user_cache()?.join("weft").join("code")))
    }
}

/// The listener for those who operate the host.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Health and metrics")]
pub(crate) struct Admin {
    /// Where /healthz, /readyz, /metrics, /workloads and /policy are served; nowhere, if not given. Whoever reaches it sees
    /// what all tenants run, so keep it from strangers
    #[arg(long, value_name = "ADDR", env = "WEFT_ADMIN_ADDR", value_parser = address)]
    admin_addr: Option<SocketAddr>,
    /// Workloads, and tenants, with labels of their own in /metrics; later ones are added up under `_other`
    #[arg(long, value_name = "N", default_value_t = 1000)]
    metrics_workloads: usize,
}

impl Admin {
    /// Puts the numbers where they count.
    pub(crate) fn apply(&self, config: &mut HostConfig) {
        config.metrics_workloads = self.metrics_workloads;
    }

    /// Opens the listener, if one is asked for.
    pub(crate) fn open(&self, host: &Host) -> anyhow::Result<Option<SocketAddr>> {
        let open = |addr| {
            // The host's own words say which address and why; what to do comes after them.
            host.open_admin(addr)
                .map_err(|why| anyhow::anyhow!("{why:#}; choose another address with --admin-addr"))
        };
        self.admin_addr.map(open).transpose()
    }
}

/// What a command that trapped exits with, as a shell reports an abort.
const TRAPPED: u8 = 134;

/// A workload to start, and how.
struct Job {
    spec: WorkloadSpec,
    granting: Granting,
    purpose: Purpose,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    runtime::block_on(run_files(args, global))
}

async fn run_files(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let (jobs, own_dirs) = jobs(args)?;
    let mut config = HostConfig {
        list_hosts_when_not_found: args.addr.ip().is_loopback(),
        ..HostConfig::default()
    };
    config.engine.cache_dir = args.cache.dir();
    config.engine.empty_dir_limit = args.empty_dir_limit;
    config.engine.host_path_roots = args
        .allow_host_path
        .iter()
        .cloned()
        .chain(own_dirs)
        .collect();
    args.guests.apply(&mut config.engine);
    args.reach
        .apply(args.allow_host_loopback, &mut config.engine)?;
    args.clients.apply(&mut config.limits);
    args.listener.apply(&mut config);
    args.publish.apply(&mut config);
    args.admin.apply(&mut config);
    config.limits.drain_timeout = args.drain;
    let telemetry = Asked::by_variables().start()?;
    config.telemetry.clone_from(&telemetry);
    let host = Host::new(config)?;
    let outcome = match jobs.as_slice() {
        [job] if job.purpose == Purpose::Command => command(&host, job, args).await,
        _ if !args.args.is_empty() => Err(anyhow::anyhow!(
            "arguments after `--` are for a command component; these files serve HTTP"
        )),
        _ => serve(&host, &jobs, args, global).await,
    };
    telemetry::end(telemetry).await;
    outcome
}

fn jobs(args: &Args) -> anyhow::Result<(Vec<Job>, Vec<PathBuf>)> {
    let mut jobs = Vec::new();
    let mut own_dirs = Vec::new();
    let mut components = 0_usize;
    for file in &args.files {
        match sources::read(file)? {
            Source::Component(path) => {
                components = components.saturating_add(1);
                let (spec, dirs) = sources::lone_component(&path, &args.given)?;
                own_dirs.extend(dirs);
                jobs.push(Job {
                    spec,
                    granting: Granting::Everything,
                    purpose: purpose_of(&path)?,
                });
            }
            Source::Manifest { specs, .. } => {
                sources::only_for_components(&args.given)?;
                let job = |spec| Job {
                    spec,
                    granting: Granting::Entries,
                    purpose: Purpose::Serve,
                };
                jobs.extend(specs.into_iter().map(job));
            }
        }
    }
    for (index, job) in jobs.iter().enumerate() {
        let same =
            |other: &Job| other.spec.tenant == job.spec.tenant && other.spec.name == job.spec.name;
        if jobs.iter().take(index).any(same) {
            bail!(
                "two workloads are called `{}/{}`; give one of them another name",
                job.spec.tenant,
                job.spec.name
            );
        }
    }
    if components > 1 {
        bail!(
            "{components} components without a manifest would all answer every host name; run one at a time, or \
             describe them in a manifest, which gives each its name"
        );
    }
    if jobs.len() > 1 && jobs.iter().any(|job| job.purpose == Purpose::Command) {
        bail!("a command component runs alone; start it with a `weft run` of its own");
    }
    Ok((jobs, own_dirs))
}

async fn command(host: &Host, job: &Job, args: &Args) -> anyhow::Result<ExitCode> {
    let prepared = host.prepare(&job.spec, job.granting, job.purpose).await?;
    let name = args
        .files
        .first()
        .and_then(|file| file.file_name())
        .unwrap_or_default();
    let line = CommandLine {
        args: std::iter::once(name.to_string_lossy().into_owned())
            .chain(args.args.iter().cloned())
            .collect(),
        environment: Vec::new(),
    };
    let Some(command) = host.command(prepared) else {
        bail!("there is no component to run");
    };
    let (stop, _) = shutdown::signals(host.control(), Hangup::Stop)?;
    let outcome = tokio::select! {
        outcome = command.run(&line) => outcome,
        () = stop.cancelled() => return Ok(ExitCode::from(130)),
    };
    match outcome {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(fault) => {
            tracing::error!("{fault}");
            Ok(ExitCode::from(TRAPPED))
        }
    }
}

const STOPPED_AT_ONCE: &str = "stopped at once by a second signal; what was in flight was cut";

async fn serve(
    host: &Host,
    jobs: &[Job],
    args: &Args,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let addr = args.addr;
    let specs: Vec<_> = jobs.iter().map(|job| &job.spec).collect();
    args.publish.check(&specs)?;
    let tls = match args.listener.tls()? {
        Some(files) => Some(host.use_tls(files).await?),
        None => None,
    };
    let listener = weft_host::listen(addr).with_context(|| {
        format!("cannot listen on {addr}; choose another address with --addr, e.g. --addr 127.0.0.1:0 for a free port")
    })?;
    let addr = listener.local_addr()?;
    let admin = args.admin.open(host)?;
    let names = args.publish.open(host)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let hangup = tls.map_or(Hangup::Stop, reload_on_hangup);
    // Before anything is started: services may take long to get ready.
    let (stop, stop_now) = shutdown::signals(host.control(), hangup)?;
    let starting = stop.run_until_cancelled(start_all(host, jobs, global));
    let Some(running) = starting.await.transpose()? else {
        global.status(format_args!("{FAINT}stopped{FAINT:#}"));
        return Ok(ExitCode::SUCCESS);
    };
    host.set_started();
    if args.reach.learns() {
        global.note("nothing is denied for want of an entry in a manifest: --egress learn; what was reached is shown at the end, and by `weft policy`");
    }
    tracing::info!("{}", host.capacity());
    let doors = Doors { admin, names };
    announce(&Origin { scheme, addr }, doors, &running, global);
    let draining = stop.clone();
    let serving = host.serve(listener, stop);
    let drained = tokio::select! {
        drained = serving => drained,
        () = stop_now.cancelled() => bail!(STOPPED_AT_ONCE),
        () = told_to_stop(draining, global) => return Ok(ExitCode::FAILURE),
    };
    if args.reach.learns() {
        let learned = host.learned();
        global.object(&serde_json::json!({ "event": "learned", "components": learned.components }));
        policy::show(&learned, global);
    }
    let stopping = futures::future::join_all(running.into_iter().map(Running::stop));
    if stop_now.run_until_cancelled(stopping).await.is_none() {
        bail!(STOPPED_AT_ONCE);
    }
    if drained.cut_requests > 0 {
        global.note(shutdown::cut(drained.cut_requests));
    }
    global.object(&serde_json::json!({ "event": "stopped", "cutRequests": drained.cut_requests }));
    global.status(format_args!("{FAINT}stopped{FAINT:#}"));
    Ok(ExitCode::SUCCESS)
}

/// Starts all workloads. Their services get ready side by side, so that a silent one delays nobody but itself.
async fn start_all(host: &Host, jobs: &[Job], global: &Global) -> anyhow::Result<Vec<Running>> {
    let mut prepared = Vec::with_capacity(jobs.len());
    for job in jobs {
        prepared.extend(prepare(host, job, global).await?);
    }
    let starting = prepared.into_iter().map(|(job, prepared)| async move {
        let running = host.start(&job.spec, prepared).await?;
        for note in &running.notes {
            global.note(format_args!("`{}`: {note}", full_name(job)));
        }
        anyhow::Ok(running)
    });
    futures::future::try_join_all(starting).await
}

fn full_name(job: &Job) -> String {
    format!("{}/{}", job.spec.tenant, job.spec.name)
}

/// A workload that can be started; none if it has no replicas.
async fn prepare<'a>(
    host: &Host,
    job: &'a Job,
    global: &Global,
) -> anyhow::Result<Option<(&'a Job, Prepared)>> {
    let name = full_name(job);
    if job.spec.replicas == 0 {
        global.note(format_args!("`{name}` has replicas: 0 and is not started"));
        return Ok(None);
    }
    if job.spec.replicas > 1 {
        global.note(format_args!(
            "`{name}` has replicas: {}; one is started here, since a component makes as many instances as it needs",
            job.spec.replicas
        ));
    }
    let prepared = host.prepare(&job.spec, job.granting, job.purpose).await?;
    for note in &prepared.notes {
        global.note(format_args!("`{name}`: {note}"));
    }
    Ok(Some((job, prepared)))
}

/// Says once that the stop was heard, then leaves the end to the drain.
async fn told_to_stop(stop: tokio_util::sync::CancellationToken, global: &Global) {
    stop.cancelled().await;
    global.status(format_args!(
        "{FAINT}stopping: finishing what is in flight; again to stop at once{FAINT:#}"
    ));
    std::future::pending::<()>().await;
}

/// Certificates are read again at once instead of in a few seconds. What is wrong with them is in the log.
fn reload_on_hangup(tls: Tls) -> Hangup {
    Hangup::Reload(Box::new(move || {
        let tls = tls.clone();
        tokio::spawn(async move { tls.reload().await });
    }))
}

#[cfg(test)]
mod tests;
