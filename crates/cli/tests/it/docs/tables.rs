//! Tables of the book that repeat what the code lists: the interfaces of the host, the codes of faults, the events.

use std::fs;
use std::path::Path;

use weft_testkit::guests::repository;

fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// The texts in quotes, without those that format something.
fn literals(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

#[test]
fn the_table_of_imports_has_every_row_of_the_grants() {
    let code = text("crates/engine/src/grants.rs");
    let (_, rows) = code.split_once("pub const ROWS").unwrap();
    let (rows, _) = rows.split_once("\n];").unwrap();
    let rows = rows.replace("SECRETS", "\"2\"");
    let rows = rows.as_str();
    let page = text("docs/src/components.md");
    let mut literals = literals(rows).peekable();
    let mut count = 0;
    while let Some(package) = literals.next() {
        let track = literals.next().unwrap();
        let start = format!("| `{package}` | {track}");
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row starts with `{start}`"));
        while let Some(interface) = literals.next_if(|literal| !literal.contains(':')) {
            assert!(
                row.contains(&format!("`{interface}`")),
                "{package}/{interface}@{track} is not in: {row}"
            );
        }
        count += 1;
    }
    let shown = page
        .lines()
        .filter(|line| {
            (line.starts_with("| `wasi:") || line.starts_with("| `wasmcloud:"))
                && !line.contains('/')
        })
        .count();
    assert_eq!(shown, count, "the page has rows that the host does not");
}

#[test]
fn the_table_of_codes_has_every_code() {
    let engine = text("crates/engine/src/fault.rs");
    let (_, codes) = engine.split_once("pub fn code(").unwrap();
    let (codes, _) = codes.split_once("\n    }").unwrap();
    let mut codes: Vec<String> = literals(codes).map(str::to_owned).collect();
    for source in sources(&repository().join("crates/ingress/src")) {
        let found = source
            .split("code: \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        codes.extend(found.map(str::to_owned));
    }
    let page = text("docs/src/errors.md");
    for code in &codes {
        assert!(
            page.contains(&format!("| `{code}` |")),
            "{code} is not in docs/src/errors.md"
        );
    }
    assert!(codes.len() > 12, "{codes:?}");
}

#[test]
fn the_table_of_events_has_every_event() {
    let page = text("docs/src/cli.md");
    let mut count = 0;
    for source in sources(&repository().join("crates/cli/src")) {
        for event in source
            .split("\"event\": \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(
                page.contains(&format!("| `{event}` |")),
                "{event} is not in docs/src/cli.md"
            );
            count += 1;
        }
    }
    assert!(count > 12, "{count} events");
}

/// The Rust files under a folder, without those of tests.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
    found
}
