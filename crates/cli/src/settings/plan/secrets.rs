//! What a project has for `wasmcloud:secrets`: which sources, which names, and secrets of Vault.

use std::collections::BTreeSet;
use std::sync::Arc;

use weft_api::project;
use weft_settings::{Failure, FailureKind, Kind, Provider};
use weft_vault::{Config, TokenFrom, Vault};

use super::{Key, Outcome, Owner, Plan};

impl Plan {
    /// What is not said about a server of secrets is taken from the variables that its own programs use.
    pub(super) fn vault(&self, given: &project::Vault) -> Result<Vault, Failure> {
        let variable = |name: &str| -> Result<Option<String>, Failure> {
            let reading = self.variables.read(name)?;
            let text = reading.and_then(|reading| Some(reading.value.expose_text()?.to_owned()));
            Ok(text.filter(|text| !text.is_empty()))
        };
        let address = match &given.address {
            Some(address) => Some(address.clone()),
            None => variable("VAULT_ADDR")?,
        };
        let address = address.ok_or_else(|| {
            let message = format!("the address of Vault for `{}` is not known", given.path);
            Failure::new(FailureKind::Refused, message)
                .help("write `address: https://<host>:8200`, or set `VAULT_ADDR`")
        })?;
        let namespace = match &given.namespace {
            Some(namespace) => Some(namespace.clone()),
            None => variable("VAULT_NAMESPACE")?,
        };
        Vault::new(Config {
            address,
            mount: given.mount.clone().unwrap_or_else(|| "secret".to_owned()),
            path: given.path.clone(),
            namespace,
            token: match &given.token_file {
                Some(file) => TokenFrom::File(file.clone()),
                None => TokenFrom::Environment(self.variables.clone()),
            },
            ca_file: given.ca_file.clone(),
            plain_http: given.plain_http,
            cache: given.cache.unwrap_or(Config::CACHE),
            max_stale: given.max_stale.unwrap_or(Config::MAX_STALE),
            timeout: given.timeout.unwrap_or(Config::TIMEOUT),
            retry: Config::RETRY,
        })
    }

    /// What guests get through `wasmcloud:secrets`: the sources of `secretFrom` of the workload, then those of
    /// `workload.secrets`.
    pub(crate) fn secrets(&self) -> Vec<Arc<dyn Provider>> {
        let keys = self.keys_of_secrets();
        let sources = keys.filter_map(|key| self.sources.get(key)?.as_ref().ok());
        sources.map(|source| Arc::clone(source) as _).collect()
    }

    /// The names that these have.
    pub(crate) fn names_of_secrets(&self, outcome: &Outcome) -> BTreeSet<String> {
        let keys: BTreeSet<&Key> = self.keys_of_secrets().collect();
        let rows = outcome.rows.iter().filter(|row| row.origin.is_some());
        rows.filter(|row| keys.contains(&(row.kind, row.source.clone())))
            .map(|row| row.name.clone())
            .collect()
    }

    fn keys_of_secrets(&self) -> impl Iterator<Item = &Key> {
        let asks = self.asks.iter();
        asks.filter(|ask| matches!(ask.owner, Owner::Workload | Owner::Secrets))
            .flat_map(|ask| &ask.sources)
            .map(|(key, _)| key)
            .filter(|(kind, _)| *kind == Kind::Secret)
    }

    /// Whether somebody wants it as variables, which can be text alone.
    pub(super) fn is_for_environment(&self, key: &Key) -> bool {
        let mut asks = self.asks.iter().filter(|ask| ask.owner != Owner::Secrets);
        asks.any(|ask| ask.sources.iter().any(|(other, _)| other == key))
    }
}
