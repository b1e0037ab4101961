//! Building programs of this workspace and finding out where cargo put them.

use crate::fuzz;
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// What the last build made.
pub(crate) struct Programs(Vec<(String, PathBuf)>);

impl Programs {
    /// Runs `cargo build` with `selection`, in view of the person.
    pub(crate) fn build(selection: &[&str]) -> Result<Self> {
        let cargo = Sh::cargo()
            .arg("build")
            .args(selection)
            .args(["--message-format", "json-render-diagnostics"]);
        Ok(Self(executables(&cargo.read_loud()?)))
    }

    /// Builds weft and the fuzz programs. Selecting the whole workspace and an example makes cargo choose the same
    /// features as for the tests, so that demo, CI and tests share what was compiled.
    pub(crate) fn weft(steps: &mut Steps) -> Result<Self> {
        let weft = ["--workspace", "--bin", "weft"];
        let selection: Vec<_> = weft.into_iter().chain(fuzz::selection()).collect();
        steps.run("build weft", "the compiler's messages are above", |_| {
            Self::build(&selection)
        })
    }

    /// The path of one of them.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, path)| path.clone())
            .with_context(|| format!("cargo built no program `{name}`"))
    }
}

fn executables(messages: &str) -> Vec<(String, PathBuf)> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let programs = messages.filter_map(|message| {
        let name = message.pointer("/target/name")?.as_str()?.to_owned();
        Some((name, PathBuf::from(message.get("executable")?.as_str()?)))
    });
    programs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_cargos_messages_and_libraries_are_not() {
        let messages = "{\"target\":{\"name\":\"weft_cli\"},\"executable\":null}\n\
                        {\"target\":{\"name\":\"weft\"},\"executable\":\"/t/debug/weft\"}\n{\"reason\":\"build-finished\"}";
        let programs = Programs(executables(messages));
        assert_eq!(
            programs.path("weft").unwrap(),
            PathBuf::from("/t/debug/weft")
        );
        assert_eq!(
            programs.path("weft_cli").unwrap_err().to_string(),
            "cargo built no program `weft_cli`"
        );
    }
}
