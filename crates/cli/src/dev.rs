//! `weft dev`: build, serve and watch a project.
//!
//! Layout: `project` (find and read the project file), `unsupported` (what of it this version cannot do), `build` (run
//! the build command), `component` (where that left the component), `workload` (from project and component to what the
//! host starts), `preview` (the same for `weft explain`), `watch` (what was saved), `session` (the loop over all of these),
//! `tell` (what the developer sees of it), `summary` (what the workload imports, has, and would lack in production),
//! `viewer` (the page with traces, logs, metrics and workloads).

mod build;
mod component;
mod preview;
mod project;
mod session;
mod summary;
mod tell;
mod unsupported;
mod viewer;
mod watch;
mod workload;

pub(crate) use self::preview::{Preview, preview};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use weft_api::project::Dev;
use weft_host::{Host, HostConfig, TlsFiles};

use self::project::Opened;
pub(crate) use self::project::{Parsed, likely_command, nearest, parsed};
use self::session::{Options, Session};
use self::tell::Tell;
use self::viewer::{Choice, Subject, Viewer};
use self::watch::Watch;
use crate::limits::{Clients, Guests, address, drain};
use crate::printer::Global;
use crate::reach::Reach;
use crate::run::{Admin, Cache};
use crate::runtime;
use crate::settings::missing;
use crate::shutdown::{self, Hangup};
use crate::telemetry::{self, Asked};

/// Build, serve and watch the project in a folder
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The project's folder, or a folder in it
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// Where to listen, instead of `dev.address`; port 0 picks a free one
    #[arg(long, env = "WEFT_ADDR", value_parser = address)]
    addr: Option<SocketAddr>,
    /// Build once and serve, without watching for changes
    #[arg(long)]
    no_watch: bool,
    /// Leave building to someone else: serve the component as it is, and again when its file changes
    #[arg(long)]
    no_build: bool,
    /// Leave `.env` to direnv and its like: values come from the environment and the sources of the project file alone
    #[arg(long)]
    no_dotenv: bool,
    /// How long requests in flight may go on after a signal to stop; a number alone is seconds
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = drain)]
    drain: Duration,
    /// Where the page with traces, logs, metrics and workloads is: `on` for 127.0.0.1:4318 or where there is room, an
    /// address of the loopback, or `off`. It takes OTLP there; if another `weft dev` has the page, this one reports to it
    #[arg(long, value_name = "ADDR", default_value = "on", env = "WEFT_VIEWER")]
    viewer: Choice,
    #[command(flatten)]
    cache: Cache,
    #[command(flatten)]
    guests: Guests,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    clients: Clients,
    #[command(flatten)]
    admin: Admin,
}

const EXAMPLES: &str = "Examples:
  weft dev                            the project in this folder
  weft dev examples/hello             the project in another folder
  weft dev --addr 127.0.0.1:0         on a free port
  weft dev --no-build                 when another tool builds the component

The project file is `weft.yaml` or `.wash/config.{yaml,yml,json,toml}`, in the folder or above it. The least of it:
  build:
    command: cargo build --release --target wasm32-wasip2
    component_path: target/wasm32-wasip2/release/hello.wasm";

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    runtime::block_on(develop(args, global))
}

async fn develop(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let opened = Opened::find(&args.dir)?;
    let plan = opened.plan(!args.no_dotenv);
    let settings = plan.resolve().await;
    if let Some(missing) = missing(&settings.lacking) {
        bail!(missing);
    }
    let addr = args.addr.unwrap_or(opened.project.dev.address);
    // Before the host: what is told of it from its first moment on has to have a place.
    let viewer = Viewer::open(args.viewer).await?;
    let asked = Asked::by_variables().and_by(&opened.project.dev)?;
    let asked = match &viewer {
        Some(viewer) => asked.and_for(viewer.receiver()),
        None => asked,
    };
    let telemetry = asked.start()?;
    let mut config = host_config(args, &opened.project.dev, addr)?;
    config.telemetry.clone_from(&telemetry);
    let host = Host::new(config)?;
    let outcome = serve(args, opened, &host, viewer, addr, global).await;
    telemetry::end(telemetry).await;
    outcome
}

async fn serve(
    args: &Args,
    opened: Opened,
    host: &Host,
    viewer: Option<Viewer>,
    addr: SocketAddr,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let scheme = match tls(&opened.project.dev) {
        Some(files) => {
            host.use_tls(files).await?;
            "https"
        }
        None => "http",
    };
    let listener = weft_host::listen(addr).with_context(|| {
        format!("cannot listen on {addr}; choose another address with --addr, e.g. --addr 127.0.0.1:0 for a free port")
    })?;
    let addr = listener.local_addr()?;
    let admin = args.admin.open(host)?;
    let (stop, stop_now) = shutdown::signals(host.control(), Hangup::Stop)?;

    let tell = Tell::new(global);
    let url = format!("{scheme}://{addr}/");
    tell.listening(&opened, addr, &url, admin);
    let subject = Subject {
        host: host.clone(),
        name: opened.folder.display().to_string(),
        url: url.clone(),
    };
    // Kept until the end, so that the page shows how the session stops.
    let _shown = viewer
        .map(|viewer| viewer.show(subject, &tell))
        .transpose()?;
    let serving = tokio::spawn({
        let (host, stop) = (host.clone(), stop.clone());
        async move { host.serve(listener, stop).await }
    });
    let values = opened.plan(!args.no_dotenv).watched();
    let watch = match args.no_watch {
        true => None,
        false => Some(
            Watch::start(opened.watched(values))
                .await
                .with_context(|| {
                    format!(
                        "cannot watch `{}`; --no-watch does without",
                        opened.folder.display()
                    )
                })?,
        ),
    };
    let options = Options {
        no_build: args.no_build,
        dotenv: !args.no_dotenv,
        url,
    };
    let mut session = Session::new(opened, host.clone(), options, tell, watch);
    tokio::select! {
        failed = session.run() => return Err(failed),
        () = stop.cancelled() => {}
    }
    session.tell().stopping();
    let drained = tokio::select! {
        drained = serving => drained.context("the server ended in a way that it should not")?,
        () = stop_now.cancelled() => bail!("stopped at once by a second signal; requests in flight were cut"),
    };
    tokio::select! {
        () = session.stop() => {}
        () = stop_now.cancelled() => bail!("stopped at once by a second signal; the service was cut"),
    }
    session.tell().stopped(drained.cut_requests);
    Ok(ExitCode::SUCCESS)
}

/// The certificate and key that the project names, if it does.
fn tls(dev: &Dev) -> Option<TlsFiles> {
    // Read together, so that there is no one without the other.
    let mut files = TlsFiles::new(dev.tls_cert_path.as_ref()?, dev.tls_key_path.as_ref()?);
    files.client_authorities.clone_from(&dev.tls_ca_path);
    Some(files)
}

fn host_config(args: &Args, dev: &Dev, addr: SocketAddr) -> anyhow::Result<HostConfig> {
    let mut config = HostConfig {
        list_hosts_when_not_found: addr.ip().is_loopback(),
        ..HostConfig::default()
    };
    config.engine.cache_dir = args.cache.dir();
    // The only hostPath volumes here are `dev.volumes` of the developer's own project, which may change while we run:
    // each counts as allowed, wherever it is.
    config.engine.host_path_roots = vec![PathBuf::from("/")];
    args.guests.apply(&mut config.engine);
    // The machine is that of the developer, whose project lists the ports.
    args.reach.with(dev).apply(true, &mut config.engine)?;
    args.clients.apply(&mut config.limits);
    args.admin.apply(&mut config);
    // What the project publishes is published: on the developer's own machine.
    config.publish.addresses = true;
    if let Some(most) = dev.max_inbound_socket_connections_per_workload {
        // There is one workload.
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        config.publish.max_connections = config.publish.max_connections.min(most);
    }
    // There is one tenant.
    config.publish.max_tenant_connections = Some(config.publish.max_connections);
    config.limits.drain_timeout = args.drain;
    Ok(config)
}
