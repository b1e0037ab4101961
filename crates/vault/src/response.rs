//! What an answer of Vault means. No text of the server is passed on: it could hold anything.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use weft_settings::{Failure, FailureKind, Secret};

use crate::request::Answered;

/// What a secret is at one version.
pub(crate) struct Snapshot {
    pub(crate) version: u64,
    pub(crate) values: BTreeMap<String, Secret>,
}

/// Why there is none.
pub(crate) enum Refusal {
    /// The server cannot answer now, and may later.
    Later(Failure),
    /// The answer is no, and what was read before is not to be used any more.
    No(Failure),
}

#[derive(Deserialize)]
struct Envelope {
    data: Versioned,
}

#[derive(Deserialize)]
struct Versioned {
    data: BTreeMap<String, Value>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
}

/// Reads an answer; `shown` is the secret in words.
pub(crate) fn read(answered: &Answered, shown: &str) -> Result<Snapshot, Refusal> {
    let status = answered.status;
    if status == StatusCode::OK {
        return snapshot(&answered.body, shown);
    }
    let later = |what: &str, help: &str| {
        let message = format!(
            "{shown} cannot be read: {what} (status {})",
            status.as_u16()
        );
        Err(Refusal::Later(
            Failure::new(FailureKind::Upstream, message).help(help),
        ))
    };
    let no = |kind, what: &str, help: &str| {
        let message = format!(
            "{shown} cannot be read: {what} (status {})",
            status.as_u16()
        );
        Err(Refusal::No(Failure::new(kind, message).help(help)))
    };
    match status.as_u16() {
        400 => no(
            FailureKind::Upstream,
            "Vault does not understand the request",
            "look at `mount`, `path` and `namespace`; the engine has to be `kv`, version 2",
        ),
        401 | 403 => no(
            FailureKind::Upstream,
            "the token is not allowed to, or is not valid any more",
            "give it a policy with `read` for `<mount>/data/<path>`, or get a new token; look at `namespace` too",
        ),
        404 => no(
            FailureKind::NotFound,
            "it is not there, or its newest version was deleted",
            "write it with `vault kv put`, or look at `mount` and `path`: `path` has no `data/` in it",
        ),
        405 => no(
            FailureKind::Upstream,
            "this is not an engine with versions",
            "the engine has to be `kv`, version 2",
        ),
        429 => later(
            "Vault has too much to do",
            "raise `cache`, so that it is asked less often",
        ),
        473 | 472 | 503 => later("Vault is sealed, or in standby", "unseal it"),
        300..=399 => no(
            FailureKind::Upstream,
            "Vault sends us elsewhere, where the token is not sent",
            "give the address of the active server",
        ),
        500..=599 => later("Vault has failed", "look at its log"),
        _ => no(
            FailureKind::Upstream,
            "Vault answered with something unknown",
            "look whether the address is that of Vault",
        ),
    }
}

fn snapshot(body: &[u8], shown: &str) -> Result<Snapshot, Refusal> {
    // The error of the parser may show what it found, so that it is not passed on.
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| {
        let message = format!("the answer of Vault about {shown} is not that of a key-value engine, version 2");
        Refusal::No(
            Failure::new(FailureKind::Malformed, message)
                .help("look whether the address is that of Vault, and `mount` that of an engine `kv`, version 2"),
        )
    })?;
    let values = envelope.data.data.into_iter();
    Ok(Snapshot {
        version: envelope.data.metadata.version,
        values: values.map(|(name, value)| (name, secret(value))).collect(),
    })
}

/// A text is itself; a number, list or mapping is its JSON.
fn secret(value: Value) -> Secret {
    match value {
        Value::String(text) => Secret::from(text),
        other => Secret::from(other.to_string()),
    }
}
