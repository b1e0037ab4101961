//! `weft gpu`: which GPUs this machine has, who uses them, and the flags that say which of them workloads get.

mod top;

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use weft_host::EngineConfig;
use weft_host::gpu::{Adapter, Allowed, Backend, Health, Inventory, Roots, Selector, Share};

use crate::limits::{memory_size, some_time};
use crate::printer::{BAD, FAINT, GOOD, Global, NAME};

/// Which GPU workloads get, and how much of it.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "GPUs")]
pub(crate) struct Flags {
    /// The adapter of workloads that import wasi:webgpu and name none: off, auto, software, pci:ADDRESS, uuid:UUID,
    /// kind:KIND, name:PATTERN or index:N (of `weft gpu list`)
    #[arg(long, value_name = "ADAPTER", default_value = "auto")]
    gpu: Selector,
    /// GPU memory of all workloads of one tenant on one adapter
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = memory_size)]
    tenant_gpu_memory: u64,
    /// The longest time that a workload may allow one submission; after it, it loses its device
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = some_time)]
    max_gpu_submission: Duration,
    /// The part of a GPU's time that all workloads of one tenant have together at most: 50%, 0.5 or 500ms (of each second)
    #[arg(long, value_name = "SHARE")]
    tenant_gpu_time: Option<Share>,
    /// Let workloads have the feature timestamp-query where their manifest says exact-timestamps; with it one can watch the others
    #[arg(long)]
    exact_gpu_timestamps: bool,
}

impl Flags {
    /// Puts the settings where they count.
    pub(crate) fn apply(&self, config: &mut EngineConfig) {
        config.gpu.selector = self.gpu.clone();
        config.gpu.allowed = Allowed {
            memory: self.tenant_gpu_memory,
            submission_deadline: self.max_gpu_submission,
            gpu_time: self.tenant_gpu_time,
            exact_timestamps: self.exact_gpu_timestamps,
            ..Allowed::default()
        };
    }
}

/// Show the GPUs of this machine
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(ListArgs),
    Top(top::Args),
}

/// List the adapters of this machine, test each, and say why those that fail cannot be used
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
struct ListArgs {}

const EXAMPLES: &str = "Examples:
  weft gpu list
  weft gpu list --output json

Exit codes: 0 WebGPU runs on one of them; 1 it runs on none.";

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List(ListArgs {}) => Ok(list(global)),
        Command::Top(args) => top::run(args, global),
    }
}

fn list(global: &Global) -> ExitCode {
    let inventory = Inventory::take(&Roots::default(), Backend::Vulkan);
    global.object(&inventory);
    for adapter in &inventory.adapters {
        describe(adapter, global);
    }
    for note in &inventory.notes {
        global.status(note);
    }
    if inventory.adapters.is_empty() {
        global.line(
            "There is no GPU and no software adapter; on Debian and Ubuntu the package mesa-vulkan-drivers has one.",
        );
    }
    if inventory.is_usable() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn describe(adapter: &Adapter, global: &Global) {
    let place = match (adapter.pci, adapter.uuid) {
        (_, Some(uuid)) => format!("uuid:{uuid}"),
        (Some(pci), None) => format!("pci:{pci}"),
        (None, None) => format!("index:{}", adapter.index),
    };
    let part = adapter
        .partition
        .as_deref()
        .map(|part| format!(" {part}"))
        .unwrap_or_default();
    global.line(format_args!(
        "{NAME}{}{NAME:#}{part}  {FAINT}{place}{FAINT:#}",
        adapter.name
    ));
    let mut facts = vec![
        adapter.kind.word().to_owned(),
        adapter.vendor.word.to_owned(),
    ];
    facts.extend(adapter.memory.map(|bytes| format!("{} MiB", bytes >> 20)));
    let driver = adapter
        .driver
        .iter()
        .chain(&adapter.driver_info)
        .map(String::as_str);
    let driver = driver.collect::<Vec<_>>().join(" ");
    if !driver.is_empty() {
        facts.push(driver);
    }
    global.line(format_args!("  {}", facts.join(", ")));
    match &adapter.health {
        Health::Healthy => global.line(format_args!(
            "  {GOOD}healthy{GOOD:#}: it computed the self-test rightly"
        )),
        Health::Unusable(problem) => {
            global.line(format_args!("  {BAD}unusable{BAD:#}: {}", problem.reason));
            global.line(format_args!("  remedy: {}", problem.remedy));
        }
    }
}

/// Leaves out a layer of Mesa's that is for desktops: it asks a display server which GPU the user likes, puts that one first,
/// and writes to standard error when there is no display.
#[expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "the environment is the only place where Vulkan's loader looks, and there is one thread yet"
)]
pub(crate) fn settle_drivers() {
    if std::env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: this is called first in `main`, when there is no other thread that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
