//! Problems in a file that a person wrote: what, where, and what to do about it.

use std::error::Error;
use std::fmt;

/// One problem at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as it was named to the parser.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// The place in bytes from the start of the file.
    pub offset: usize,
    /// How many bytes the problem spans; it does not reach beyond the line.
    pub length: usize,
    /// What is wrong, with the offending text: lower case, no full stop.
    pub message: String,
    /// What to do, or which names are known.
    pub help: Option<String>,
    /// The place in the document's tree, e.g. `spec.components[1].image`.
    pub path: Option<String>,
}

/// Why a file was refused: all the problems that were found in it, in the order of the file.
#[derive(Clone)]
pub struct Report {
    /// The file as it was named to the parser.
    pub file: String,
    /// The text that the offsets refer to, in which values are covered if the file may hold secrets.
    pub source: String,
    /// Whether the file may hold secrets.
    pub sensitive: bool,
    /// The problems, never empty.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more problems were found than are listed.
    pub omitted: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        match self.omitted {
            0 => Ok(()),
            more => write!(f, "\n{}: and {more} more problems", self.file),
        }
    }
}

/// Leaves the source text out: a manifest may hold Secrets.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("file", &self.file)
            .field("diagnostics", &self.diagnostics)
            .field("omitted", &self.omitted)
            .finish_non_exhaustive()
    }
}

impl Error for Report {}
