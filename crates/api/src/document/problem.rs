//! Collecting problems while a document is walked, and turning them into diagnostics at the end.

use super::Span;
use super::mask::{is_sensitive, masked, redacted};
use crate::diagnostic::{Diagnostic, Report};

/// More problems than anyone reads; the rest is only counted.
const LISTED_MAX: usize = 50;
/// More names than a help lists or a suggestion is sought among: some lists are as long as the file.
const NAMES_MAX: usize = 200;
/// How many names a help lists.
const NAMES_SHOWN_MAX: usize = 48;
/// How much of an offending text a message shows, in characters.
const SHOWN_MAX: usize = 60;

/// One problem, placed by bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    span: Span,
    message: String,
    help: Option<String>,
    path: Option<String>,
    /// The place of another thing that the message speaks of.
    also: Option<Span>,
    /// What is at the place may be a secret.
    secret: bool,
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    omitted: usize,
}

impl Problem {
    /// What stands behind the first `; ` of the message is what to do about it.
    pub(crate) fn at(span: Span, message: impl Into<String>) -> Self {
        let (message, help) = split_remedy(message.into());
        Self {
            span,
            message,
            help,
            path: None,
            also: None,
            secret: false,
        }
    }

    /// Says that what is at the place may not be shown.
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the help where there is one to give.
    pub(crate) fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    pub(crate) fn path(mut self, path: impl Into<String>) -> Self {
        let path = path.into();
        self.path = (!path.is_empty()).then_some(path);
        self
    }

    /// Adds `, first … in line N` to the message, once lines are known.
    pub(crate) fn also(mut self, span: Span) -> Self {
        self.also = Some(span);
        self
    }
}

impl Problems {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether further problems are only counted, so that finding help for them is wasted.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= LISTED_MAX
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        // One place that is used several times (a YAML alias) is reported once.
        if self.list.contains(&problem) {
            return;
        }
        if self.is_full() {
            self.omitted = self.omitted.saturating_add(1);
        } else {
            self.list.push(problem);
        }
    }

    pub(crate) fn push_duplicate(&mut self, key: &str, span: Span, first: Span) {
        let message = format!("the key `{}` is given twice", shown(key));
        self.push(
            Problem::at(span, message)
                .also(first)
                .help("remove one of the two"),
        );
    }

    /// The value, or the report of why there is none.
    pub(crate) fn into_result<T>(
        self,
        file: &str,
        text: &str,
        value: Option<T>,
    ) -> Result<T, Report> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => Err(self.into_report(file, text)),
        }
    }

    fn into_report(mut self, file: &str, text: &str) -> Report {
        if self.list.is_empty() {
            self.list
                .push(Problem::at(Span::default(), "the file could not be read"));
        }
        self.list.sort_by_key(|problem| problem.span.start);
        let lines = Lines::new(text);
        // A problem without a path is one of the language: what it points at may be anything.
        let understood = self
            .list
            .iter()
            .filter(|problem| problem.path.is_some() && !problem.secret);
        let shown: Vec<Span> = understood.map(|problem| problem.span).collect();
        let sensitive = is_sensitive(text);
        let diagnostics = self
            .list
            .into_iter()
            .map(|mut problem| {
                if sensitive && problem.path.is_none() {
                    problem.message = redacted(&problem.message, text, problem.span.start);
                }
                lines.diagnostic(file, problem)
            })
            .collect();
        Report {
            file: file.to_owned(),
            source: match sensitive {
                true => masked(text, &shown),
                false => text.to_owned(),
            },
            sensitive,
            diagnostics,
            omitted: self.omitted,
        }
    }
}

/// Where the lines of a text start.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// The line (from 1), the start of that line and the rest of the line from `offset` on.
    fn place(&self, offset: usize) -> (usize, usize, &'t str) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.starts.get(index))
            .copied()
            .unwrap_or_default();
        let rest = self.text.get(offset..).unwrap_or_default();
        (
            line,
            start,
            rest.split(['\r', '\n']).next().unwrap_or_default(),
        )
    }

    pub(crate) fn diagnostic(&self, file: &str, problem: Problem) -> Diagnostic {
        let offset = self.on_boundary(problem.span.start);
        let (line, start, rest) = self.place(offset);
        let before = self.text.get(start..offset).unwrap_or_default();
        let length = self
            .on_boundary(problem.span.end)
            .saturating_sub(offset)
            .min(rest.trim_end().len());
        let mut message = problem.message;
        if let Some(also) = problem.also {
            let (line, ..) = self.place(self.on_boundary(also.start));
            message.push_str(&format!(" (first in line {line})"));
        }
        Diagnostic {
            file: file.to_owned(),
            line,
            column: before.chars().count() + 1,
            offset,
            length,
            message,
            help: problem.help,
            path: problem.path,
        }
    }

    fn on_boundary(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// Takes a message apart into what is wrong and what to do: `<wrong>; <remedy>`. A `; ` in back-quotes is text of the
/// file.
fn split_remedy(message: String) -> (String, Option<String>) {
    let mut quoted = false;
    for (offset, character) in message.char_indices() {
        match character {
            '`' => quoted = !quoted,
            ';' if !quoted => {
                if let Some((wrong, remedy)) = message
                    .split_at_checked(offset)
                    .and_then(|(wrong, rest)| Some((wrong, rest.strip_prefix("; ")?)))
                {
                    return (wrong.to_owned(), Some(remedy.to_owned()));
                }
            }
            _ => {}
        }
    }
    (message, None)
}

/// A text fit for a message: one line, and not endless.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `did you mean …?` for a name that is close to a known one, else the list of the known ones.
pub(crate) fn suggest(name: &str, known: &[&str]) -> Option<String> {
    if let Some(nearest) = nearest(name, known) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    match known {
        [] => None,
        [only] => Some(format!("the only known name is `{only}`")),
        _ => Some(format!("known names: {}", quoted(known))),
    }
}

/// The known name that is closest to this one, if any is close.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    if name.chars().count() > SHOWN_MAX {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    let wanted = plain(name);
    known
        .iter()
        .take(NAMES_MAX)
        .map(|candidate| {
            let candidate_plain = plain(candidate);
            let close = strsim::normalized_damerau_levenshtein(&wanted, &candidate_plain);
            let begins = wanted.len() >= 4
                && (candidate_plain.starts_with(&wanted) || wanted.starts_with(&candidate_plain));
            (if begins { close.max(0.6) } else { close }, *candidate)
        })
        .filter(|(score, _)| *score >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Names in back-quotes, joined by commas; not endless.
pub(crate) fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    let shown_names = names
        .iter()
        .take(NAMES_SHOWN_MAX)
        .map(|name| format!("`{}`", shown(name.as_ref())));
    let mut quoted = shown_names.collect::<Vec<_>>().join(", ");
    if let Some(more) = names
        .len()
        .checked_sub(NAMES_SHOWN_MAX)
        .filter(|more| *more > 0)
    {
        quoted.push_str(&format!(" and {more} more"));
    }
    quoted
}
