//! `.env` files, as direnv and the libraries called dotenv read them. Pure.
//!
//! ```text
//! # a comment                      export PORT=8080         # `export` is read over
//! PLAIN=up to the end, trimmed     URL=http://${HOST}:$PORT
//! SINGLE='nothing is $special'     DOUBLE="a\tb, and
//! LEVEL=${LOG_LEVEL:-info}         a second line"
//! ```
//!
//! A name is any run of characters without white space, `=`, quotes, `#`, `$` and backslashes. Without quotes, a value
//! ends with its line or at a `#` behind white space, and a backslash is an ordinary character except before `$`.
//! Between single quotes everything is itself. Between double quotes `\n`, `\r`, `\t`, `\"`, `\\`, `` \` `` and `\$` are
//! escapes, a backslash at the end of a line joins it with the next, and any other backslash is itself.
//!
//! `${NAME}` and `$NAME` are what an earlier line gave to the name, else what the environment has. A name that neither
//! has is a problem, unless there is a default: `${NAME:-default}` (not set, or empty) or `${NAME-default}` (not set).
//!
//! The later of two lines with one name counts, which is worth a warning. Line breaks are LF or CRLF, LF in values. No
//! message shows a value or a part of one.

mod expand;
mod lex;
mod problem;
mod write;

use std::fmt;

pub use self::problem::Problem;
use self::problem::{Lines, Problems};
pub use self::write::quoted;
use crate::secret::Secret;

/// Files beyond this many bytes are refused, and so are values that together expand to more.
pub const MAX: usize = 16 * 1024 * 1024;

/// A name and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value, with all expansions.
    pub value: Secret,
    /// The line that the name is in, counted from 1.
    pub line: usize,
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// One entry for each name, in the order of the lines that count.
    pub entries: Vec<Entry>,
    /// What deserves a look, but stops nothing.
    pub warnings: Vec<Problem>,
}

/// Why a file was refused: all the problems in it, by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The problems; never empty.
    pub problems: Vec<Problem>,
    /// How many more there are than are listed.
    pub omitted: usize,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{problem}")?;
        }
        match self.omitted {
            0 => Ok(()),
            more => write!(f, "\nand {more} more problems"),
        }
    }
}

impl std::error::Error for Refused {}

/// Reads a file. `look_up` is the environment, which expansions find names in that no earlier line has.
pub fn parse(bytes: &[u8], look_up: &dyn Fn(&str) -> Option<Secret>) -> Result<Document, Refused> {
    let text = text(bytes)?;
    let lines = Lines::new(text);
    let mut problems = Problems::default();
    let raws = lex::entries(text, &mut problems);
    let mut warnings = Problems::default();
    let entries = expand::expand(&raws, &lines, look_up, &mut problems, &mut warnings);
    problems.into_result(&lines)?;
    let warnings = warnings.into_list(&lines).0;
    Ok(Document { entries, warnings })
}

/// The names of a file with their lines, whatever the values refer to: for files that only document names.
pub fn names(bytes: &[u8]) -> Result<Vec<(String, usize)>, Refused> {
    let text = text(bytes)?;
    let lines = Lines::new(text);
    let mut problems = Problems::default();
    let raws = lex::entries(text, &mut problems);
    problems.into_result(&lines)?;
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for raw in raws {
        if seen.insert(raw.name.to_owned()) {
            names.push((raw.name.to_owned(), lines.place(raw.offset).0));
        }
    }
    Ok(names)
}

/// The text without its byte order mark, or why these bytes are none.
fn text(bytes: &[u8]) -> Result<&str, Refused> {
    let refuse = |line, column, message: String, help: &str| Refused {
        problems: vec![Problem {
            line,
            column,
            message,
            help: Some(help.to_owned()),
            unset: None,
        }],
        omitted: 0,
    };
    if bytes.len() > MAX {
        let message = format!(
            "the file has {} MiB, of at most {}",
            bytes.len().div_ceil(1 << 20),
            MAX >> 20
        );
        return Err(refuse(
            1,
            1,
            message,
            "keep large values in a folder with one file for each (`dir:`)",
        ));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(refuse(
            1,
            1,
            "the file is UTF-16".to_owned(),
            "save it as UTF-8",
        ));
    }
    let (valid, wrong) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), true)
        }
    };
    let binary = valid.find('\0').or_else(|| wrong.then_some(valid.len()));
    if let Some(offset) = binary {
        let (line, column) = Lines::new(valid).place(offset);
        let message = "the file is not text: it holds bytes that no UTF-8 text has".to_owned();
        let help = "keep binary values in a folder with one file for each (`dir:`)";
        return Err(refuse(line, column, message, help));
    }
    Ok(valid.strip_prefix('\u{feff}').unwrap_or(valid))
}

#[cfg(test)]
mod tests;
