//! docs/src/benchmarks.md: each benchmark rewrites what stands between its two marks, and nothing else.

use super::shown;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;

/// Puts `text` between the marks of `section`.
pub(crate) fn write(steps: &Steps, section: &str, text: &str) -> Result<()> {
    let file = workspace::root().join("docs/src/benchmarks.md");
    let page =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", shown(&file)))?;
    let page = replaced(&page, section, text)?;
    fs::write(&file, page).with_context(|| format!("cannot write {}", shown(&file)))?;
    steps.say(format_args!("written into {}", shown(&file)));
    Ok(())
}

fn replaced(page: &str, section: &str, text: &str) -> Result<String> {
    let (begin, end) = (
        format!("<!-- begin: cargo xtask bench {section} -->\n"),
        format!("<!-- end: cargo xtask bench {section} -->\n"),
    );
    let found = page
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = found else {
        bail!(
            "docs/src/benchmarks.md has no place for the figures; put these two lines where they belong:\n{begin}{end}"
        );
    };
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}

/// A Markdown table. The first row is the head; the first `words` columns are words, the others are figures.
pub(crate) fn table(rows: &[Vec<String>], words: usize) -> String {
    let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut rows = rows.iter();
    let Some(head) = rows.next() else {
        return String::new();
    };
    let figures = head.len().saturating_sub(words);
    let rule = format!("|{}{}\n", "---|".repeat(words), "---:|".repeat(figures));
    let body: String = rows.map(line).collect();
    format!("{}{rule}{body}", line(head))
}

/// The same rows for a terminal: columns that stand below each other.
pub(crate) fn columns(rows: &[Vec<String>], words: usize) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let pad = |(column, cell): (usize, &String)| {
        let gap = " ".repeat(width(column).saturating_sub(cell.chars().count()));
        if column < words {
            format!("{cell}{gap}")
        } else {
            format!("{gap}{cell}")
        }
    };
    let line = |row: &Vec<String>| row.iter().enumerate().map(pad).collect::<Vec<_>>();
    rows.iter()
        .map(|row| line(row).join("  ").trim_end().to_owned())
        .collect()
}

/// A count for people: three digits that matter, thousands apart.
pub(crate) fn count(value: f64) -> String {
    let rounded = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in rounded.chars().enumerate() {
        if index > 0 && (rounded.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        vec![row(["Case", "req/s"]), row(["hello", "12,345"])]
    }

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = "# Title\n<!-- begin: cargo xtask bench http -->\nold\n<!-- end: cargo xtask bench http -->\nkept\n";
        let new = replaced(page, "http", "new\n").unwrap();
        assert_eq!(
            new,
            "# Title\n<!-- begin: cargo xtask bench http -->\n\nnew\n\n<!-- end: cargo xtask bench http -->\nkept\n"
        );
        assert_eq!(replaced(&new, "http", "new").unwrap(), new);
    }

    #[test]
    fn a_page_without_marks_is_left_alone_with_advice() {
        let error = replaced("# Title\n", "soak", "text").unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("<!-- begin: cargo xtask bench soak -->\n"),
            "{error}"
        );
    }

    #[test]
    fn the_page_has_a_place_for_every_benchmark_that_writes() {
        let file = workspace::root().join("docs/src/benchmarks.md");
        let page = fs::read_to_string(file).unwrap();
        for section in ["http", "soak", "density", "start", "pool"] {
            replaced(&page, section, "text").unwrap();
        }
    }

    #[test]
    fn figures_stand_to_the_right_and_words_to_the_left() {
        assert_eq!(
            table(&rows(), 1),
            "| Case | req/s |\n|---|---:|\n| hello | 12,345 |\n"
        );
        assert_eq!(columns(&rows(), 1), ["Case    req/s", "hello  12,345"]);
        assert_eq!(columns(&rows(), 2), ["Case   req/s", "hello  12,345"]);
    }

    #[test]
    fn thousands_are_kept_apart() {
        assert_eq!(count(999.6), "1,000");
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(12.4), "12");
    }
}
