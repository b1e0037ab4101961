//! `.env.example` and its like: files that are committed and document the names that a `.env` file is to have.

use std::path::Path;

use weft_settings::dotenv;

/// The names of one such file.
#[derive(Debug, Default)]
pub(crate) struct Example {
    /// The file as people write it.
    pub(crate) shown: String,
    /// The names with their lines.
    pub(crate) names: Vec<(String, usize)>,
    /// Why it cannot be read.
    pub(crate) problem: Option<String>,
}

impl Example {
    /// The example of a `.env` file; none if there is no such file.
    pub(crate) fn of(file: &Path, shown: &str) -> Option<Self> {
        let mut path = file.as_os_str().to_owned();
        path.push(".example");
        let bytes = crate::files::text_bytes(path.as_ref()).ok()?;
        let mut example = Self {
            shown: format!("{shown}.example"),
            ..Self::default()
        };
        match dotenv::names(&bytes) {
            Ok(names) => example.names = names,
            Err(refused) => {
                let lines = refused.problems.iter();
                let lines = lines.map(|problem| format!("\n  {}:{problem}", example.shown));
                let lines: String = lines.collect();
                example.problem = Some(format!("`{}` cannot be understood:{lines}", example.shown));
            }
        }
        Some(example)
    }

    /// The line of a name.
    pub(crate) fn line(&self, name: &str) -> Option<usize> {
        let mut names = self.names.iter();
        names
            .find(|(known, _)| known == name)
            .map(|(_, line)| *line)
    }
}
