//! Files stay short enough to be read in one sitting. (Functions: clippy's `too_many_lines`.)

use super::Finding;
use super::repository::{File, Repository};

/// Above this a file should be thought about.
const SOFT: usize = 400;
/// Above this it must be split. Tests of a module are not counted in its file; a test file is only warned about.
const HARD: usize = 700;
/// A line in files that repeat one shape many times, which length does not make harder to read.
const TABLE: &str = "// tidy: table";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let files = repository
        .rust()
        .filter(|(_, file)| !file.text.lines().any(|line| line.trim() == TABLE));
    files
        .filter_map(|(path, file)| judge(path, production_lines(file)))
        .collect()
}

fn judge(path: &str, lines: usize) -> Option<Finding> {
    let is_test =
        path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/");
    let what = format!("{lines} lines, of at most {SOFT} (soft) and {HARD} (hard)");
    let finding = Finding::in_file(path, what, "move one idea of it to a file of its own");
    match lines {
        _ if is_test => Some(finding.soft()).filter(|_| lines > HARD),
        _ if lines > HARD => Some(finding),
        _ => Some(finding.soft()).filter(|_| lines > SOFT),
    }
}

/// All lines but those of test modules inside.
fn production_lines(file: &File) -> usize {
    let both = file.lexed.code.lines().zip(file.lexed.production.lines());
    let tests = both.filter(|(code, production)| code != production).count();
    file.text.lines().count() - tests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(path: &str, text: &str) -> Option<bool> {
        check(&Repository::of(&[(path, text)]))
            .first()
            .map(|finding| !finding.soft)
    }

    #[test]
    fn long_files_are_warned_about_and_very_long_ones_refused() {
        let lines = |count: usize| "let a;\n".repeat(count);
        assert_eq!(verdict("crates/a/src/lib.rs", &lines(400)), None);
        assert_eq!(verdict("crates/a/src/lib.rs", &lines(401)), Some(false));
        assert_eq!(verdict("crates/a/src/lib.rs", &lines(700)), Some(false));
        assert_eq!(verdict("crates/a/src/lib.rs", &lines(701)), Some(true));
    }

    #[test]
    fn tests_do_not_count_and_tables_may_be_long() {
        let tests = format!(
            "fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n",
            "let a;\n".repeat(900)
        );
        assert_eq!(verdict("crates/a/src/lib.rs", &tests), None);
        assert_eq!(
            verdict(
                "crates/a/src/lib.rs",
                &format!("//! Doc.\n{TABLE}\n{}", "let a;\n".repeat(900))
            ),
            None
        );
    }

    #[test]
    fn a_file_of_tests_is_at_most_warned_about() {
        assert_eq!(
            verdict("crates/a/tests/it/b.rs", &"let a;\n".repeat(650)),
            None
        );
        assert_eq!(
            verdict("crates/a/src/b/tests.rs", &"let a;\n".repeat(900)),
            Some(false)
        );
    }
}
