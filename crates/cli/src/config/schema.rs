//! `weft config schema`: the JSON Schema of project files. The tests compare it with what the parser knows.

use std::process::ExitCode;

use anyhow::Context;

use crate::printer::Global;

/// The schema, as it is printed.
const SCHEMA: &str = include_str!("schema/weft.schema.json");

pub(super) fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let schema: serde_json::Value =
        serde_json::from_str(SCHEMA).context("the schema in this program is broken")?;
    global.object(&schema);
    global.line(SCHEMA.trim_end());
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
