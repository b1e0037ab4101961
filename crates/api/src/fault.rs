//! Who is to blame for a failure: every failure that weft reports names one party.

use std::fmt;

/// The party whose change would have avoided a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blame {
    /// The WebAssembly code: it trapped, broke a contract, or used up a limit.
    Guest,
    /// The manifest or project file: it asks for something that cannot be given.
    Manifest,
    /// This host: a defect or a shortage of ours.
    Host,
    /// A peer or the way to it.
    Network,
}

impl Blame {
    /// The word used in messages, log fields and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Manifest => "manifest",
            Self::Host => "host",
            Self::Network => "network",
        }
    }
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
