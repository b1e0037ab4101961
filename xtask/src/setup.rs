//! `cargo xtask setup`: everything that building and testing needs beyond the pinned Rust toolchain. It looks first
//! and gets only what is missing, so each task that needs it may call it.

mod apt;
mod consent;
mod debian_prefix;
mod mirror;
mod node;
mod outside;
mod python;
mod rust_target;
mod vulkan;

pub(crate) use outside::{with_c_compiler, with_gpu};
pub(crate) use rust_target::GuestCompiler;

use crate::step::Steps;
use anyhow::Result;

#[derive(clap::Args, Clone, Copy, Default)]
pub(crate) struct Args {
    /// Install system packages without asking (also when the environment has CI)
    #[arg(long, short)]
    yes: bool,
    /// Leave out what only the TypeScript example needs
    #[arg(long)]
    pub(crate) only_rust: bool,
    /// Use the private compiler from Debian's archive even if rustup has the target
    #[arg(long)]
    private_compiler: bool,
}

impl Args {
    /// For tasks that need the Rust guests alone.
    pub(crate) fn without_typescript() -> Self {
        Self {
            only_rust: true,
            ..Self::default()
        }
    }
}

/// Makes this machine ready and answers how guests are compiled on it.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<GuestCompiler> {
    steps.run("setup", "", |steps| {
        let compiler = rust_target::prepare(steps, args.private_compiler)?;
        outside::prepare(steps)?;
        if !args.only_rust {
            node::prepare(steps, args.yes)?;
        }
        Ok(compiler)
    })
}

/// The same, with what only tests need.
pub(crate) fn for_tests(steps: &mut Steps, args: &Args) -> Result<GuestCompiler> {
    let compiler = run(steps, args)?;
    python::prepare(steps, args.yes)?;
    Ok(compiler)
}
