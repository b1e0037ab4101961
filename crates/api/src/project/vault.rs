//! `vault` of a source: one secret of HashiCorp Vault.

use std::path::PathBuf;
use std::time::Duration;

use super::read::{Scope, filled, flag, path};
use crate::document::decode::At;
use crate::document::problem::Problems;
use crate::duration;

/// One secret of HashiCorp Vault, key-value engine version 2: each of its fields is a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vault {
    /// `https://vault.example:8200`; the variable `VAULT_ADDR` if not given.
    pub address: Option<String>,
    /// Where the engine is mounted; `secret` if not given.
    pub mount: Option<String>,
    /// The secret below the mount.
    pub path: String,
    /// The namespace; the variable `VAULT_NAMESPACE` if not given.
    pub namespace: Option<String>,
    /// A file with the token; the variable `VAULT_TOKEN` if not given.
    pub token_file: Option<PathBuf>,
    /// Certificates of authorities that are trusted besides the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// Whether the token may go over the network in the clear.
    pub plain_http: bool,
    /// How long a reading is used before the server is asked again.
    pub cache: Option<Duration>,
    /// How old a reading may be that is used because the server cannot answer.
    pub max_stale: Option<Duration>,
    /// What one request may take.
    pub timeout: Option<Duration>,
}

pub(super) fn read(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Vault> {
    let mut fields = at.fields(scope.problems)?;
    let secret = fields
        .required("path")
        .and_then(|at| at.filled(scope.problems));
    let mut time = |name, problems: &mut Problems| {
        fields
            .optional(name)
            .and_then(|at| at.checked(problems, duration::parse))
    };
    let cache = time("cache", scope.problems);
    let max_stale = time("maxStale", scope.problems);
    let timeout = time("timeout", scope.problems);
    let vault = Vault {
        address: filled(&mut fields, "address", scope.problems),
        mount: filled(&mut fields, "mount", scope.problems),
        path: secret.unwrap_or_default().to_owned(),
        namespace: filled(&mut fields, "namespace", scope.problems),
        token_file: path(&mut fields, "tokenFile", scope),
        ca_file: path(&mut fields, "caFile", scope),
        plain_http: flag(&mut fields, "plainHttp", scope.problems),
        cache,
        max_stale,
        timeout,
    };
    fields.finish(scope.problems);
    secret.is_some().then_some(vault)
}
