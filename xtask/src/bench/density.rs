//! Stub.
use crate::step::Steps;
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: super::Subject,
}
pub(crate) fn run(steps: &mut Steps, args: &Args) -> anyhow::Result<()> {
    let _ = (args.subject.program(steps)?, args.subject.is_release());
    Ok(())
}
