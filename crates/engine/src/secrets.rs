//! The secrets of a workload: which names it has, where their values are, and how often guests looked at one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use weft_api::spec::{SecretSource, WorkloadSpec};
use weft_caps::secrets;

pub use weft_caps::secrets::{Error, Got, Store, Value};

/// The secrets of a workload, by name. Which names there are is settled when the workload is started; what their values
/// are is asked each time.
#[derive(Clone, Default)]
pub struct Secrets {
    given: BTreeMap<String, SecretSource>,
    /// Where the values are that the manifest does not have itself.
    provider: Option<Arc<dyn Store>>,
    /// Whether each look at one is logged by its name.
    log: bool,
}

/// How often the guests of a program looked at a secret.
#[derive(Debug, Default)]
pub(crate) struct Reveals(AtomicU64);

impl Secrets {
    /// Those of all `wasmcloud:secrets` entries, and the names that several entries give.
    pub(crate) fn of(spec: &WorkloadSpec) -> (Self, Vec<String>) {
        let mut secrets = Self::default();
        let mut twice = Vec::new();
        for entry in spec
            .host_interfaces
            .iter()
            .filter(|entry| entry.is_secrets())
        {
            secrets.log |= entry.logs_reveals();
            for (name, source) in &entry.secrets {
                if secrets.given.insert(name.clone(), source.clone()).is_some() {
                    twice.push(name.clone());
                }
            }
        }
        (secrets, twice)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// Whether there is one of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Says where the values are that the manifest does not have itself.
    pub(crate) fn provide(&mut self, provider: &Arc<dyn Store>) {
        self.provider = Some(Arc::clone(provider));
    }

    /// What the instances of one component are given.
    pub(crate) fn context(&self, owner: &str, reveals: &Arc<Reveals>) -> secrets::Ctx {
        let inline = self.given.iter().map(|(name, source)| {
            let value = match source {
                SecretSource::Inline(value) => Some(Value::new(value.expose())),
                SecretSource::Provided => None,
            };
            (name.clone(), value)
        });
        secrets::Ctx {
            store: Arc::new(Given {
                values: inline.collect(),
                provider: self.provider.clone(),
            }),
            watcher: Arc::new(Watcher {
                owner: owner.to_owned(),
                log: self.log,
                reveals: Arc::clone(reveals),
            }),
            calls: None,
        }
    }
}

impl PartialEq for Secrets {
    fn eq(&self, other: &Self) -> bool {
        let same_provider = match (&self.provider, &other.provider) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same_provider && self.given == other.given && self.log == other.log
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

impl Reveals {
    /// How often so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The secrets as one component sees them.
struct Given {
    /// By name; none where the provider has the value.
    values: BTreeMap<String, Option<Value>>,
    provider: Option<Arc<dyn Store>>,
}

impl Store for Given {
    fn get<'a>(&'a self, key: &'a str) -> Got<'a> {
        let found = match (self.values.get(key), &self.provider) {
            (Some(Some(value)), _) => Ok(value.clone()),
            (Some(None), Some(provider)) => return provider.get(key),
            // The provider is never asked for a name that the workload does not have.
            (Some(None) | None, _) => Err(Error::NotFound),
        };
        Box::pin(std::future::ready(found))
    }
}

/// Counts looks at secrets, and logs them if that was asked for.
struct Watcher {
    /// `tenant/workload/component`.
    owner: String,
    log: bool,
    reveals: Arc<Reveals>,
}

impl secrets::Watcher for Watcher {
    fn revealed(&self, key: &str) {
        self.reveals.0.fetch_add(1, Ordering::Relaxed);
        if self.log {
            let owner = &self.owner;
            tracing::info!(owner, secret = key, "a component looked at a secret");
        }
    }
}
