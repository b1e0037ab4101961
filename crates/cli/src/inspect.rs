//! `weft inspect`: what a component imports and exports, without running it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::printer::{Global, NAME};

/// Show what a component imports and exports
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  weft inspect hello.wasm\n  weft inspect hello.wasm --output json"
)]
pub(crate) struct Args {
    /// The component
    file: PathBuf,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let name = args.file.display();
    let bytes = crate::files::bytes(&args.file).with_context(|| format!("cannot read `{name}`"))?;
    let shape = weft_host::inspect(&bytes).with_context(|| format!("`{name}`"))?;
    let imports: Vec<_> = shape
        .imports
        .iter()
        .map(|import| import.name.clone())
        .collect();
    let exports: Vec<_> = shape
        .exports
        .iter()
        .map(ToString::to_string)
        .chain(shape.plain_exports)
        .collect();
    global.object(&serde_json::json!({
        "file": args.file, "bytes": bytes.len(), "imports": imports, "exports": exports,
    }));
    global.line(format_args!("{NAME}{name}{NAME:#} ({} bytes)", bytes.len()));
    for (title, names) in [("imports", imports), ("exports", exports)] {
        global.line(format_args!("{title}:"));
        for name in names {
            global.line(format_args!("  {name}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
