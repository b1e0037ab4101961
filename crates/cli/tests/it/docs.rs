//! The documentation does what it says: every command of a `console` block is run, every `sh` block is one that
//! something else runs, and every manifest and project file is one that weft accepts.

mod expected;
mod page;
mod shell;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use weft_api::project::Format;
use weft_testkit::guests::repository;

use self::page::{Block, blocks, steps};
use self::shell::Session;

/// Commands that only set up or take long, and what runs them instead.
const RUN_ELSEWHERE: [(&str, &str); 30] = [
    (
        "cargo xtask demo",
        "`cargo xtask ci` runs the check of the demo",
    ),
    ("cargo xtask demo --check", "`cargo xtask ci` runs the same"),
    ("cargo xtask test", "this is what runs this test"),
    (
        "cargo xtask test a_part_of_a_name",
        "the same with a filter",
    ),
    ("cargo xtask test -p weft-engine", "the same for one crate"),
    ("cargo xtask setup", "`cargo xtask ci` starts with it"),
    ("cargo xtask guests --only hello", "the same for one folder"),
    (
        "cargo xtask tidy",
        "`cargo xtask ci` and a test of xtask run the same",
    ),
    ("cargo xtask doc", "`cargo xtask ci` runs the same"),
    (
        "cargo xtask fuzz --seconds 60",
        "`cargo xtask ci` runs the same",
    ),
    (
        "cargo xtask bench",
        "it lists the benchmarks, which clippy compiles",
    ),
    (
        "cargo xtask bench http",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench neighbours",
        "the host's tests run the same attacks",
    ),
    (
        "cargo xtask bench soak",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench density",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench pool",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench gpu-neighbours",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench options",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench services",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench telemetry",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench request",
        "a benchmark program of weft-telemetry",
    ),
    (
        "cargo xtask bench start",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench gpu",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench instantiate",
        "the benchmark page has its figures",
    ),
    (
        "cargo xtask bench linked",
        "the benchmark page has its figures",
    ),
    ("cargo xtask ci", "every change"),
    (
        "cargo build --release",
        "the release profile of what the tests build",
    ),
    (
        "export PATH=\"$PWD/target/debug:$PATH\"",
        "the tests put the program there in the same way",
    ),
    (
        "weft gpu list",
        "the tests of `weft-gpu` list the adapters of the machine, which differ",
    ),
    (
        "weft dev examples/hello",
        "the README of the example, with cargo as the build",
    ),
];

/// Other words for a shell that a block could hide behind.
const SHELLS: [&str; 8] = [
    "bash",
    "shell",
    "zsh",
    "fish",
    "shell-session",
    "sh-session",
    "terminal",
    "powershell",
];

#[test]
fn every_command_in_the_documentation_does_what_it_says() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cache = folder.path();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let pages: Vec<_> = pages()
            .into_iter()
            .map(|page| scope.spawn(move || run_page(&page, cache)))
            .collect();
        pages
            .into_iter()
            .flat_map(|page| page.join().unwrap())
            .collect()
    });
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
}

#[test]
fn commands_that_are_not_run_here_are_run_elsewhere() {
    let mut unused: BTreeSet<&str> = RUN_ELSEWHERE.iter().map(|(command, _)| *command).collect();
    for block in all_blocks() {
        let language = block.language.as_str();
        assert!(
            !SHELLS.contains(&language),
            "{}: `{language}` hides commands; write `console` for those that are run, or `sh`",
            block.place
        );
        if language != "sh" {
            continue;
        }
        for line in block.text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            assert!(
                RUN_ELSEWHERE.iter().any(|(command, _)| *command == line),
                "{}: nothing runs `{line}`; make it a `console` block with its output, or say in RUN_ELSEWHERE what runs it",
                block.place
            );
            unused.remove(line);
        }
    }
    assert!(unused.is_empty(), "no page has these any more: {unused:?}");
}

#[test]
fn every_manifest_and_project_file_in_the_documentation_is_accepted() {
    let mut accepted = 0;
    for block in all_blocks().iter().filter(|block| block.language == "yaml") {
        let base = Path::new("/");
        let report = if block.text.starts_with("# weft.yaml") {
            weft_api::project::parse(&block.place, base, &block.text, Format::Yaml).err()
        } else if block.text.contains("apiVersion: runtime.wasmcloud.dev/") {
            weft_api::manifest::parse(&block.place, base, &block.text).err()
        } else {
            continue;
        };
        assert!(report.is_none(), "{}", report.unwrap());
        accepted += 1;
    }
    assert!(accepted > 2, "the pages show manifests");
}

/// The root's documents and the pages of the book.
fn pages() -> Vec<PathBuf> {
    let folders = [repository(), repository().join("docs/src")];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut pages: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages
}

fn all_blocks() -> Vec<Block> {
    pages().iter().flat_map(|page| blocks_of(page)).collect()
}

fn blocks_of(page: &Path) -> Vec<Block> {
    let name = page
        .strip_prefix(repository())
        .unwrap()
        .display()
        .to_string();
    blocks(&name, &fs::read_to_string(page).unwrap())
}

/// What went wrong in each block of a page.
fn run_page(page: &Path, cache: &Path) -> Vec<String> {
    let blocks = blocks_of(page)
        .into_iter()
        .filter(|block| block.language == "console");
    blocks
        .filter_map(|block| run_block(&block, cache).err())
        .collect()
}

/// Runs the commands of a block in one shell, and stops what they left running.
fn run_block(block: &Block, cache: &Path) -> Result<(), String> {
    let steps = steps(block);
    let mut session = Session::start(cache);
    for (index, step) in steps.iter().enumerate() {
        // The reader is shown the exit code of a command that fails.
        let may_fail = steps
            .get(index + 1)
            .is_some_and(|next| next.command == "echo $?");
        session
            .check(step, may_fail)
            .map_err(|why| format!("{}: `{}`: {why}", block.place, step.command))?;
    }
    session.finish();
    Ok(())
}
