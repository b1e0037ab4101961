//! Host names as requests and routes write them, brought to one form.
//!
//! One form: lower case, no port, no dot at the end, IPv6 addresses in brackets and in their shortest spelling.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// DNS allows names of this many characters, made of labels of that many.
const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;

/// The host names that a route answers: one name, all names below a suffix, or every name that no other route has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// Every name that no other route answers.
    Any,
    /// One name, or one address.
    Exact(HostName),
    /// `*.suffix`: all names that end in `.suffix`, however many labels they have in front of it.
    Below(HostName),
}

/// A host name in the one form. Only [`HostPattern`] makes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// Why a text is not a host name or pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a host name: {why}")]
pub struct HostPatternError {
    /// The text, as it was given.
    pub text: String,
    /// What is wrong with it, and what to write instead.
    pub why: &'static str,
}

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let name = normalise(text).ok_or("an address in brackets must be IPv6")?;
        if name.starts_with('[') {
            return Ok(Self(name.into_owned()));
        }
        if name.is_empty() {
            return Err("it is empty");
        }
        if name.len() > NAME_MAX {
            return Err("it has more than 253 characters");
        }
        if name.contains(':') {
            return Err("it has a port; leave it out, routes do not look at ports");
        }
        name.split('.').try_for_each(check_label)?;
        Ok(Self(name.into_owned()))
    }
}

/// Brings the host of a request to the one form; `None` if it is a bracketed text that is not an IPv6 address.
pub(crate) fn normalise(host: &str) -> Option<Cow<'_, str>> {
    if let Some(rest) = host.strip_prefix('[') {
        let address: Ipv6Addr = rest.strip_suffix(']')?.parse().ok()?;
        return Some(Cow::Owned(format!("[{address}]")));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(name.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(name))
}

/// The proper suffixes of a name at its dots, longest first: `b.c`, then `c`, for `a.b.c`. None for an address in
/// brackets.
pub(crate) fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = (!name.starts_with('[')).then_some(name);
    std::iter::from_fn(move || {
        rest = rest.and_then(|name| name.split_once('.').map(|(_, suffix)| suffix));
        rest
    })
}

fn check_label(label: &str) -> Result<(), &'static str> {
    if label.is_empty() {
        return Err("a dot needs a letter or digit on both sides");
    }
    if label.len() > LABEL_MAX {
        return Err("the part between two dots has more than 63 characters");
    }
    if label.contains('*') {
        return Err("`*` stands alone or in front, as in `*.example.com`");
    }
    // `_` is not DNS's idea of a host name, but such names resolve and browsers send them.
    if !label
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        return Err("only ASCII letters, digits, `-` and `_` are allowed between the dots");
    }
    Ok(())
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let parsed = match text.strip_prefix("*.") {
            _ if text == "*" => Ok(Self::Any),
            Some(suffix) if suffix.starts_with('[') => Err("an address has no names below it"),
            Some(suffix) => HostName::parse(suffix).map(Self::Below),
            None => HostName::parse(text).map(Self::Exact),
        };
        parsed.map_err(|why| HostPatternError {
            text: text.to_owned(),
            why,
        })
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(name) => write!(f, "{name}"),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

#[cfg(test)]
mod tests;
