//! Every example is explained by a README and run by a test.

use super::Finding;
use super::lex::is_word;
use super::repository::Repository;
use std::collections::BTreeSet;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let inside = repository
        .under("examples/")
        .filter_map(|(path, _)| path.strip_prefix("examples/")?.split_once('/'));
    let names: BTreeSet<&str> = inside.map(|(name, _)| name).collect();
    let mut findings = Vec::new();
    for name in names {
        let folder = format!("examples/{name}");
        if !repository
            .files
            .contains_key(&format!("{folder}/README.md"))
        {
            let to_do = "write how to build it, how to run it, and what one then sees";
            findings.push(Finding::in_file(
                &folder,
                "the example has no README.md",
                to_do,
            ));
        }
        if !repository
            .host_tests()
            .any(|(_, file)| names_it(&file.text, name))
        {
            let to_do = "run it in a test under crates/*/tests or tests/ that names it";
            findings.push(Finding::in_file(&folder, "no test runs the example", to_do));
        }
    }
    findings
}

/// Whether a test's text has `examples/<name>` or `example("<name>"`.
fn names_it(text: &str, name: &str) -> bool {
    let part = |byte: u8| is_word(byte) || byte == b'-';
    let folder = format!("examples/{name}");
    let by_folder = text
        .split(&folder)
        .skip(1)
        .any(|after| !after.bytes().next().is_some_and(part));
    by_folder || text.contains(&format!("example(\"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_without_readme_or_test_is_found() {
        let repository = Repository::of(&[
            ("examples/demo.toml", ""),
            ("examples/good/README.md", ""),
            ("examples/good/src/lib.rs", ""),
            ("examples/good-ts/package.json", ""),
            (
                "crates/cli/tests/it/examples.rs",
                "run(\"examples/good/manifest.yaml\")",
            ),
            ("crates/cli/src/lib.rs", "// good-ts is not a test"),
        ]);
        let found: Vec<String> = check(&repository).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("examples/good-ts: the example has no README.md"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("examples/good-ts: no test runs the example"),
            "{found:?}"
        );
    }
}
