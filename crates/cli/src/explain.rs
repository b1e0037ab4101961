//! `weft explain`: what will become of a workload, and why, without starting it and without a network. `weft check` says
//! yes or no; this says who serves each import, what each component sees and may reach, and what is missing.
//!
//! Layout: `facts` (what there is to tell, also as JSON), `trouble` (a problem, with its place and what to do), `text` (the
//! facts for people), `manifest` (entries of `hostInterfaces`, ready to paste).

mod facts;
mod manifest;
mod text;
mod trouble;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use weft_api::diagnostic::Report;
use weft_host::Host;

use self::facts::{Explained, Problem};
use crate::check::Allowed;
use crate::dev::{Preview, preview};
use crate::examine::Subjects;
use crate::printer::Global;

/// Say what will become of a workload and why: imports, configuration, reach, limits, and what is missing
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Manifests, project folders and components
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    allowed: Allowed,
}

const EXAMPLES: &str = "Examples:
  weft explain manifest.yaml                 every workload of a manifest
  weft explain .                             the project in this folder, as `weft dev` would start it
  weft explain hello.wasm                    what a component needs, and the manifest entries for it
  weft explain manifest.yaml --output json   one object for each workload

Nothing is started, no address is opened, and values of configuration and secrets are not shown. The exit code is 1
if one of the workloads would not start, and 0 otherwise.";

#[tokio::main]
pub(crate) async fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let host = args.allowed.host()?;
    let mut all_start = true;
    let mut first = true;
    for file in &args.files {
        for explained in explain(&host, file).await {
            all_start &= explained.starts;
            if !std::mem::take(&mut first) {
                global.line("");
            }
            global.object(&explained);
            text::draw(&explained, global);
        }
    }
    Ok(if all_start {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What there is to tell of a file: one for each workload, or one that says why there is none.
async fn explain(host: &Host, file: &Path) -> Vec<Explained> {
    let subjects = if file.is_dir() {
        match preview(file).await {
            Ok(Preview {
                spec: Ok(spec),
                places,
                notes,
            }) => Ok(Subjects::of_project(spec, places, notes)),
            Ok(Preview {
                spec: Err(missing),
                places,
                ..
            }) => {
                let problems = missing
                    .iter()
                    .map(|missing| missing.located(&places).into());
                return vec![Explained::unreadable(file, problems.collect())];
            }
            Err(error) => Err(error),
        }
    } else {
        Subjects::read(file)
    };
    let subjects = match subjects {
        Ok(subjects) => subjects,
        Err(error) => return vec![unreadable(file, &error)],
    };
    let examined = subjects.examine(host).await;
    let explained = subjects.specs.iter().zip(examined).enumerate();
    explained
        .map(|(place, (spec, examined))| Explained::of(file, &subjects, place, spec, &examined))
        .collect()
}

/// A file without a workload: all the problems that were found in it.
fn unreadable(file: &Path, error: &anyhow::Error) -> Explained {
    let problems = match error.downcast_ref::<Report>() {
        Some(report) => {
            let listed = report.diagnostics.iter().cloned().map(Problem::from);
            let omitted = (report.omitted > 0).then(|| {
                let message = format!("{} more problems", report.omitted);
                Problem::of_file(file, &format!("{message}; correct those above first"))
            });
            listed.chain(omitted).collect()
        }
        None => vec![Problem::of_file(file, &format!("{error:#}"))],
    };
    Explained::unreadable(file, problems)
}
