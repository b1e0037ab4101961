//! `weft config check`: the names that a project needs, which of them are set and from where. No value is shown.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use crate::printer::{BAD, FAINT, GOOD, Global, NAME};
use crate::settings::{Plan, missing};

pub(super) async fn run(plan: &Plan, global: &Global) -> anyhow::Result<ExitCode> {
    let outcome = plan.resolve().await;
    let mut rows = outcome.rows;
    rows.sort_by(|a, b| (&a.name, a.kind, &a.source).cmp(&(&b.name, b.kind, &b.source)));
    let names: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name, "source": format!("{}.{}", row.kind.section(), row.source),
                "set": row.origin.is_some(), "origin": row.origin, "askedBy": row.asked,
            })
        })
        .collect();
    global.object(&json!({ "event": "settings", "names": names, "missing": outcome.lacking }));
    let width =
        |of: &dyn Fn(&crate::settings::Row) -> usize| rows.iter().map(of).max().unwrap_or_default();
    let source = |row: &crate::settings::Row| format!("{}.{}", row.kind.section(), row.source);
    let name_width = width(&|row| row.name.chars().count());
    let source_width = width(&|row| source(row).chars().count());
    for row in &rows {
        let (name, source) = (&row.name, source(row));
        let state = match &row.origin {
            Some(origin) => format!("{GOOD}set{GOOD:#}      {origin}"),
            None => format!("{BAD}missing{BAD:#}"),
        };
        global.line(format_args!(
            "{NAME}{name:<name_width$}{NAME:#}  {FAINT}{source:<source_width$}{FAINT:#}  {state}"
        ));
    }
    for note in outcome
        .notes
        .iter()
        .chain(&plan.compared_with_example(&rows))
    {
        global.note(note);
    }
    if let Some(missing) = missing(&outcome.lacking) {
        bail!(missing);
    }
    match rows.len() {
        0 => global.line("no source is asked for, so nothing can be missing"),
        1 => global.line("the name is set"),
        count => global.line(format_args!("all {count} names are set")),
    }
    Ok(ExitCode::SUCCESS)
}
