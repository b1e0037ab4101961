//! Names of things, checked once: a value of these types is a valid Kubernetes (DNS-1123) name.

use std::fmt;

/// A DNS label, and so a Kubernetes namespace, has at most this many characters.
const LABEL_MAX: usize = 63;
/// A DNS subdomain, and so the name of most Kubernetes objects, has at most this many characters.
const SUBDOMAIN_MAX: usize = 253;

/// Why a text is not a name. The message carries the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("a {kind} must not be empty; write lower-case letters, digits and `-`")]
    Empty { kind: &'static str },
    /// The text is longer than DNS allows.
    #[error("{kind} `{}` has {length} characters, more than the {max} that are allowed; shorten it", start_of(.text))]
    TooLong {
        kind: &'static str,
        text: String,
        length: usize,
        max: usize,
    },
    /// A character is not allowed where it stands.
    #[error("{kind} `{text}` is not a valid name: {why}; {}", instead(.text))]
    Malformed {
        kind: &'static str,
        text: String,
        why: &'static str,
    },
}

/// Whose workload it is: the Kubernetes namespace. Nothing is shared between two tenants unless a grant says so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(String);

/// The name of a workload within its tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadName(String);

/// The name of a component within its workload.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentName(String);

impl Tenant {
    /// Checks a namespace name: a DNS-1123 label.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        check_label("namespace", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl WorkloadName {
    /// Checks an object name: a DNS-1123 subdomain.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        check_subdomain("workload name", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl ComponentName {
    /// Checks a component name: a DNS-1123 label.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        check_label("component name", text)?;
        Ok(Self(text.to_owned()))
    }
}

/// What the three names have in common: they read and print as their text.
macro_rules! name_text {
    ($($name:ident),+) => {$(
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    )+};
}

name_text!(Tenant, WorkloadName, ComponentName);

/// Checks a DNS-1123 label: lower-case letters, digits and `-`, with a letter or digit at both ends.
pub(crate) fn check_label(kind: &'static str, text: &str) -> Result<(), IdError> {
    check_length(kind, text, LABEL_MAX)?;
    check_characters(kind, text, text)
}

/// Checks a DNS-1123 subdomain: labels joined by dots.
pub(crate) fn check_subdomain(kind: &'static str, text: &str) -> Result<(), IdError> {
    check_length(kind, text, SUBDOMAIN_MAX)?;
    text.split('.')
        .try_for_each(|label| check_characters(kind, text, label))
}

fn check_length(kind: &'static str, text: &str, max: usize) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind });
    }
    let length = text.chars().count();
    if length > max {
        return Err(IdError::TooLong {
            kind,
            text: text.to_owned(),
            length,
            max,
        });
    }
    Ok(())
}

fn check_characters(kind: &'static str, text: &str, label: &str) -> Result<(), IdError> {
    let malformed = |why| {
        Err(IdError::Malformed {
            kind,
            text: text.to_owned(),
            why,
        })
    };
    if label.is_empty() {
        return malformed("a dot needs a letter or digit on both sides");
    }
    if label.contains(|c: char| c.is_ascii_uppercase()) {
        return malformed("upper-case letters are not allowed");
    }
    if label.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')) {
        return malformed("only lower-case letters, digits and `-` are allowed");
    }
    if label.starts_with('-') || label.ends_with('-') {
        return malformed("it must start and end with a letter or digit");
    }
    Ok(())
}

/// The nearest name that would be valid.
fn instead(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '-',
    };
    let mut name: String = text.chars().take(LABEL_MAX).map(plain).collect();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    match name.trim_matches('-') {
        "" => "write lower-case letters, digits and `-`, such as `hello-2`".to_owned(),
        name => format!("write `{name}`, for instance"),
    }
}

/// The first characters of a text that is too long to show.
fn start_of(text: &str) -> String {
    let mut start: String = text.chars().take(40).collect();
    start.push('…');
    start
}

#[cfg(test)]
mod tests;
