//! Secrets of a workload that are kept by providers: files, folders, variables, servers. Each time a guest asks, the
//! provider is asked, so that a value that was exchanged is seen without a restart.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use weft_engine::secrets::{Error, Got, Store, Value};
use weft_settings::{Failure, FailureKind, Provider, Reading};

/// How often the same failure is in the log.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// The secrets that providers have for one workload.
///
/// The engine asks only for names that the workload has, so that guests cannot make this remember anything.
pub struct ProvidedSecrets {
    /// `tenant/name` of the workload, for the log.
    owner: String,
    /// A later one wins over those before it.
    providers: Vec<Arc<dyn Provider>>,
    /// What was handed out last of each name: while it is the same, guests share it.
    handed_out: Mutex<BTreeMap<String, HandedOut>>,
    told: Mutex<Option<(String, Instant)>>,
}

struct HandedOut {
    /// The provider that had it.
    provider: usize,
    version: weft_settings::Version,
    value: Value,
}

impl ProvidedSecrets {
    /// The secrets of these providers, of which a later one wins.
    pub fn new(owner: impl Into<String>, providers: Vec<Arc<dyn Provider>>) -> Self {
        Self {
            owner: owner.into(),
            providers,
            handed_out: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// All names that there are now.
    ///
    /// # Errors
    /// The first failure of a provider.
    pub async fn names(&self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for provider in &self.providers {
            names.extend(provider.names().await?);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    async fn find(&self, name: &str) -> Result<Value, Error> {
        for (index, provider) in self.providers.iter().enumerate().rev() {
            match provider.read(name).await {
                Ok(Some(reading)) => return Ok(self.hand_out(name, index, &reading)),
                Ok(None) => {}
                Err(failure) => return Err(self.failed(name, &failure)),
            }
        }
        self.forget(name);
        Err(Error::NotFound)
    }

    fn hand_out(&self, name: &str, provider: usize, reading: &Reading) -> Value {
        let mut handed_out = self
            .handed_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = handed_out.get(name)
            && last.provider == provider
            && last.version == reading.version
        {
            return last.value.clone();
        }
        let value = Value::new(reading.value.expose());
        let last = HandedOut {
            provider,
            version: reading.version.clone(),
            value: value.clone(),
        };
        handed_out.insert(name.to_owned(), last);
        value
    }

    fn forget(&self, name: &str) {
        self.handed_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }

    /// The operator is told what happened; the guest, what sort of thing.
    fn failed(&self, name: &str, failure: &Failure) -> Error {
        self.forget(name);
        let what = format!("the secret `{name}` cannot be read: {failure}");
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let again = |(last, at): &(String, Instant)| *last == what && at.elapsed() < TOLD_EVERY;
        if !told.as_ref().is_some_and(again) {
            tracing::warn!(owner = self.owner, "{what}");
            *told = Some((what, Instant::now()));
        }
        drop(told);
        match failure.kind {
            FailureKind::NotFound => Error::NotFound,
            FailureKind::Upstream => Error::Upstream(
                "what keeps the secret gave no answer; the log of the host says why".to_owned(),
            ),
            FailureKind::Refused | FailureKind::Malformed | FailureKind::Io => {
                Error::Io("the host could not read the secret; its log says why".to_owned())
            }
        }
    }
}

impl Store for ProvidedSecrets {
    fn get<'a>(&'a self, key: &'a str) -> Got<'a> {
        Box::pin(self.find(key))
    }
}

impl fmt::Debug for ProvidedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvidedSecrets")
            .field("owner", &self.owner)
            .field("providers", &self.providers)
            .finish_non_exhaustive()
    }
}
