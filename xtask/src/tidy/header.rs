//! Every Rust file says at its top what it is for.

use super::Finding;
use super::repository::Repository;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let silent = repository
        .rust()
        .filter(|(_, file)| !opens_with_words(&file.text));
    let to_do = "open it with a line `//! <what the file is for>`";
    silent
        .map(|(path, _)| {
            Finding::in_file(
                &format!("{path}:1"),
                "the file does not say what it is for",
                to_do,
            )
        })
        .collect()
}

fn opens_with_words(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first
        .strip_prefix("//!")
        .is_some_and(|words| !words.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_word_about_itself_is_found() {
        let repository = Repository::of(&[
            ("crates/a/src/lib.rs", "//! Numbers.\n"),
            ("crates/a/src/b.rs", "use x;\n"),
            ("crates/a/src/c.rs", "\n//! Late.\n"),
            ("crates/a/src/d.rs", "//!\n"),
            ("crates/a/src/e.rs", ""),
            ("README.md", "no Rust"),
        ]);
        let places: Vec<String> = check(&repository)
            .into_iter()
            .map(|finding| finding.place)
            .collect();
        assert_eq!(
            places,
            ["b", "c", "d", "e"].map(|name| format!("crates/a/src/{name}.rs:1"))
        );
    }
}
