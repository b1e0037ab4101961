//! `weft gpu top`: who uses the GPUs of a host that runs, as a table that is drawn again and again.

mod rates;
mod table;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;

use self::rates::{List, Row};
use crate::admin;
use crate::limits::{address, some_time};
use crate::printer::Global;
use crate::runtime;

/// Show who uses the GPUs of a host, by tenant and workload, until it is interrupted
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The admin listener of the host
    #[arg(long, value_name = "ADDR", env = "WEFT_ADMIN_ADDR", value_parser = address)]
    admin_addr: SocketAddr,
    /// What the numbers of a table are measured over
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    interval: Duration,
    /// End after so many tables
    #[arg(long, short = 'n', value_name = "TABLES", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
}

const EXAMPLES: &str = "Examples:
  weft run --admin-addr 127.0.0.1:8001 manifest.yaml
  weft gpu top --admin-addr 127.0.0.1:8001
  weft gpu top --admin-addr 127.0.0.1:8001 --count 1 --output json

Exit codes: 0 done; 1 the host does not answer.";

/// One table.
#[derive(Serialize)]
struct Table<'a> {
    seconds: f64,
    rows: &'a [Row],
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    runtime::block_on(watch(args, global))
}

async fn watch(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let live = args.count != Some(1) && std::io::stdout().is_terminal();
    let look = || admin::ask::<List>(args.admin_addr, "/workloads");
    let (mut before, mut at) = (look().await?, Instant::now());
    let mut left = args.count;
    while left != Some(0) {
        tokio::select! {
            () = tokio::time::sleep(args.interval) => {}
            _ = tokio::signal::ctrl_c() => break,
        }
        let (now, since) = (look().await?, at);
        at = Instant::now();
        let seconds = at.saturating_duration_since(since).as_secs_f64();
        let rows = rates::rows(&before, &now, seconds);
        global.object(&Table {
            seconds,
            rows: &rows,
        });
        if live {
            global.clear();
        }
        for line in table::draw(&rows).lines() {
            global.line(line);
        }
        before = now;
        left = left.map(|left| left - 1);
    }
    Ok(ExitCode::SUCCESS)
}
