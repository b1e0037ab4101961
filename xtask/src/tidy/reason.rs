//! An exception from a lint says why it is one.

use super::Finding;
use super::repository::Repository;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in repository.rust() {
        let code = &file.lexed.code;
        for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            for (offset, _) in code.match_indices(start) {
                let attribute = code
                    .get(offset..)
                    .and_then(|rest| rest.split_once(")]"))
                    .map_or("", |(inside, _)| inside);
                if !attribute.contains("reason") {
                    let to_do = "add `reason = \"..\"`, or fix what the lint found";
                    findings.push(Finding::at(
                        path,
                        code,
                        offset,
                        "an exception from a lint without a reason",
                        to_do,
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_without_a_reason_is_found() {
        for source in [
            "#[allow(dead_code)]",
            "#![allow(\n    clippy::all\n)]",
            "#[expect(unused)] // reason: none",
        ] {
            assert_eq!(
                check(&Repository::of(&[("a.rs", source)])).len(),
                1,
                "{source}"
            );
        }
    }

    #[test]
    fn an_exception_with_a_reason_is_not() {
        let source = "#[expect(dead_code, reason = \"the wire has it (see b)\")]\nfn f() {}";
        assert!(check(&Repository::of(&[("a.rs", source)])).is_empty());
    }
}
