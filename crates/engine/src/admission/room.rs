//! Places for instances: as many as the host has memory for, shared between the tenants.
//!
//! An instance holds a `Place` for as long as it lives. When a request finds no place it waits, and one idle instance
//! is asked to give up its own: each waiting request costs one warm instance at most. Tenants are served in turn, one
//! place each, so that a thousand requests of one tenant do not delay the single one of another; and no tenant holds
//! more than its share, whether others want the rest or not, so that there is always something left for others.
//!
//! How many may wait is bounded by the gates that a request passes before. `books` decides, this file waits and wakes.

mod books;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::time::Instant;

pub(crate) use books::Counts;
use books::{Books, PlaceId, Taken, Ticket};

/// The places of a host.
#[derive(Debug)]
pub(crate) struct Room {
    places: usize,
    share: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    books: Books,
    /// How those that wait are told. A place that nobody receives comes back by its drop.
    waiting: HashMap<Ticket, oneshot::Sender<Place>>,
    /// How idle instances are told that their place is wanted.
    idle: HashMap<Ticket, oneshot::Sender<()>>,
}

/// The right to have one instance. Its drop gives the place to the next who waits.
#[derive(Debug)]
#[must_use = "the place is given up when this is dropped"]
pub(crate) struct Place {
    room: Arc<Room>,
    tenant: Arc<str>,
    id: PlaceId,
}

/// No place within the time. The words are for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// Every place is taken.
    #[error(
        "all {places} places for instances of this host are in use; a larger pool would hold more"
    )]
    Full { places: usize },
    /// The tenant holds as many as one may.
    #[error("tenant {tenant} has {share} instances, which is all that one tenant may have here")]
    Share { tenant: Arc<str>, share: usize },
}

/// Resolves when an idle instance should give up its place. See `Place::wanted`.
#[derive(Debug)]
pub(crate) struct Wanted {
    room: Arc<Room>,
    tenant: Arc<str>,
    place: PlaceId,
    told: oneshot::Receiver<()>,
    ticket: Ticket,
    heard: bool,
}

/// One that waits for a place. Leaves the queue when it is dropped.
struct Waiting<'a> {
    room: &'a Room,
    tenant: &'a Arc<str>,
    ticket: Ticket,
}

/// What has to be told once the lock is released.
#[derive(Default)]
struct News {
    places: Vec<(oneshot::Sender<Place>, Place)>,
    wanted: Vec<oneshot::Sender<()>>,
}

impl Room {
    /// A room of `places`, of which one tenant may hold `share` (at least one).
    pub(crate) fn new(places: usize, share: usize) -> Arc<Self> {
        let share = share.max(1);
        Arc::new(Self {
            places,
            share,
            inner: Mutex::new(Inner {
                books: Books::new(places, share),
                waiting: HashMap::new(),
                idle: HashMap::new(),
            }),
        })
    }

    /// Waits for a place until a given time. A free place is given at once, whatever the time.
    ///
    /// Dropping the future leaves the queue; a place that was just given goes to the next.
    ///
    /// # Errors
    /// When there was none in time, with what was in the way.
    pub(crate) async fn place(
        self: &Arc<Self>,
        tenant: &Arc<str>,
        until: Instant,
    ) -> Result<Place, NoPlace> {
        let (given, waiting) = {
            let mut inner = self.lock();
            let ticket = match inner.books.take(tenant) {
                Taken::Place(id) => return Ok(self.hand_out(tenant, id)),
                Taken::Queued(ticket) => ticket,
            };
            let (sender, receiver) = oneshot::channel();
            inner.waiting.insert(ticket, sender);
            let news = self.news(&mut inner);
            drop(inner);
            news.tell();
            let waiting = Waiting {
                room: self,
                tenant,
                ticket,
            };
            (receiver, waiting)
        };
        // The sender is kept until it is used, so that only the time makes this fail.
        if let Ok(Ok(place)) = tokio::time::timeout_at(until, given).await {
            return Ok(place);
        }
        drop(waiting);
        if self.held(tenant) >= self.share {
            Err(NoPlace::Share {
                tenant: Arc::clone(tenant),
                share: self.share,
            })
        } else {
            Err(NoPlace::Full {
                places: self.places,
            })
        }
    }

    /// How full it is.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().books.counts()
    }

    /// Places that a tenant holds.
    pub(crate) fn held(&self, tenant: &str) -> usize {
        self.lock().books.held(tenant)
    }

    fn hand_out(self: &Arc<Self>, tenant: &Arc<str>, id: PlaceId) -> Place {
        Place {
            room: Arc::clone(self),
            tenant: Arc::clone(tenant),
            id,
        }
    }

    /// Takes from the books what they decided.
    fn news(self: &Arc<Self>, inner: &mut Inner) -> News {
        let mut news = News::default();
        let (granted, called) = inner.books.decisions();
        for (ticket, tenant, id) in granted {
            if let Some(sender) = inner.waiting.remove(&ticket) {
                news.places.push((sender, self.hand_out(&tenant, id)));
            }
        }
        for ticket in called {
            news.wanted.extend(inner.idle.remove(&ticket));
        }
        news
    }

    /// Changes the books and tells whom it concerns.
    fn change(self: &Arc<Self>, change: impl FnOnce(&mut Inner)) {
        let news = {
            let mut inner = self.lock();
            change(&mut inner);
            self.news(&mut inner)
        };
        news.tell();
    }

    /// The books are whole between any two calls, and none of them panics half way: poison is used on.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl News {
    /// Never under the lock: a place that nobody takes any more is dropped here, which takes it.
    fn tell(self) {
        for (sender, place) in self.places {
            drop(sender.send(place));
        }
        for sender in self.wanted {
            // One that just stopped being idle passes the call on when it drops its `Wanted`.
            let _ = sender.send(());
        }
    }
}

impl Place {
    /// Resolves when this place is wanted while the instance is idle. To be made when the instance becomes idle and
    /// dropped when it works again: the instance that has been idle for longest is asked first, and one that is asked
    /// and drops this without having seen it passes the call on. After it has resolved, the instance has to end.
    pub(crate) fn wanted(&self) -> Wanted {
        let (sender, told) = oneshot::channel();
        let mut inner = self.room.lock();
        let ticket = inner.books.idle(&self.tenant, self.id);
        inner.idle.insert(ticket, sender);
        let news = self.room.news(&mut inner);
        drop(inner);
        news.tell();
        Wanted {
            room: Arc::clone(&self.room),
            tenant: Arc::clone(&self.tenant),
            place: self.id,
            told,
            ticket,
            heard: false,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room
            .change(|inner| inner.books.give_back(&self.tenant, self.id));
    }
}

impl Future for Wanted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // The sender is kept until it is used, so that an error would mean the same.
        if !self.heard {
            self.heard = Pin::new(&mut self.told).poll(cx).is_ready();
        }
        if self.heard {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        if self.heard {
            return;
        }
        self.room.change(|inner| {
            inner.idle.remove(&self.ticket);
            inner.books.busy(&self.tenant, self.ticket, self.place);
        });
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut inner = self.room.lock();
        inner.waiting.remove(&self.ticket);
        inner.books.cancel(self.tenant, self.ticket);
    }
}
