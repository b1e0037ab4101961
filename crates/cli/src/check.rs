//! `weft check`: whether manifests and components would start, without starting them. Yes or no, for scripts;
//! `weft explain` says why.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use weft_host::{Host, HostConfig, Trouble};

use crate::examine::{Examined, Subjects};
use crate::printer::{GOOD, Global, NAME};

/// Say whether components and manifests would start, without starting them
#[derive(clap::Args)]
#[command(after_help = "Example:\n  weft check manifest.yaml && weft run manifest.yaml")]
pub(crate) struct Args {
    /// Components and manifests
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    allowed: Allowed,
}

/// What the host that is imagined allows.
#[derive(clap::Args)]
pub(crate) struct Allowed {
    /// A host directory that hostPath volumes may lie under
    #[arg(long, value_name = "DIR")]
    allow_host_path: Vec<PathBuf>,
}

impl Allowed {
    /// A host that nothing is started on.
    pub(crate) fn host(&self) -> anyhow::Result<Host> {
        let mut config = HostConfig::default();
        config
            .engine
            .host_path_roots
            .clone_from(&self.allow_host_path);
        Ok(Host::new(config)?)
    }
}

#[tokio::main]
pub(crate) async fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let host = args.allowed.host()?;
    let mut failed = false;
    for file in &args.files {
        match check(&host, file, global).await {
            Ok(starts) => failed |= !starts,
            Err(error) => {
                failed = true;
                global.error(&error);
            }
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Whether all workloads of a file would start; those that would not are reported.
async fn check(host: &Host, file: &Path, global: &Global) -> anyhow::Result<bool> {
    let subjects = Subjects::read(file)?;
    let mut all_start = true;
    for (spec, examined) in subjects.specs.iter().zip(subjects.examine(host).await) {
        if !examined.starts() {
            all_start = false;
            report(examined, global);
            continue;
        }
        let valid = examined
            .foreseen
            .outlook
            .and_then(|outlook| outlook.plan.ok());
        for note in valid.into_iter().flat_map(|valid| valid.notes) {
            global.note(note);
        }
        let workload = format!("{}/{}", spec.tenant, spec.name);
        global
            .object(&serde_json::json!({ "event": "checked", "workload": workload, "file": file }));
        global.line(format_args!(
            "{GOOD}ok{GOOD:#} {NAME}{workload}{NAME:#} ({})",
            file.display()
        ));
    }
    Ok(all_start)
}

/// Says what is against a start, in the words of `weft run`.
fn report(examined: Examined, global: &Global) {
    let refused = examined
        .foreseen
        .outlook
        .and_then(|outlook| outlook.plan.err());
    if let Some(refused) = refused {
        global.error(&refused.into());
    }
    for trouble in examined.foreseen.troubles {
        // Those of the plan were said together.
        if !matches!(trouble, Trouble::Plan(_)) {
            global.error(&trouble.into());
        }
    }
    for overlap in examined.overlaps {
        global.error(&anyhow::anyhow!(overlap.message));
    }
}
