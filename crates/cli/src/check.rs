//! `weft check`: whether manifests and components would start, without starting them.

use std::path::PathBuf;
use std::process::ExitCode;

use weft_host::{Granting, Host, HostConfig, Purpose};

use crate::printer::{GOOD, Global, NAME};
use crate::sources::{self, Given, Source};

/// Say whether components and manifests would start, without starting them
#[derive(clap::Args)]
#[command(after_help = "Example:\n  weft check manifest.yaml && weft run manifest.yaml")]
pub(crate) struct Args {
    /// Components and manifests
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A host directory that hostPath volumes may lie under
    #[arg(long, value_name = "DIR")]
    allow_host_path: Vec<PathBuf>,
}

#[tokio::main]
pub(crate) async fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let mut config = HostConfig::default();
    config
        .engine
        .host_path_roots
        .clone_from(&args.allow_host_path);
    let host = Host::new(config)?;
    let mut failed = false;
    for file in &args.files {
        if let Err(error) = check(&host, file, global).await {
            failed = true;
            global.error(&error);
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn check(host: &Host, file: &std::path::Path, global: &Global) -> anyhow::Result<()> {
    let specs = match sources::read(file)? {
        Source::Manifest(specs) => specs
            .into_iter()
            .map(|spec| (spec, Granting::Entries))
            .collect(),
        Source::Component(path) => {
            vec![(
                sources::lone_component(&path, &Given::default())?.0,
                Granting::Everything,
            )]
        }
    };
    for (spec, granting) in specs {
        let purpose = match granting {
            Granting::Entries => Purpose::Serve,
            Granting::Everything => purpose_of(file)?,
        };
        let prepared = host.prepare(&spec, granting, purpose).await?;
        for note in &prepared.notes {
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
    Ok(())
}

/// What a component without a manifest is for: serving if it can, else running once.
pub(crate) fn purpose_of(file: &std::path::Path) -> anyhow::Result<Purpose> {
    use anyhow::Context;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let shape = weft_host::inspect(&bytes).with_context(|| format!("`{}`", file.display()))?;
    let exports = |interface: &str| {
        shape.exports.iter().any(|export| {
            export.namespace == "wasi"
                && format!("{}/{}", export.package, export.interface) == interface
        })
    };
    let serves = exports("http/incoming-handler") || exports("http/handler");
    Ok(if !serves && exports("cli/run") {
        Purpose::Command
    } else {
        Purpose::Serve
    })
}
