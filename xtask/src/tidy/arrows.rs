//! The edges between our crates are those of the table in ARCHITECTURE.md, and point downwards.
//!
//! The table is the fenced block that starts with `L0`: lines `L<n>  a -> b c      d -> b`, entries two or more spaces
//! apart, remarks in parentheses. Crates that do not exist yet may be in it; `testkit` and `xtask` are not.

use super::Finding;
use super::repository::Repository;
use crate::metadata::Metadata;
use std::collections::{BTreeMap, BTreeSet};

const MAP: &str = "ARCHITECTURE.md";
const CHANGE_ONE: &str = "change the Cargo.toml, or the table if the design has changed";

/// A crate in the table: its layer and what it may depend on.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    layer: u32,
    to: BTreeSet<String>,
}

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let Some(file) = repository.files.get(MAP) else {
        return vec![Finding::in_file(
            MAP,
            "the file is missing",
            "write it, with the table of allowed edges",
        )];
    };
    match table(&file.text) {
        Ok(table) => {
            let mut findings = downwards(&table);
            findings.extend(compare(&table, &repository.host));
            findings
        }
        Err(problem) => vec![Finding::in_file(
            MAP,
            problem,
            "write the table as in the documentation of tidy/arrows.rs",
        )],
    }
}

fn table(text: &str) -> Result<BTreeMap<String, Row>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let fences = lines.split(|line| line.trim_start().starts_with("```"));
    let block = fences
        .into_iter()
        .find(|block| block.first().is_some_and(|line| line.starts_with("L0")));
    let block = block.ok_or("there is no fenced block that starts with `L0`")?;
    let mut table = BTreeMap::new();
    for line in block.iter().filter(|line| !line.trim().is_empty()) {
        let (layer, entries) = line
            .split_once(' ')
            .ok_or(format!("`{line}` has no crates"))?;
        let layer = layer.strip_prefix('L').and_then(|layer| layer.parse().ok());
        let layer: u32 = layer.ok_or(format!("`{line}` does not start with a layer"))?;
        let entries = entries
            .split_once('(')
            .map_or(entries, |(entries, _)| entries);
        for entry in entries
            .split("  ")
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (from, to) = entry.split_once("->").unwrap_or((entry, ""));
            let to = to.split_whitespace().map(str::to_owned).collect();
            table.insert(from.trim().to_owned(), Row { layer, to });
        }
    }
    Ok(table)
}

/// An edge to the same layer or a higher one could close a cycle.
fn downwards(table: &BTreeMap<String, Row>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (from, row) in table {
        for to in &row.to {
            let what = match table.get(to) {
                None => format!("`{from} -> {to}`: there is no row for `{to}`"),
                Some(lower) if lower.layer >= row.layer => {
                    format!("`{from} -> {to}` does not point to a lower layer")
                }
                Some(_) => continue,
            };
            findings.push(Finding::in_file(
                MAP,
                what,
                "give every crate a row in the layer above all that it uses",
            ));
        }
    }
    findings
}

fn compare(table: &BTreeMap<String, Row>, workspace: &Metadata) -> Vec<Finding> {
    let edges = edges(workspace);
    let mut findings = Vec::new();
    for (from, to) in &edges {
        let manifest = format!("crates/{from}/Cargo.toml");
        let Some(row) = table.get(from) else {
            findings.push(Finding::in_file(
                MAP,
                format!("`{from}` is not in the table"),
                "give it a row",
            ));
            continue;
        };
        for extra in to.difference(&row.to) {
            findings.push(Finding::in_file(
                &manifest,
                format!("`{from} -> {extra}` is not in the table"),
                CHANGE_ONE,
            ));
        }
        for unused in row
            .to
            .difference(to)
            .filter(|unused| edges.contains_key(*unused))
        {
            let what = format!("`{from} -> {unused}` is in the table, but not in {manifest}");
            findings.push(Finding::in_file(MAP, what, CHANGE_ONE));
        }
    }
    findings
}

/// Our crates, by the name without `weft-`, and what each needs of the others outside of its tests.
fn edges(workspace: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let ours = workspace
        .packages
        .iter()
        .filter(|package| workspace.workspace_members.contains(&package.id));
    let crates = ours.filter_map(|package| Some((package.name.strip_prefix("weft-")?, package)));
    let shipped = crates.filter(|(name, _)| *name != "testkit");
    let edges = shipped.map(|(name, package)| {
        let needed = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        let to = needed
            .filter_map(|dependency| dependency.name.strip_prefix("weft-"))
            .map(str::to_owned)
            .collect();
        (name.to_owned(), to)
    });
    edges.collect()
}

#[cfg(test)]
mod tests;
