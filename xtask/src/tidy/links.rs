//! Links between our documents lead somewhere, and the book's table of contents lists every page.

use super::Finding;
use super::repository::Repository;
use std::collections::BTreeSet;

const CONTENTS: &str = "docs/src/SUMMARY.md";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut listed = BTreeSet::new();
    for (path, file) in repository
        .under("")
        .filter(|(path, _)| path.ends_with(".md"))
    {
        for (offset, target) in links(&file.text) {
            let Some(target) = resolve(path, target) else {
                continue;
            };
            let folder = format!("{target}/");
            let exists = repository.files.contains_key(&target)
                || repository.under(&folder).next().is_some();
            if !exists && !target.is_empty() {
                let what = format!("the link leads to {target}, which does not exist");
                findings.push(Finding::at(
                    path,
                    &file.text,
                    offset,
                    what,
                    "correct the link or write the page",
                ));
            }
            if path == CONTENTS {
                listed.insert(target);
            }
        }
    }
    let pages = repository
        .under("docs/src/")
        .filter(|(path, _)| path.ends_with(".md") && *path != CONTENTS);
    let unlisted = pages.filter(|(path, _)| !listed.contains(*path));
    findings.extend(unlisted.map(|(path, _)| {
        Finding::in_file(
            path,
            "the page is not in the book",
            "list it in docs/src/SUMMARY.md",
        )
    }));
    findings
}

/// Every `](target)` outside of code, with its offset.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut offset, mut in_fence) = (0, false);
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            let targets = line
                .match_indices("](")
                .filter(|(at, _)| !in_code(line, *at));
            let inside = |at: usize| {
                line.get(at + 2..)
                    .and_then(|rest| rest.split_once(')'))
                    .map(|(target, _)| target)
            };
            found.extend(targets.filter_map(|(at, _)| Some((offset + at, inside(at)?))));
        }
        offset += line.len();
    }
    found
}

fn in_code(line: &str, at: usize) -> bool {
    line.bytes().take(at).filter(|byte| *byte == b'`').count() % 2 == 1
}

/// The path from the root that a link in `page` means; `None` for other sites and for places in the same page.
fn resolve(page: &str, target: &str) -> Option<String> {
    let target = target.split_whitespace().next()?.trim_matches(['<', '>']); // what follows is a title
    let target = target
        .split('#')
        .next()
        .filter(|target| !target.is_empty())?;
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let mut parts: Vec<&str> = page
        .rsplit_once('/')
        .map_or(Vec::new(), |(folder, _)| folder.split('/').collect());
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Repository::of(files))
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    #[test]
    fn a_link_to_a_missing_page_is_found_with_its_line() {
        let found = found(&[(
            "docs/guide.md",
            "# Guide\n\nSee [that](../crates/gone.md#part).\n",
        )]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("docs/guide.md:3: the link leads to crates/gone.md"),
            "{found:?}"
        );
    }

    #[test]
    fn links_to_files_folders_sites_and_places_are_fine() {
        let text = "[a](b.md \"title\") [c](../crates/) [d](https://example.org/x) [e](#place) [f](/nowhere `x](y)` z)\n\
                    ```\n[g](missing.md)\n```\n`[h](missing.md)`";
        let text = text.replace("[f](/nowhere `x](y)` z)", "`x](y)`");
        assert_eq!(
            found(&[
                ("docs/a.md", &text),
                ("docs/b.md", ""),
                ("crates/api/Cargo.toml", "")
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_page_that_the_table_of_contents_does_not_list_is_found() {
        let files = [
            (CONTENTS, "- [One](one.md)\n"),
            ("docs/src/one.md", ""),
            ("docs/src/deep/two.md", ""),
        ];
        let found = found(&files);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("docs/src/deep/two.md: the page is not in the book"),
            "{found:?}"
        );
    }
}
