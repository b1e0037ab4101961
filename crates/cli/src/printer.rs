//! The only place that prints. Text is for people and follows the terminal; JSON is one object a line, for programs.

mod visible;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use miette::{LabeledSpan, NamedSource, Severity};
use serde::Serialize;
use weft_api::diagnostic::{Diagnostic, Report};

use self::visible::visible;
use crate::logging;

/// Bytes of a line of a file that is drawn with a problem.
const LINE_MAX: usize = 1000;
/// Bytes that are said at once.
const TEXT_MAX: usize = 256 << 10;

/// Flags that every subcommand takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// How results and events are printed
    #[arg(long, short, value_enum, default_value_t, global = true)]
    pub(crate) output: Output,
    /// When colours are used; also off with NO_COLOR, or when the output is no terminal
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) color: Color,
    /// Log more: -v for debug, -vv for trace; RUST_LOG overrides it
    #[arg(long, short, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Log warnings and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// Green, for what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Yellow, for what deserves a look.
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default();
/// Red, for what failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Bold, for names.
pub(crate) const NAME: Style = Style::new().bold();
/// Dim, for what is only there to be found.
pub(crate) const FAINT: Style = Style::new().dimmed();

impl Global {
    /// Whether events and results are JSON.
    pub(crate) fn json(&self) -> bool {
        self.output == Output::Json
    }

    /// A line of a result, on standard output. Nothing in JSON mode.
    pub(crate) fn line(&self, text: impl Display) {
        if !self.json() {
            let _ = writeln!(
                anstream::AutoStream::new(std::io::stdout(), self.choice_of(&std::io::stdout())),
                "{}",
                visible(&text.to_string())
            );
        }
    }

    /// Begins anew at the top of the terminal, for a picture that is drawn again and again. Nothing in JSON mode.
    pub(crate) fn clear(&self) {
        if !self.json() {
            let mut out = std::io::stdout();
            let _ = out.write_all(b"\x1b[H\x1b[2J");
        }
    }

    /// A line about progress, on standard error. Nothing in JSON mode.
    pub(crate) fn status(&self, text: impl Display) {
        if !self.json() && !self.quiet {
            self.say(&format!("{text}\n"));
        }
    }

    /// Text on standard error, in colour or not.
    fn say(&self, text: &str) {
        let text = cut(text);
        let text = &*visible(&text);
        if self.choice() == anstream::ColorChoice::Never {
            logging::say(&anstream::adapter::strip_str(text).to_string());
        } else {
            logging::say(text);
        }
    }

    /// A result or event as JSON, on standard output. Nothing in text mode.
    pub(crate) fn object(&self, value: &impl Serialize) {
        if !self.json() {
            return;
        }
        let text = serde_json::to_string(value)
            .unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// Something that deserves a look but stops nothing.
    pub(crate) fn note(&self, text: impl Display) {
        if self.json() {
            self.object(&serde_json::json!({ "event": "note", "message": text.to_string() }));
        } else {
            self.status(format_args!("{CARE}note:{CARE:#} {text}"));
        }
    }

    /// The one report of a failure, on standard error; a problem in a file is shown with the place.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        if let Some(report) = error.downcast_ref::<Report>() {
            if self.json() {
                self.object(&json_report(report));
            } else {
                self.say(&self.picture(report));
            }
            return;
        }
        let text = chain(error);
        if self.json() {
            self.object(&serde_json::json!({ "event": "error", "message": text }));
        } else {
            self.say(&format!("{BAD}error:{BAD:#} {text}\n"));
        }
    }

    fn picture(&self, report: &Report) -> String {
        let theme = match self.choice() {
            anstream::ColorChoice::Never => miette::GraphicalTheme::unicode_nocolor(),
            _ => miette::GraphicalTheme::unicode(),
        };
        let handler = miette::GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_context_lines(if report.sensitive { 0 } else { 1 })
            .with_width(100);
        let mut text = String::new();
        for diagnostic in &report.diagnostics {
            let shown = Shown {
                diagnostic,
                source: NamedSource::new(&report.file, report.source.clone()),
            };
            if has_long_lines(report, diagnostic.offset)
                || handler.render_report(&mut text, &shown).is_err()
            {
                text.push_str(&format!("{BAD}error:{BAD:#} {diagnostic}\n"));
            }
        }
        if report.omitted > 0 {
            text.push_str(&format!(
                "and {} more problems in {}\n",
                report.omitted, report.file
            ));
        }
        text
    }

    /// What the flags and the environment say about colours.
    pub(crate) fn choice(&self) -> anstream::ColorChoice {
        self.choice_of(&std::io::stderr())
    }

    /// The same for another stream: one of the two may be a terminal, and the other a pipe.
    fn choice_of(&self, stream: &impl anstream::stream::RawStream) -> anstream::ColorChoice {
        match self.color {
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
            Color::Auto => anstream::AutoStream::choice(stream),
        }
    }
}

/// Whether one of the lines that would be drawn is longer than anyone reads.
fn has_long_lines(report: &Report, offset: usize) -> bool {
    let text = report.source.as_str();
    let (before, after) = text
        .split_at_checked(offset.min(text.len()))
        .unwrap_or((text, ""));
    let above = before.rsplit('\n').take(2).map(str::len);
    let below = after.split('\n').take(2).map(str::len);
    above.chain(below).any(|length| length > LINE_MAX)
}

/// The beginning of a text, of so many bytes at most. What is larger would be lost as a whole on its way.
fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_MAX {
        return Cow::Borrowed(text);
    }
    let start = text.get(..text.floor_char_boundary(TEXT_MAX));
    let left = text.len() - TEXT_MAX;
    Cow::Owned(format!(
        "{}\n… and {left} bytes more\n",
        start.unwrap_or_default()
    ))
}

/// The causes of an error on one line, without those that the text before already has.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn json_report(report: &Report) -> serde_json::Value {
    let problems: Vec<_> = report
        .diagnostics
        .iter()
        .map(|problem| {
            serde_json::json!({
                "file": problem.file, "line": problem.line, "column": problem.column,
                "message": problem.message, "help": problem.help, "path": problem.path,
            })
        })
        .collect();
    serde_json::json!({ "event": "error", "message": format!("{} has problems", report.file), "problems": problems })
}

/// A problem in the form that miette draws.
#[derive(Debug)]
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.diagnostic
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = LabeledSpan::underline((self.diagnostic.offset, self.diagnostic.length.max(1)));
        Some(Box::new(std::iter::once(span)))
    }
}
