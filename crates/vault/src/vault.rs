//! The provider: what was read last, for how long it is good, and when the server is asked again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use weft_settings::{Answer, Failure, FailureKind, Provider, Reading, Version};

use crate::config::Config;
use crate::request::Client;
use crate::response::{self, Refusal, Snapshot};

/// The longest that a server can ask to be left alone for.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How often it is said in the log that old values are used.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// One secret of Vault, with a value for each of its fields.
pub struct Vault {
    config: Config,
    client: Client,
    state: Mutex<State>,
    /// Held by who asks the server.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    read: Option<Read>,
    failed: Option<Failed>,
    told: Option<Instant>,
}

/// What was read, and when that was seen to be true.
#[derive(Clone)]
struct Read {
    snapshot: Arc<Snapshot>,
    at: Instant,
}

/// Why the last request gave nothing, and until when there is no further one.
struct Failed {
    failure: Failure,
    until: Instant,
}

impl Vault {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// When the address, the namespace or the certificates cannot be used.
    pub fn new(config: Config) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::new(&config)?,
            config,
            state: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        })
    }

    /// The secret as it is now, or was a moment ago.
    async fn now(&self) -> Result<Arc<Snapshot>, Failure> {
        if let Some(known) = self.known() {
            return known;
        }
        let _asking = self.asking.lock().await;
        // Somebody else may have asked meanwhile.
        if let Some(known) = self.known() {
            return known;
        }
        let asked = self.ask().await;
        self.learn(asked)
    }

    /// What can be said without asking.
    fn known(&self) -> Option<Result<Arc<Snapshot>, Failure>> {
        let state = self.state();
        let now = Instant::now();
        let age = |read: &Read| now.saturating_duration_since(read.at);
        if let Some(failed) = state.failed.as_ref().filter(|failed| now < failed.until) {
            return Some(match &state.read {
                Some(read) if age(read) < self.config.max_stale => Ok(Arc::clone(&read.snapshot)),
                _ => Err(failed.failure.clone()),
            });
        }
        let read = state.read.as_ref()?;
        (age(read) < self.config.cache).then(|| Ok(Arc::clone(&read.snapshot)))
    }

    async fn ask(&self) -> Result<Snapshot, (Refusal, Duration)> {
        let token = self
            .config
            .token
            .read()
            .map_err(|failure| (Refusal::Later(failure), self.config.retry))?;
        let answered = match timeout(self.config.timeout, self.client.ask(token)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(failure)) => return Err((Refusal::Later(failure), self.config.retry)),
            Err(_) => {
                let failure = self.client.too_slow(&self.config);
                return Err((Refusal::Later(failure), self.config.retry));
            }
        };
        let asked = answered
            .retry_after
            .map_or(Duration::ZERO, Duration::from_secs);
        let pause = self.config.retry.max(asked.min(PAUSE_MAX));
        response::read(&answered, &self.config.shown()).map_err(|refusal| (refusal, pause))
    }

    fn learn(
        &self,
        asked: Result<Snapshot, (Refusal, Duration)>,
    ) -> Result<Arc<Snapshot>, Failure> {
        let mut state = self.state();
        let now = Instant::now();
        let (refusal, pause) = match asked {
            Ok(new) => {
                // The same version is the same values: those that guests hold already.
                let same = state
                    .read
                    .take()
                    .filter(|read| read.snapshot.version == new.version);
                let snapshot = same.map_or_else(|| Arc::new(new), |read| read.snapshot);
                state.failed = None;
                state.read = Some(Read {
                    snapshot: Arc::clone(&snapshot),
                    at: now,
                });
                return Ok(snapshot);
            }
            Err(refused) => refused,
        };
        let (failure, stale) = match refusal {
            Refusal::Later(failure) => {
                let read = state.read.clone();
                let fresh_enough =
                    |read: &Read| now.saturating_duration_since(read.at) < self.config.max_stale;
                (failure, read.filter(fresh_enough))
            }
            Refusal::No(failure) => {
                state.read = None;
                (failure, None)
            }
        };
        let until = now + pause;
        state.failed = Some(Failed {
            failure: failure.clone(),
            until,
        });
        let Some(read) = stale else {
            return Err(failure);
        };
        if state
            .told
            .is_none_or(|told| now.saturating_duration_since(told) > TOLD_EVERY)
        {
            state.told = Some(now);
            let age = now.saturating_duration_since(read.at).as_secs();
            tracing::warn!(
                age,
                "{}: the values of {age} s ago are used: {failure}",
                self.origin()
            );
        }
        Ok(read.snapshot)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for Vault {
    fn names(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async { Ok(self.now().await?.values.keys().cloned().collect()) })
    }

    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>> {
        Box::pin(async move {
            let snapshot = match self.now().await {
                Ok(snapshot) => snapshot,
                // The whole secret was deleted, so that this name of it is gone.
                Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
                Err(failure) => return Err(failure),
            };
            Ok(snapshot.values.get(name).map(|value| Reading {
                value: value.clone(),
                version: Version::new(snapshot.version.to_string()),
                origin: format!("{}, version {}", self.origin(), snapshot.version),
            }))
        })
    }

    fn origin(&self) -> String {
        self.config.shown()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vault").field(&self.config.shown()).finish()
    }
}
