//! Who is asked, how often, and for how long an answer is used.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{CacheBounds, CachedResolver};
use crate::firewall::host::Name;
use crate::firewall::resolve::{Answer, ResolveError, Resolver, Resolving};

thread_local! {
    /// How far the clock of this test has been moved on.
    static MOVED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static START: Instant = Instant::now();
}

/// A clock that stands still but for [`advance`].
fn now() -> Instant {
    START.with(|start| *start) + MOVED.get()
}

fn advance(time: Duration) {
    MOVED.set(MOVED.get() + time);
}

/// Answers after a moment, and counts: `N.test` with a time to live of N seconds, all else with an error.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Resolver for Counting {
    fn resolve<'a>(&'a self, name: &'a Name) -> Resolving<'a> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            let label = name.as_str().split('.').next().expect("a label");
            match label.strip_prefix('t').and_then(|ttl| ttl.parse().ok()) {
                Some(ttl) => Ok(Answer {
                    addresses: [IpAddr::from([1, 1, 1, count as u8])].into(),
                    ttl: Duration::from_secs(ttl),
                }),
                None if label == "broken" => Err(ResolveError::Failed("test".to_owned())),
                None => Err(ResolveError::NotFound),
            }
        })
    }
}

struct Cache {
    cached: CachedResolver,
    asked: Arc<Counting>,
}

fn cache(names: usize) -> Cache {
    let asked = Arc::<Counting>::default();
    let bounds = CacheBounds {
        names,
        shortest: Duration::from_secs(2),
        longest: Duration::from_secs(100),
        negative: Duration::from_secs(5),
    };
    let cached = CachedResolver {
        now,
        ..CachedResolver::new(Arc::clone(&asked) as Arc<dyn Resolver>, bounds)
    };
    Cache { cached, asked }
}

impl Cache {
    async fn ask(&self, name: &str) -> Result<Answer, ResolveError> {
        self.cached
            .resolve(&Name::parse(name).expect("a name"))
            .await
    }

    fn asked(&self) -> usize {
        self.asked.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn an_answer_is_used_for_its_time_and_then_asked_for_again() {
    let cache = cache(10);
    assert_eq!(
        cache.ask("t30.test").await.expect("an answer").ttl,
        Duration::from_secs(30)
    );
    advance(Duration::from_secs(29));
    assert_eq!(
        cache.ask("t30.test").await.expect("an answer").ttl,
        Duration::from_secs(1)
    );
    assert_eq!(cache.asked(), 1);
    advance(Duration::from_secs(1));
    cache.ask("t30.test").await.expect("an answer");
    assert_eq!(cache.asked(), 2);
}

#[tokio::test]
async fn the_time_of_an_answer_is_kept_within_bounds() {
    let cache = cache(10);
    assert_eq!(
        cache.ask("t0.test").await.expect("an answer").ttl,
        Duration::from_secs(2)
    );
    assert_eq!(
        cache.ask("t9999.test").await.expect("an answer").ttl,
        Duration::from_secs(100)
    );
}

#[tokio::test]
async fn that_there_is_nothing_is_remembered_for_a_while_and_a_failure_is_not() {
    let cache = cache(10);
    assert_eq!(cache.ask("gone.test").await, Err(ResolveError::NotFound));
    assert_eq!(cache.ask("gone.test").await, Err(ResolveError::NotFound));
    assert_eq!(cache.asked(), 1);
    advance(Duration::from_secs(5));
    let _ = cache.ask("gone.test").await;
    assert_eq!(cache.asked(), 2);
    let _ = (
        cache.ask("broken.test").await,
        cache.ask("broken.test").await,
    );
    assert_eq!(cache.asked(), 4);
}

#[tokio::test]
async fn many_who_ask_at_the_same_time_are_one_question() {
    let cache = cache(10);
    let (a, b, c) = tokio::join!(
        cache.ask("t9.test"),
        cache.ask("t9.test"),
        cache.ask("t9.test")
    );
    assert!(a == b && b == c);
    assert_eq!(cache.asked(), 1);
}

#[tokio::test]
async fn the_cache_is_bounded_and_forgets_what_expires_first() {
    let cache = cache(2);
    for name in ["t90.test", "t20.test", "t80.test", "t90.test"] {
        cache.ask(name).await.expect("an answer");
    }
    assert_eq!(cache.asked(), 3);
    cache.ask("t20.test").await.expect("an answer");
    assert_eq!(cache.asked(), 4);
    for i in 0..100 {
        let _ = cache.ask(&format!("t5.n{i}.test")).await;
    }
    assert_eq!(cache.cached.names.lock().expect("a lock").len(), 2);
}

#[tokio::test]
async fn more_names_at_the_same_time_than_there_is_room_are_answered_all_the_same() {
    let cache = cache(1);
    let (a, b) = tokio::join!(cache.ask("t9.a.test"), cache.ask("t9.b.test"));
    assert!(a.is_ok() && b.is_ok());
}
