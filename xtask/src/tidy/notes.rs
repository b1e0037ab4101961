//! Work that is left is an issue; a note in the code only points to it: `TODO(#12)`.

use super::Finding;
use super::lex::is_word;
use super::repository::Repository;

/// Words that people leave behind.
const WORDS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in repository.rust() {
        let comments = &file.lexed.comments;
        for word in WORDS {
            for (offset, _) in comments.match_indices(word) {
                let (before, rest) = comments.split_at(offset);
                let after = rest.get(word.len()..).unwrap_or_default();
                let inside = before.bytes().last().is_some_and(is_word)
                    || after.bytes().next().is_some_and(is_word);
                let quoted = before.ends_with('`');
                let is_pointer = word == "TODO" && names_an_issue(after);
                if !(inside || quoted || is_pointer) {
                    let to_do = "do it, or file an issue and write `TODO(#<its number>)`";
                    findings.push(Finding::at(
                        path,
                        comments,
                        offset,
                        format!("a bare {word}"),
                        to_do,
                    ));
                }
            }
        }
    }
    findings
}

fn names_an_issue(after: &str) -> bool {
    let number = after
        .strip_prefix("(#")
        .and_then(|rest| rest.split_once(')'))
        .map(|(number, _)| number);
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_without_an_issue_is_found() {
        for source in [
            "// TODO: later",
            "//! TODO(me)",
            "/* FIXME(#3) */",
            "let a; // XXX",
            "// TODO(#) x",
            "fn f() {} // HACK",
        ] {
            assert_eq!(
                check(&Repository::of(&[("a.rs", source)])).len(),
                1,
                "{source}"
            );
        }
    }

    #[test]
    fn a_note_with_an_issue_and_words_in_code_are_not() {
        for source in [
            "// TODO(#12): later",
            "let s = \"TODO\";",
            "let TODO = 1;",
            "// TODOS",
            "// says `TODO`",
        ] {
            assert!(
                check(&Repository::of(&[("a.rs", source)])).is_empty(),
                "{source}"
            );
        }
    }
}
