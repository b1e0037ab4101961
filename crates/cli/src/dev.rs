//! `weft dev`.
/// Build, serve and watch the project in a folder
#[derive(clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(
    _args: Args,
    _global: &crate::printer::Global,
) -> anyhow::Result<std::process::ExitCode> {
    anyhow::bail!("soon")
}
