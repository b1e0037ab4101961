//! `cargo xtask tidy`: the rules of the house that the compiler does not know. One file per rule; each finding says
//! where it is, what is wrong and what to do. A test of this crate runs them all, too.

mod arrows;
mod budget;
mod examples;
mod guests;
mod header;
mod ignored;
mod lex;
mod links;
mod notes;
mod orphans;
mod pure;
mod reach;
mod reason;
mod repository;
mod wit_lock;

use crate::step::Steps;
use crate::workspace;
use anyhow::{Result, bail};
use repository::Repository;
use std::fmt::{self, Display};

#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Write wit/lock.toml anew, after a WIT package was added or updated on purpose
    #[arg(long)]
    lock_wit: bool,
}

/// Runs every check, or writes the lock.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let root = workspace::root();
    if args.lock_wit {
        return wit_lock::write(&root);
    }
    steps.run(
        "tidy",
        "each line above says where and what to do",
        |steps| {
            let findings = findings(&Repository::open(&root)?);
            findings.iter().for_each(|finding| steps.say(finding));
            match findings.iter().filter(|finding| !finding.soft).count() {
                0 => Ok(()),
                count => bail!("{count} rules of the house are broken"),
            }
        },
    )
}

fn findings(repository: &Repository) -> Vec<Finding> {
    const CHECKS: [fn(&Repository) -> Vec<Finding>; 13] = [
        arrows::check,
        reach::check,
        pure::check,
        header::check,
        budget::check,
        ignored::check,
        notes::check,
        reason::check,
        orphans::check,
        examples::check,
        guests::check,
        wit_lock::check,
        links::check,
    ];
    CHECKS.iter().flat_map(|check| check(repository)).collect()
}

/// A place where a rule is broken, or will soon be.
#[derive(Debug)]
struct Finding {
    /// File, and line if there is one.
    place: String,
    what: String,
    to_do: &'static str,
    /// Reported, but not an error.
    soft: bool,
}

impl Finding {
    fn in_file(path: &str, what: impl Into<String>, to_do: &'static str) -> Self {
        Self {
            place: path.to_owned(),
            what: what.into(),
            to_do,
            soft: false,
        }
    }

    /// `offset` is the byte in `text` where it starts.
    fn at(
        path: &str,
        text: &str,
        offset: usize,
        what: impl Into<String>,
        to_do: &'static str,
    ) -> Self {
        let line = text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        Self::in_file(&format!("{path}:{line}"), what, to_do)
    }

    fn soft(mut self) -> Self {
        self.soft = true;
        self
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.soft { "warning: " } else { "" };
        write!(f, "{kind}{}: {}; {}", self.place, self.what, self.to_do)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let findings = findings(&Repository::open(&workspace::root()).unwrap());
        let broken: Vec<String> = findings
            .iter()
            .filter(|finding| !finding.soft)
            .map(Finding::to_string)
            .collect();
        assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
    }

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let finding = Finding::at("a.rs", "one\ntwo\n", 4, "it is wrong", "right it");
        assert_eq!(finding.to_string(), "a.rs:2: it is wrong; right it");
        assert_eq!(
            finding.soft().to_string(),
            "warning: a.rs:2: it is wrong; right it"
        );
    }
}
