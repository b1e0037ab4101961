//! Whether output is what a page shows. `...` stands for any text in a line and, alone in a line, for any lines.

const ANYTHING: &str = "...";

/// Whether the whole output is as shown.
pub(super) fn fits(expected: &[String], actual: &str) -> bool {
    lines_fit(&lines(expected), &actual_lines(actual))
}

/// Whether the output so far begins as shown; of a program that goes on, more may follow.
pub(super) fn begins(expected: &[String], actual: &str) -> bool {
    let mut expected = lines(expected);
    expected.push(ANYTHING);
    lines_fit(&expected, &actual_lines(actual))
}

fn lines(expected: &[String]) -> Vec<&str> {
    expected.iter().map(|line| line.trim()).collect()
}

fn actual_lines(actual: &str) -> Vec<&str> {
    actual.trim_end().lines().map(str::trim).collect()
}

fn lines_fit(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&ANYTHING, rest)) => (0..=actual.len()).any(|skip| lines_fit(rest, &actual[skip..])),
        Some((first, rest)) => actual
            .split_first()
            .is_some_and(|(line, more)| line_fits(first, line) && lines_fit(rest, more)),
    }
}

fn line_fits(expected: &str, actual: &str) -> bool {
    let Some((first, more)) = expected.split_once(ANYTHING) else {
        return expected == actual;
    };
    let (middle, last) = more.rsplit_once(ANYTHING).unwrap_or(("", more));
    let Some(mut rest) = actual.strip_prefix(first) else {
        return false;
    };
    for part in middle.split(ANYTHING) {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{begins, fits};

    fn shown(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn output_without_wildcards_must_be_the_same() {
        assert!(fits(&shown("one\n  two"), "one\n  two\n"));
        assert!(fits(&shown(""), ""));
        for different in ["one", "one\ntwo\nthree", "one\ntw", "", "two\none"] {
            assert!(!fits(&shown("one\ntwo"), different), "{different}");
        }
        assert!(!fits(&shown(""), "an error"));
    }

    #[test]
    fn three_dots_stand_for_text_in_a_line() {
        assert!(fits(
            &shown("... INFO compiled ms=..."),
            "05:01 INFO compiled ms=12"
        ));
        assert!(fits(&shown("a...b...c"), "a1b2c"));
        for different in ["WARN compiled ms=1", "05:01 INFO compiled bytes=1"] {
            assert!(
                !fits(&shown("... INFO compiled ms=..."), different),
                "{different}"
            );
        }
        assert!(!fits(&shown("ab...bc"), "abc"));
    }

    #[test]
    fn three_dots_alone_stand_for_lines() {
        assert!(fits(&shown("...\nlast"), "last"));
        assert!(fits(&shown("first\n...\nlast"), "first\n2\n3\nlast"));
        assert!(!fits(&shown("first\n...\nlast"), "first\n2\n3"));
    }

    #[test]
    fn a_program_that_goes_on_may_say_more() {
        assert!(begins(&shown("serving"), "serving\na request"));
        assert!(!begins(&shown("serving"), "starting"));
    }
}
