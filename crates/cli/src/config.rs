//! `weft config`: what the project file says, what it needs, and where each value comes from.
//!
//! Layout: `check` (the names and whether they are set), `show` (everything with its place), `init` (a first project
//! file), `schema` (for editors).

mod check;
mod init;
mod schema;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use weft_api::project::{Format, PLACES};

use crate::dev::{Parsed, nearest, parsed};
use crate::printer::{GOOD, Global, NAME};
use crate::settings::Plan;

/// Say what the project file says, what it needs, and where values come from
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  weft config check                  which names the project needs, and which are set
  weft config show                   every value with its file and line; secrets are masked
  weft config validate weft.yaml     all problems of a project file
  weft config schema > schema.json   for editors
  weft config init                   write a weft.yaml and a .env.example";

#[derive(Subcommand)]
enum Command {
    /// List the names that the project needs, and say which are set and from where; never a value
    Check(Project),
    /// Show the configuration of the project with the place of every value; secrets are masked
    Show(Project),
    /// Say all problems of a project file
    Validate {
        /// The project file; that of this folder or the nearest above if not given
        file: Option<PathBuf>,
    },
    /// Print the JSON Schema of project files, for editors
    Schema,
    /// Write a weft.yaml and a .env.example, and keep .env out of git; nothing is overwritten
    Init {
        /// The folder of the project
        #[arg(default_value = ".", value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(clap::Args)]
struct Project {
    /// The project's folder, or a folder in it
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// Leave `.env` to direnv and its like, as in `weft dev --no-dotenv`
    #[arg(long)]
    no_dotenv: bool,
}

impl Project {
    fn open(&self) -> anyhow::Result<(Parsed, Plan)> {
        let parsed = parsed(&nearest(&self.dir)?)?;
        let Parsed {
            found,
            shown,
            project,
            outline,
        } = &parsed;
        let plan = Plan::new(project, outline, shown, &found.folder, !self.no_dotenv);
        Ok((parsed, plan))
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Check(project) => check::run(&project.open()?.1, global).await,
        Command::Show(project) => {
            let (parsed, plan) = project.open()?;
            show::run(&parsed, &plan, global).await
        }
        Command::Validate { file } => validate(file.as_deref(), global),
        Command::Schema => schema::run(global),
        Command::Init { dir } => init::run(dir, global),
    }
}

fn validate(file: Option<&Path>, global: &Global) -> anyhow::Result<ExitCode> {
    let shown = match file {
        None => parsed(&nearest(Path::new("."))?)?.shown,
        Some(file) => {
            let shown = file.display().to_string();
            let Some(format) = Format::of(file) else {
                bail!(
                    "`{shown}` is no project file: these are {}",
                    PLACES.join(", ")
                );
            };
            let text =
                crate::files::text(file).with_context(|| format!("cannot read `{shown}`"))?;
            let base = file.parent().unwrap_or(Path::new("."));
            weft_api::project::parse(&shown, base, &text, format)?;
            shown
        }
    };
    global.object(&serde_json::json!({ "event": "validated", "file": shown }));
    global.line(format_args!("{GOOD}ok{GOOD:#} {NAME}{shown}{NAME:#}"));
    Ok(ExitCode::SUCCESS)
}
