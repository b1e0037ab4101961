//! `cargo xtask demo`: builds weft and the examples, serves them all in one process, and prints addresses to open.
//! With `--check` it asks each address once, compares the answer, stops weft and ends.

mod http;
mod pages;

use crate::programs::Programs;
use crate::setup;
use crate::sh::{Sh, wait_within};
use crate::step::Steps;
use crate::{guests, workspace};
use anyhow::{Context, Result, bail};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// The address of the demo when nobody else listens there.
const USUAL: &str = "127.0.0.1:8000";
/// The first run compiles every example to machine code.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// Longer than weft takes to drain its connections.
const STOP_LIMIT: Duration = Duration::from_secs(40);

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setup: setup::Args,
    /// Where to listen [default: 127.0.0.1:8000, or a free port if that is taken]
    #[arg(long)]
    addr: Option<SocketAddr>,
    /// Ask each address once, compare the answers, and end
    #[arg(long)]
    check: bool,
}

/// The task that prints the addresses while `demo` has become weft.
#[derive(clap::Args)]
pub(crate) struct Announce {
    addr: SocketAddr,
    /// Ends quietly when this process is gone.
    parent: u32,
    #[arg(long)]
    only_rust: bool,
}

/// Sets up, builds, and serves until Ctrl-C.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let only_rust = args.setup.only_rust;
    let compiler = setup::run(steps, &args.setup)?;
    let weft = Programs::weft(steps)?.path("weft")?;
    guests::build(steps, &compiler, only_rust)?;
    if args.check {
        return check(steps, weft, only_rust);
    }
    let addr = match args.addr {
        Some(addr) => addr,
        None => free_address(USUAL)?,
    };
    announce_later(addr, only_rust)?;
    steps.say(format_args!("starting weft on {addr}; Ctrl-C stops it"));
    // From here on this process is weft: Ctrl-C and SIGTERM reach it, and its exit status is ours.
    Err(serve(weft, addr, only_rust)?.become_it())
}

/// Serves the built examples with `weft`, compares the answer of every page, and stops it.
pub(crate) fn check(steps: &mut Steps, weft: PathBuf, only_rust: bool) -> Result<()> {
    let advice =
        "`cargo xtask demo` serves the same; examples/demo.toml says what each page must answer";
    steps.run("check the demo", advice, |steps| {
        let addr = free_address(USUAL)?;
        let mut server = Server(serve(weft, addr, only_rust)?.spawn()?);
        let pages = pages::list(only_rust)?;
        let alive = || Ok(server.0.try_wait()?.is_none());
        pages::wait_until_served(&pages, addr, READY_LIMIT, alive)?;
        pages
            .iter()
            .for_each(|page| steps.say(format_args!("{} answers as expected", page.url(addr))));
        let status = server.stop()?;
        if status.success() {
            Ok(())
        } else {
            bail!("weft did not end well after SIGTERM: {status}")
        }
    })
}

/// Waits until weft serves, then prints the addresses.
pub(crate) fn announce(steps: &mut Steps, args: &Announce) -> Result<()> {
    let pages = pages::list(args.only_rust)?;
    pages::wait_until_served(&pages, args.addr, READY_LIMIT, || {
        Ok(parent_id() == args.parent)
    })?;
    let rows = pages
        .into_iter()
        .map(|page| (page.url(args.addr), page.shows));
    let rows: Vec<(String, String)> = rows.collect();
    let width = rows
        .iter()
        .map(|(url, _)| url.len())
        .max()
        .unwrap_or_default();
    steps.say("weft is ready. Open in a browser, or with curl:");
    rows.iter()
        .for_each(|(url, shows)| steps.say(format_args!("  {url:<width$}  {shows}")));
    steps.say("Ctrl-C stops it.");
    Ok(())
}

fn announce_later(addr: SocketAddr, only_rust: bool) -> Result<()> {
    let parent = std::process::id().to_string();
    let announce = Sh::new(std::env::current_exe()?)
        .arg("announce")
        .arg(addr.to_string())
        .arg(parent);
    announce
        .args(only_rust.then_some("--only-rust"))
        .spawn()
        .map(drop)
}

/// The command that serves the examples that have a page. Their manifests name components relative to the folder of the manifest.
fn serve(weft: PathBuf, addr: SocketAddr, only_rust: bool) -> Result<Sh> {
    // The others need something beside weft, such as a database.
    let listed = std::fs::read_to_string(workspace::root().join("examples/demo.toml"))?;
    let manifests = workspace::examples()
        .into_iter()
        .filter(|folder| !only_rust || !is_typescript(folder))
        .filter(|folder| listed.contains(&format!("example = \"{}\"", workspace::name(folder))));
    let manifests: Vec<PathBuf> = manifests
        .map(|folder| folder.join("manifest.yaml"))
        .filter(|file| file.is_file())
        .collect();
    if manifests.is_empty() {
        bail!("no example has a manifest.yaml");
    }
    Ok(setup::with_gpu(Sh::new(weft))
        .arg("run")
        .arg("--addr")
        .arg(addr.to_string())
        .args(manifests)
        .dir(&workspace::root()))
}

fn is_typescript(example: &std::path::Path) -> bool {
    example.join("package.json").is_file()
}

/// The `usual` address, or one with a free port.
fn free_address(usual: &str) -> Result<SocketAddr> {
    let listener = TcpListener::bind(usual).or_else(|_| TcpListener::bind("127.0.0.1:0"));
    Ok(listener
        .context("no free port on 127.0.0.1")?
        .local_addr()?)
}

/// A running weft; it does not outlive the check.
struct Server(Child);

impl Server {
    /// Asks it to end and waits for that.
    fn stop(&mut self) -> Result<ExitStatus> {
        Sh::new("kill")
            .arg("-TERM")
            .arg(self.0.id().to_string())
            .run()?;
        let status = wait_within(&mut self.0, STOP_LIMIT)?;
        status.with_context(|| {
            format!(
                "weft did not end within {} s of SIGTERM",
                STOP_LIMIT.as_secs()
            )
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) && self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_stopped_tells_how_it_ended() {
        let mut server = Server(Sh::new("sleep").arg("600").spawn().unwrap());
        assert!(!server.stop().unwrap().success(), "sleep dies of SIGTERM");
    }

    #[test]
    fn a_taken_port_is_not_chosen() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let usual = taken.local_addr().unwrap();
        assert_ne!(free_address(&usual.to_string()).unwrap(), usual);
    }
}
