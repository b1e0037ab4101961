//! Asking before the system is changed: system packages are installed only by root and only with a yes.
#![expect(
    clippy::print_stdout,
    reason = "the question stands on the line of its answer"
)]

use crate::sh::Sh;
use anyhow::{Result, bail};
use std::io::{IsTerminal, Write, stdin, stdout};

/// Installs Debian packages after asking, or fails with the commands that the person has to run.
pub(crate) fn install_packages(packages: &[&str], why: &str, yes: bool) -> Result<()> {
    let list = packages.join(" ");
    let root = Sh::new("id").arg("-u").read()?.trim() == "0";
    if !root {
        bail!(
            "{why}; only root can install it, so run:\n    sudo apt-get update\n    sudo apt-get install -y {list}"
        );
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if !(yes
        || in_ci
        || ask(&format!(
            "{why}. Install the system packages {list} now? [y/N] "
        ))?)
    {
        bail!(
            "{why}; give --yes to install it, or run:\n    apt-get update\n    apt-get install -y {list}"
        );
    }
    Sh::new("apt-get").args(["update", "-q"]).run()?;
    let install = Sh::new("apt-get")
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages);
    install.env("DEBIAN_FRONTEND", "noninteractive").run()
}

fn ask(question: &str) -> Result<bool> {
    if !stdin().is_terminal() {
        return Ok(false);
    }
    print!("{question}");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \n"));
        assert!(!is_yes("\n") && !is_yes("n\n") && !is_yes("yesterday\n"));
    }
}
