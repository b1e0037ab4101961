//! A step of a task: it says what it does, how long that took and, when it fails, what to do about it.

use anyhow::{Error, Result};
use std::fmt::{self, Display};
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The steps of one task, in the order in which they ended.
#[derive(Default)]
pub(crate) struct Steps {
    depth: usize,
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Runs `work` as a step. `advice` is what a person should do when it fails.
    pub(crate) fn run<T>(
        &mut self,
        title: &str,
        advice: &str,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let indent = "  ".repeat(self.depth);
        print(format_args!("{indent}==> {title}"));
        let start = Instant::now();
        self.depth += 1;
        let outcome = work(self);
        self.depth -= 1;
        let took = start.elapsed();
        if self.depth == 0 {
            self.done.push((title.to_owned(), took));
        }
        match outcome {
            Ok(value) => {
                print(format_args!("{indent}    {title}: done in {}", Took(took)));
                Ok(value)
            }
            Err(error) => {
                print(format_args!(
                    "{indent}    {title}: FAILED after {}",
                    Took(took)
                ));
                Err(advise(error, title, advice))
            }
        }
    }

    /// A line about the step that is running.
    pub(crate) fn say(&self, line: impl Display) {
        print(format_args!("{}{line}", "  ".repeat(self.depth + 1)));
    }

    /// The time that each outermost step took, as a table with a total.
    pub(crate) fn table(&self) -> String {
        let total: Duration = self.done.iter().map(|(_, took)| *took).sum();
        let rows = self
            .done
            .iter()
            .map(|(title, took)| (title.as_str(), *took));
        rows.chain([("total", total)])
            .map(|(title, took)| format!("{:>9}  {title}\n", Took(took).to_string()))
            .collect()
    }

    /// Prints [`Steps::table`].
    pub(crate) fn print_table(&self) {
        print(format_args!("\n{}", self.table()));
    }
}

/// Prints why a task failed: every cause, then the advice of each step that it stopped, innermost first.
pub(crate) fn report(error: &Error) -> ExitCode {
    drop(writeln!(stderr(), "\n{}", render(error)));
    ExitCode::FAILURE
}

/// One line on standard output. A reader that has gone, as in `| head`, is no reason to stop working.
fn print(line: impl Display) {
    drop(writeln!(stdout(), "{line}"));
}

fn render(error: &Error) -> String {
    let mut advice = Vec::new();
    let mut causes = Vec::new();
    for cause in error.chain() {
        match cause.downcast_ref::<Failed>() {
            Some(failed) => {
                causes.push(failed.to_string());
                advice.push(failed.advice.as_str());
            }
            None => causes.push(cause.to_string()),
        }
    }
    let mut text = format!("error: {}", causes.join("\n  because: "));
    for line in advice.iter().rev().filter(|line| !line.is_empty()) {
        text.push_str("\n  what to do: ");
        text.push_str(line);
    }
    text
}

fn advise(source: Error, title: &str, advice: &str) -> Error {
    Error::new(Failed {
        title: title.to_owned(),
        advice: advice.to_owned(),
        source,
    })
}

/// What a failing step makes of the error that stopped it.
#[derive(Debug)]
struct Failed {
    title: String,
    advice: String,
    source: Error,
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.title)
    }
}

struct Took(Duration);

impl Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests;
