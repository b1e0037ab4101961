//! What is missing, in words: which name, who asks for it and where, and which file to put it in.

use serde::Serialize;

/// One thing that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Lacking {
    /// The name; none where a whole file or folder cannot be read.
    pub(crate) name: Option<String>,
    /// What is wrong: no full stop, no value.
    pub(crate) message: String,
    /// Who asks for it, with the place in the project file.
    #[serde(rename = "askedBy")]
    pub(crate) asked: Vec<String>,
    /// What to do.
    pub(crate) help: Vec<String>,
    /// Where it is asked for.
    #[serde(skip)]
    pub(crate) at: At,
}

/// The place of something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A key of the project file; items of lists are numbers.
    Project(Vec<String>),
    /// A line of a file that documents names, as people write the file.
    Example(String, usize),
}

impl At {
    /// A key of the project file.
    pub(crate) fn key(path: &[&str]) -> Self {
        Self::Project(path.iter().map(|step| (*step).to_owned()).collect())
    }
}

/// All that is missing as one message; nothing if nothing is.
pub(crate) fn missing(lacking: &[Lacking]) -> Option<String> {
    let mut text = match lacking.len() {
        0 => return None,
        1 => "a setting is missing:".to_owned(),
        count => format!("{count} settings are missing:"),
    };
    for lack in lacking {
        text.push_str(&format!("\n  - {}", lack.message.replace('\n', "\n    ")));
        if !lack.asked.is_empty() {
            text.push_str(&format!("\n    asked for by {}", lack.asked.join(", ")));
        }
        for help in &lack.help {
            text.push_str(&format!("\n    help: {help}"));
        }
    }
    Some(text)
}
