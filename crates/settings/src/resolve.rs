//! What one component sees: the values of its own block and of the sources that the block names, with the place of each,
//! and everything that is missing.

use std::collections::BTreeMap;

use crate::provider::Failure;
use crate::secret::Secret;
use crate::source::{Kind, Source};

/// A block of a project file that asks for values.
#[derive(Debug, Default)]
pub struct Block<'a> {
    /// Values in the block itself, each with its place.
    pub own: BTreeMap<String, (Secret, String)>,
    /// The sources of `configFrom`, then those of `secretFrom`, each in the order of the file.
    pub sources: Vec<&'a Source>,
}

/// A value that a component sees.
#[derive(Clone, Debug)]
pub struct Value {
    /// The value.
    pub value: Secret,
    /// Where it comes from: `weft.yaml:7`, `app.env:3`, `the environment`.
    pub origin: String,
    /// Whether it comes from `secrets:` and must not be shown.
    pub secret: bool,
}

/// Why a value is not there.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Which section the source is in.
    pub kind: Kind,
    /// The source's name.
    pub source: String,
    /// What is missing.
    pub what: Lack,
}

/// What is missing.
#[derive(Clone, Debug)]
pub enum Lack {
    /// A name that somebody asked for has no value.
    Name(String),
    /// A part of the source cannot be read.
    Failed(Failure),
}

/// What a block comes to.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// The values by name; the later source wins.
    pub values: BTreeMap<String, Value>,
    /// Everything that is missing, in the order of the sources.
    pub missing: Vec<Missing>,
}

/// Reads all that a block asks for: its own values, then its sources in their order, the later winning. A thing that is
/// missing stops nothing, so that all of them are known.
pub async fn resolve(block: Block<'_>) -> Resolved {
    let mut resolved = Resolved::default();
    for (name, (value, origin)) in block.own {
        let value = Value {
            value,
            origin,
            secret: false,
        };
        resolved.values.insert(name, value);
    }
    for source in block.sources {
        read_source(source, &mut resolved).await;
    }
    resolved
}

async fn read_source(source: &Source, resolved: &mut Resolved) {
    let lacks = |what| Missing {
        kind: source.kind(),
        source: source.name().to_owned(),
        what,
    };
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let mut absent = Vec::new();
    for provider in source.providers() {
        let names = match provider.names().await {
            Ok(names) => names,
            Err(failure) => {
                resolved.missing.push(lacks(Lack::Failed(failure)));
                continue;
            }
        };
        for name in names {
            match provider.read(&name).await {
                Ok(Some(reading)) => {
                    let value = Value {
                        value: reading.value,
                        origin: reading.origin,
                        secret: source.kind() == Kind::Secret,
                    };
                    found.insert(name, value);
                }
                Ok(None) => absent.push(name),
                Err(failure) => resolved.missing.push(lacks(Lack::Failed(failure))),
            }
        }
    }
    // What one part of a source lacks and another has is not missing. Another source is no substitute.
    absent.retain(|name| !found.contains_key(name));
    let absent = absent.into_iter().map(|name| lacks(Lack::Name(name)));
    resolved.missing.extend(absent);
    resolved.values.extend(found);
}

#[cfg(test)]
mod tests;
