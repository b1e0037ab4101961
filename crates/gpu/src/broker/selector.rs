//! How an operator says which adapter to use: `auto`, `pci:0000:01:00.0`, `name:*RTX*` and so on.

use std::fmt;
use std::str::FromStr;

use super::adapter::Kind;
use super::pci::PciAddress;
use super::uuid::Uuid;

/// Bytes of a selector.
const SELECTOR_MAX: usize = 256;
/// The forms, as messages list them.
const FORMS: &str =
    "`auto`, `off`, `software`, `pci:ADDRESS`, `uuid:UUID`, `kind:KIND`, `name:PATTERN`, `index:N`";

/// Which adapter to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selector {
    /// The best hardware there is, or software if there is none.
    #[default]
    Auto,
    /// None.
    Off,
    /// A software adapter.
    Software,
    /// The one at this address; a MIG slice of it, if it is divided.
    Pci(PciAddress),
    /// The device or slice with this UUID.
    Uuid(Uuid),
    /// One of this kind.
    Kind(Kind),
    /// One whose name matches.
    Name(Pattern),
    /// The one at this place of `weft gpu list`.
    Index(u32),
}

/// A pattern of names: `*` stands for any text, `?` for one character; case does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether a name matches. Takes time in proportion to the product of both lengths at most.
    pub fn matches(&self, name: &str) -> bool {
        let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
        let (pattern, name) = (lower(&self.0), lower(name));
        // Where the last star was, and how far it reaches: what does not match goes on from there, one character later.
        let (mut at, mut of, mut star) = (0, 0, None);
        while let Some(&character) = name.get(of) {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, of));
                    at += 1;
                }
                Some(&wanted) if wanted == '?' || wanted == character => {
                    at += 1;
                    of += 1;
                }
                _ => {
                    let Some((place, reach)) = star else {
                        return false;
                    };
                    star = Some((place, reach + 1));
                    (at, of) = (place + 1, reach + 1);
                }
            }
        }
        pattern.iter().skip(at).all(|rest| *rest == '*')
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Off => f.write_str("off"),
            Self::Software => f.write_str("software"),
            Self::Pci(address) => write!(f, "pci:{address}"),
            Self::Uuid(uuid) => write!(f, "uuid:{uuid}"),
            Self::Kind(kind) => write!(f, "kind:{}", kind.word()),
            Self::Name(pattern) => write!(f, "name:{}", pattern.0),
            Self::Index(index) => write!(f, "index:{index}"),
        }
    }
}

/// A text selects nothing: what was written, what may be, and an example.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// The form is not known.
    #[error("`{written}` does not select a GPU{}: write one of {FORMS}, for example `pci:0000:01:00.0`", meant(.near))]
    Form {
        /// What was written, cut.
        written: String,
        /// What was probably meant.
        near: Option<String>,
    },
    /// The form is known, its value is not of that form.
    #[error("`{written}` is not {wanted}{}: write for example `{example}`", meant(.near))]
    Value {
        /// What was written after the colon, cut.
        written: String,
        /// What is expected.
        wanted: &'static str,
        /// A selector of this form.
        example: &'static str,
        /// What was probably meant.
        near: Option<String>,
    },
    /// It is too long to be one.
    #[error("a GPU selector has at most {SELECTOR_MAX} bytes, this one has {0}")]
    TooLong(usize),
}

fn meant(near: &Option<String>) -> String {
    near.as_ref()
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default()
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if text.len() > SELECTOR_MAX {
            return Err(SelectorError::TooLong(text.len()));
        }
        match text {
            "auto" => return Ok(Self::Auto),
            "off" => return Ok(Self::Off),
            "software" => return Ok(Self::Software),
            _ => {}
        }
        let Some((form, value)) = text.split_once(':') else {
            return Err(unknown(text));
        };
        let bad = |wanted, example, near| SelectorError::Value {
            written: shown(value),
            wanted,
            example,
            near,
        };
        match form {
            "pci" => value.parse().map(Self::Pci).map_err(|_| {
                let wanted = "a PCI address (domain:bus:device.function, in hexadecimal digits)";
                bad(wanted, "pci:0000:01:00.0", None)
            }),
            "uuid" => value.parse().map(Self::Uuid).map_err(|_| {
                let wanted = "a UUID (32 hexadecimal digits, with or without `GPU-` or `MIG-`)";
                bad(
                    wanted,
                    "uuid:GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f",
                    None,
                )
            }),
            "kind" => {
                let kind = Kind::ALL.into_iter().find(|kind| kind.word() == value);
                kind.map(Self::Kind).ok_or_else(|| {
                    let wanted = "a kind of GPU (`physical`, `sriov-vf`, `mig`, `software`)";
                    let words = Kind::ALL.map(Kind::word);
                    bad(wanted, "kind:sriov-vf", near(value, &words))
                })
            }
            "name" if !value.is_empty() && !value.chars().any(char::is_control) => {
                Ok(Self::Name(Pattern(value.to_owned())))
            }
            "name" => Err(bad("a pattern of names", "name:*RTX*", None)),
            "index" => number(value).map(Self::Index).ok_or_else(|| {
                let wanted = "a number of `weft gpu list`";
                bad(wanted, "index:0", None)
            }),
            _ => Err(unknown(text)),
        }
    }
}

/// A number as it is printed: digits alone.
fn number(value: &str) -> Option<u32> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten()
}

/// The text has no form that is known: perhaps one that is near, or a value without its form.
fn unknown(text: &str) -> SelectorError {
    let words = ["auto", "off", "software"];
    let forms = ["pci", "uuid", "kind", "name", "index"];
    let with = |form: &str, value: &str| Some(format!("{form}:{}", shown(value)));
    let whole = text.to_lowercase();
    let meant = if text.parse::<PciAddress>().is_ok() {
        with("pci", text)
    } else if text.parse::<Uuid>().is_ok() {
        with("uuid", text)
    } else if number(text).is_some() {
        with("index", text)
    } else if words.contains(&&*whole) {
        Some(whole)
    } else if Kind::ALL.iter().any(|kind| kind.word() == whole) {
        with("kind", &whole)
    } else if matches!(&*whole, "cpu" | "lavapipe" | "llvmpipe") {
        Some("software".to_owned())
    } else if matches!(&*whole, "none" | "no" | "false") {
        Some("off".to_owned())
    } else if let Some((form, value)) = text.split_once(':') {
        near(form, &forms).and_then(|form| with(&form, value))
    } else {
        near(text, &words)
    };
    SelectorError::Form {
        written: shown(text),
        near: meant,
    }
}

/// The word that is nearest, if one is near.
fn near(text: &str, words: &[&str]) -> Option<String> {
    let text = text.to_lowercase();
    words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(word, &text), *word))
        .filter(|(distance, word)| *distance <= word.len() / 2)
        .min()
        .map(|(_, word)| word.to_owned())
}

/// What was written, as one short line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests;
