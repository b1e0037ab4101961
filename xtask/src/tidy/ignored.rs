//! No test is switched off: one that is not run tells nothing, and nobody switches it on again.

use super::Finding;
use super::lex::is_word;
use super::repository::Repository;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in repository.rust() {
        let code = &file.lexed.code;
        for (offset, _) in code.match_indices("#[") {
            let attribute = code
                .get(offset..)
                .and_then(|rest| rest.split_once(']'))
                .map_or("", |(attribute, _)| attribute);
            if attribute
                .split(|c: char| !c.is_ascii() || !is_word(c as u8))
                .any(|word| word == "ignore")
            {
                let to_do = "assert what happens today, with the number of the issue that will change it, or delete the test";
                findings.push(Finding::at(
                    path,
                    code,
                    offset,
                    "a test is switched off",
                    to_do,
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_are_switched_off_are_found_in_every_way_to_write_it() {
        for source in [
            "#[ignore]",
            "#[ignore = \"slow\"]",
            "#[cfg_attr(windows, ignore)]",
            "#[test]\n#[ ignore ]",
        ] {
            assert_eq!(
                check(&Repository::of(&[("a.rs", source)])).len(),
                1,
                "{source}"
            );
        }
    }

    #[test]
    fn words_that_are_not_that_attribute_are_not() {
        for source in [
            "// #[ignore]",
            "let s = \"#[ignore]\";",
            "#[serde(ignore_unknown)]",
            "fn ignore() {}",
        ] {
            assert!(
                check(&Repository::of(&[("a.rs", source)])).is_empty(),
                "{source}"
            );
        }
    }
}
