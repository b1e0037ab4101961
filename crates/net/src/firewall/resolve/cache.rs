//! Answers are remembered, one cache for each tenant: what one tenant looks up is not to be seen in the timing of another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Answer, ResolveError, Resolver, Resolving};
use crate::firewall::host::Name;

/// A resolver that asks another one at most once per name and time to live.
pub struct CachedResolver {
    inner: Arc<dyn Resolver>,
    bounds: CacheBounds,
    now: fn() -> Instant,
    names: Mutex<HashMap<Name, Arc<Slot>>>,
}

/// Bounds of a cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheBounds {
    /// Names that are remembered; the one that expires first gives way.
    pub names: usize,
    /// An answer is used for at least this long, whatever its own time to live.
    pub shortest: Duration,
    /// And for at most this long.
    pub longest: Duration,
    /// How long it is remembered that there is no address.
    pub negative: Duration,
}

impl Default for CacheBounds {
    fn default() -> Self {
        Self {
            names: 1024,
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(300),
            negative: Duration::from_secs(5),
        }
    }
}

/// What is known about one name.
#[derive(Default)]
struct Slot {
    /// Held by the one who asks; all others wait for the answer instead of asking also.
    asking: tokio::sync::Mutex<()>,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    result: Result<Arc<[std::net::IpAddr]>, ResolveError>,
    until: Instant,
}

impl CachedResolver {
    pub fn new(inner: Arc<dyn Resolver>, bounds: CacheBounds) -> Self {
        Self {
            inner,
            bounds,
            now: Instant::now,
            names: Mutex::default(),
        }
    }

    async fn answer(&self, name: &Name) -> Result<Answer, ResolveError> {
        let Some(slot) = self.slot(name) else {
            // All names of the cache are being asked for at this moment.
            let answer = self.inner.resolve(name).await?;
            let ttl = self.bounded(answer.ttl);
            return Ok(Answer { ttl, ..answer });
        };
        if let Some(result) = slot.fresh((self.now)()) {
            return result;
        }
        let _asking = slot.asking.lock().await;
        if let Some(result) = slot.fresh((self.now)()) {
            return result;
        }
        let result = self.inner.resolve(name).await;
        let (known, ttl) = match result {
            Ok(answer) => {
                let ttl = self.bounded(answer.ttl);
                (Ok(answer.addresses), ttl)
            }
            Err(ResolveError::NotFound) => (Err(ResolveError::NotFound), self.bounds.negative),
            // It may be over with the next packet.
            Err(failure) => return Err(failure),
        };
        *slot.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known {
            result: known.clone(),
            until: (self.now)() + ttl,
        });
        known.map(|addresses| Answer { addresses, ttl })
    }

    fn bounded(&self, ttl: Duration) -> Duration {
        ttl.max(self.bounds.shortest).min(self.bounds.longest)
    }

    /// The slot of a name, made if there is room for it.
    fn slot(&self, name: &Name) -> Option<Arc<Slot>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = names.get(name) {
            return Some(Arc::clone(slot));
        }
        if names.len() >= self.bounds.names {
            make_room(&mut names)?;
        }
        let slot = Arc::<Slot>::default();
        names.insert(name.clone(), Arc::clone(&slot));
        Some(slot)
    }
}

/// Forgets the name that expires first, of those that nobody is asking for.
fn make_room(names: &mut HashMap<Name, Arc<Slot>>) -> Option<()> {
    let idle = names
        .iter()
        .filter(|(_, slot)| Arc::strong_count(slot) == 1);
    let name = idle.min_by_key(|(_, slot)| slot.until())?.0.clone();
    names.remove(&name).map(|_| ())
}

impl Slot {
    fn fresh(&self, now: Instant) -> Option<Result<Answer, ResolveError>> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        let ttl = known.until.checked_duration_since(now)?;
        if ttl.is_zero() {
            return None;
        }
        Some(known.result.map(|addresses| Answer { addresses, ttl }))
    }

    fn until(&self) -> Option<Instant> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|known| known.until)
    }
}

impl Resolver for CachedResolver {
    fn resolve<'a>(&'a self, name: &'a Name) -> Resolving<'a> {
        Box::pin(self.answer(name))
    }
}

#[cfg(test)]
mod tests;
