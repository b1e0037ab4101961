//! Python with pip, by which a test gets QuantLib to compare with.

use super::consent;
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::Result;

/// Finds Python with pip, or installs the system's packages after asking.
pub(crate) fn prepare(steps: &mut Steps, yes: bool) -> Result<()> {
    let advice = "install Python 3.9 or newer with pip, so that `python3 -m pip` works";
    steps.run("Python", advice, |steps| {
        if let Some(version) = present() {
            steps.say(format_args!("found {version}"));
            return Ok(());
        }
        consent::install_packages(
            &["python3", "python3-pip"],
            "the tests of examples/gpu-options compare with QuantLib, a Python package",
            yes,
        )?;
        match present() {
            Some(version) => steps.say(format_args!("installed {version}")),
            None => anyhow::bail!("the system's package has no `python3 -m pip`"),
        }
        Ok(())
    })
}

/// The version of Python, if pip is there.
fn present() -> Option<String> {
    Sh::new("python3")
        .args(["-m", "pip", "--version"])
        .read()
        .ok()?;
    let version = Sh::new("python3").arg("--version").read().ok()?;
    Some(version.trim().to_owned())
}
