//! Problems of a `.env` file and their places. No message shows a value.

use std::fmt;

use super::Refused;

/// More problems than anyone reads; the rest is only counted.
const LISTED_MAX: usize = 100;

/// A problem at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// What is wrong: lower case, no full stop, no part of a value.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The name that an expansion in braces asks for and that is not set.
    pub unset: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// A problem before its line is known.
struct Placed {
    offset: usize,
    message: String,
    help: Option<String>,
    unset: Option<String>,
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems {
    list: Vec<Placed>,
    omitted: usize,
}

impl Problems {
    /// Whether further problems are only counted, so that finding words for them is wasted.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= LISTED_MAX
    }

    pub(super) fn push(
        &mut self,
        offset: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(offset, message.into(), Some(help.into()), None);
    }

    /// A name that is not set.
    pub(super) fn push_unset(
        &mut self,
        offset: usize,
        message: String,
        help: &str,
        name: Option<&str>,
    ) {
        self.add(
            offset,
            message,
            Some(help.to_owned()),
            name.map(str::to_owned),
        );
    }

    fn add(&mut self, offset: usize, message: String, help: Option<String>, unset: Option<String>) {
        if self.is_full() {
            self.omitted = self.omitted.saturating_add(1);
            return;
        }
        self.list.push(Placed {
            offset,
            message,
            help,
            unset,
        });
    }

    pub(super) fn into_list(mut self, lines: &Lines<'_>) -> (Vec<Problem>, usize) {
        self.list.sort_by_key(|problem| problem.offset);
        let place = |problem: Placed| {
            let (line, column) = lines.place(problem.offset);
            Problem {
                line,
                column,
                message: problem.message,
                help: problem.help,
                unset: problem.unset,
            }
        };
        (self.list.into_iter().map(place).collect(), self.omitted)
    }

    pub(super) fn into_result(self, lines: &Lines<'_>) -> Result<(), Refused> {
        let (problems, omitted) = self.into_list(lines);
        if problems.is_empty() {
            return Ok(());
        }
        Err(Refused { problems, omitted })
    }
}

/// Where the lines of a text start.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let breaks = text
            .match_indices('\n')
            .map(|(offset, _)| offset.saturating_add(1));
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// Line and column of a byte, each from 1.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count().saturating_add(1))
    }
}
