//! `weft config init`: a first project file with all that goes with it. Nothing is overwritten.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;

use crate::dev::likely_command;
use crate::printer::{GOOD, Global, NAME};

/// `{}` is the build command.
const PROJECT: &str =
    "# The project file of weft; `weft config schema` prints its schema, `weft dev` runs it.
build:
  command: {}

# Where secrets come from. `weft dev` looks for these names in the environment, then in `.env`.
secrets:
  app:
    fromEnv: []        # such as [API_TOKEN]; document each name in .env.example

workload:
  environment:
    config: {}
    secretFrom: [app]
  allowedHosts: []     # the hosts that the component calls, such as [api.example.com]
";

const EXAMPLE: &str = "# The names that this project needs, without their values. This file is committed, `.env` is not:
#   cp .env.example .env && chmod 600 .env
# `weft config check` says which names are still missing.

# API_TOKEN=
";

pub(super) fn run(dir: &Path, global: &Global) -> anyhow::Result<ExitCode> {
    let existing = weft_api::project::find(dir);
    let project = match &existing {
        Some(found) => {
            let shown = found.file.strip_prefix(dir).unwrap_or(&found.file);
            tell(global, &shown.display().to_string(), false);
            None
        }
        None => Some(
            likely_command(dir).unwrap_or("echo 'write here what builds the component'; exit 1"),
        ),
    };
    if let Some(command) = project {
        let text = PROJECT.replacen("{}", command, 1);
        write_new(dir, "weft.yaml", &text, global)?;
    }
    write_new(dir, ".env.example", EXAMPLE, global)?;
    keep_out_of_git(dir, global)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there yet.
fn write_new(dir: &Path, name: &str, text: &str, global: &Global) -> anyhow::Result<()> {
    let path = dir.join(name);
    let opened = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            tell(global, name, false);
            return Ok(());
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot write `{}`", path.display()));
        }
    };
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    tell(global, name, true);
    Ok(())
}

/// Adds `.env` to `.gitignore`, unless a line there names it already.
fn keep_out_of_git(dir: &Path, global: &Global) -> anyhow::Result<()> {
    let path = dir.join(".gitignore");
    let cannot = || format!("cannot write `{}`", path.display());
    if path.is_symlink() {
        // Git would not follow it either, and nobody knows what is at its end.
        bail!("`.gitignore` is a symbolic link; write `.env` into it yourself");
    }
    let before = match crate::files::text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
        }
    };
    let named = |line: &str| matches!(line.trim(), ".env" | "/.env" | ".env*" | "*.env");
    if before.lines().any(named) {
        tell(global, ".gitignore", false);
        return Ok(());
    }
    let end = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .with_context(cannot)?;
    file.write_all(format!("{end}.env\n").as_bytes())
        .with_context(cannot)?;
    tell(global, ".gitignore", true);
    Ok(())
}

fn tell(global: &Global, file: &str, written: bool) {
    global.object(&json!({ "event": "initialised", "file": file, "written": written }));
    match written {
        true => global.line(format_args!("{GOOD}wrote{GOOD:#} {NAME}{file}{NAME:#}")),
        false => global.line(format_args!(
            "{NAME}{file}{NAME:#} is there already and stays as it is"
        )),
    }
}
