//! Node.js and npm, which only the TypeScript example needs.

use super::consent;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::Result;

/// The oldest Node.js that the example's build tools run on.
const OLDEST: u32 = 18;

/// Finds Node.js, or installs the system's package after asking.
pub(crate) fn prepare(steps: &mut Steps, yes: bool) -> Result<()> {
    if !workspace::root()
        .join("examples/hello-ts/package.json")
        .is_file()
    {
        return Ok(());
    }
    let advice = "install Node.js 18 or newer with npm, or leave the TypeScript example out with --only-rust";
    steps.run("Node.js", advice, |steps| {
        if let Some(version) = present() {
            steps.say(format_args!("found {version}"));
            return Ok(());
        }
        consent::install_packages(
            &["nodejs", "npm"],
            "examples/hello-ts needs Node.js 18 and npm",
            yes,
        )?;
        match present() {
            Some(version) => steps.say(format_args!("installed {version}")),
            None => anyhow::bail!("the system's package nodejs is older than {OLDEST}"),
        }
        Ok(())
    })
}

/// The version of Node.js, if it is new enough and npm is there.
fn present() -> Option<String> {
    let version = Sh::new("node").arg("--version").read().ok()?;
    Sh::new("npm").arg("--version").read().ok()?;
    is_new_enough(&version).then(|| version.trim().to_owned())
}

fn is_new_enough(version: &str) -> bool {
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn versions_from_18_are_new_enough() {
        assert!(is_new_enough("v18.0.0\n") && is_new_enough("v22.1.3"));
        assert!(
            !is_new_enough("v16.20.2") && !is_new_enough("") && !is_new_enough("command not found")
        );
    }
}
