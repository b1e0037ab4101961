//! `cargo xtask tidy`.
use crate::step::Steps;
use anyhow::Result;
pub(crate) fn run(_steps: &mut Steps) -> Result<()> {
    Ok(())
}
