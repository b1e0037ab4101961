//! `cargo xtask doc`: the API's documentation without broken links, and the book where mdBook is installed.
//! (`tidy` checks the book's links and table of contents everywhere.)

use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::Result;

/// Builds the documentation.
pub(crate) fn run(steps: &mut Steps) -> Result<()> {
    steps.run(
        "documentation",
        "the warnings above name the file and line of each broken link",
        |steps| {
            let rustdoc = Sh::cargo().args(["doc", "--workspace", "--no-deps", "--quiet"]);
            rustdoc.env("RUSTDOCFLAGS", "-D warnings").run()?;
            let book = workspace::root().join("docs");
            if !book.join("book.toml").is_file()
                || Sh::new("mdbook").arg("--version").read().is_err()
            {
                steps.say(
                    "the book is not rendered: mdBook is not installed (`cargo install mdbook`)",
                );
                return Ok(());
            }
            Sh::new("mdbook").arg("build").dir(&book).run()
        },
    )
}
