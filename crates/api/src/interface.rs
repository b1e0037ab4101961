//! Names of component-model interfaces (`wasi:http/incoming-handler@0.2.6`) and which export can serve which import.

use std::fmt;
use std::str::FromStr;

/// The full name of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName {
    /// `wasi` in `wasi:http/types@0.2.6`.
    pub namespace: String,
    /// `http` in `wasi:http/types@0.2.6`.
    pub package: String,
    /// `types` in `wasi:http/types@0.2.6`.
    pub interface: String,
    /// `0.2.6` in `wasi:http/types@0.2.6`.
    pub version: Option<semver::Version>,
}

/// A package without its version: `wasi:http`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    /// `wasi` in `wasi:http`.
    pub namespace: String,
    /// `http` in `wasi:http`.
    pub package: String,
}

/// Why a text is not the name of an interface. The message carries the text.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// No `:` between namespace and package.
    #[error("interface `{text}` has no namespace: write `namespace:package/interface@version`")]
    NoNamespace { text: String },
    /// No `/` between package and interface.
    #[error(
        "interface `{text}` names no interface of the package: write `namespace:package/interface@version`"
    )]
    NoInterface { text: String },
    /// A part is not a component-model identifier.
    #[error(
        "interface `{text}`: `{part}` is not an identifier (words of letters and digits, joined by `-`)"
    )]
    Identifier { text: String, part: String },
    /// The part behind `@` is not a version.
    #[error("interface `{text}`: `{version}` is not a semantic version")]
    Version {
        text: String,
        version: String,
        #[source]
        source: semver::Error,
    },
}

impl InterfaceName {
    /// The package of this interface, without its version.
    pub fn package(&self) -> PackageName {
        PackageName {
            namespace: self.namespace.clone(),
            package: self.package.clone(),
        }
    }

    /// Whether an export of this name can serve `import`.
    ///
    /// The point version does not matter, in either direction: the types decide later.
    pub fn satisfies(&self, import: &Self) -> bool {
        self.namespace == import.namespace
            && self.package == import.package
            && self.interface == import.interface
            && compatible(self.version.as_ref(), import.version.as_ref())
    }

    /// The versions that are compatible with this one, as one text: `1`, `0.2`, `0.0.3`, `0.2.0-draft`.
    /// Nothing for a name without a version, which is compatible only with itself.
    pub fn track(&self) -> Option<String> {
        self.version.as_ref().map(track)
    }
}

/// Whether two versions are on the same compatibility track; no version matches only no version.
pub fn compatible(export: Option<&semver::Version>, import: Option<&semver::Version>) -> bool {
    match (export, import) {
        (None, None) => true,
        (Some(export), Some(import)) => track(export) == track(import),
        _ => false,
    }
}

/// The compatibility track of a version, as the component model defines it: a pre-release stands alone,
/// `0.0.x` stands alone, `0.x` spans its point versions, and from 1 on the major version counts.
pub fn track(version: &semver::Version) -> String {
    match (version.major, version.minor, version.patch) {
        _ if !version.pre.is_empty() => version.to_string(),
        (0, 0, patch) => format!("0.0.{patch}"),
        (0, minor, _) => format!("0.{minor}"),
        (major, ..) => major.to_string(),
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.namespace, self.package, self.interface)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.package)
    }
}

impl FromStr for InterfaceName {
    type Err = InterfaceError;

    fn from_str(text: &str) -> Result<Self, InterfaceError> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(parse_version(text, version)?)),
            None => (text, None),
        };
        let (namespace, rest) =
            name.split_once(':')
                .ok_or_else(|| InterfaceError::NoNamespace {
                    text: text.to_owned(),
                })?;
        let (package, interface) =
            rest.split_once('/')
                .ok_or_else(|| InterfaceError::NoInterface {
                    text: text.to_owned(),
                })?;
        for part in [namespace, package, interface] {
            if !is_identifier(part) {
                return Err(InterfaceError::Identifier {
                    text: text.to_owned(),
                    part: part.to_owned(),
                });
            }
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            package: package.to_owned(),
            interface: interface.to_owned(),
            version,
        })
    }
}

fn parse_version(text: &str, version: &str) -> Result<semver::Version, InterfaceError> {
    semver::Version::parse(version).map_err(|source| InterfaceError::Version {
        text: text.to_owned(),
        version: version.to_owned(),
        source,
    })
}

/// A component-model identifier: words joined by `-`, each all lower or all upper case, the first one starting with a
/// letter.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('-').all(is_word)
}

fn is_word(word: &str) -> bool {
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    !word.is_empty() && (word.chars().all(lower) || word.chars().all(upper))
}

#[cfg(test)]
mod tests;
