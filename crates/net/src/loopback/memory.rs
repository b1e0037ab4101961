//! The memory of a network and who is charged for it. A network takes from its ledger in pieces that are larger than what
//! it needs at the moment, and keeps some that it does not need any more: so most of what happens on it asks nobody.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is taken from the ledger at a time, in bytes.
const GRAIN: u32 = 16 << 10;
/// Bytes that are kept though they are not in use: enough for one who hands over one large piece after the other to another
/// who reads them.
const KEPT: u32 = 256 << 10;

/// Who is charged for what a network holds on the host: a tenant, as a rule. What was taken is given back when it is
/// not needed any more, all of it when the last socket is gone.
pub trait Ledger: fmt::Debug + Send + Sync + 'static {
    /// Takes so many bytes, or none if there are not so many. Must not wait, and is called under the lock of a network.
    fn take(&self, bytes: u64) -> bool;

    /// Gives bytes back that were taken.
    fn give_back(&self, bytes: u64);
}

/// What one network has taken and what it uses of it. Clones are the same. Without a ledger it has no end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Option<Arc<Account>>);

#[derive(Debug)]
struct Account {
    ledger: Arc<dyn Ledger>,
    books: AtomicU64,
}

/// Both numbers change in one step. A network never has 4 GiB.
#[derive(Clone, Copy)]
struct Books {
    used: u32,
    taken: u32,
}

/// Memory in use until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Memory,
    bytes: usize,
}

impl Memory {
    pub(super) fn of(ledger: Arc<dyn Ledger>) -> Self {
        Self(Some(Arc::new(Account {
            ledger,
            books: AtomicU64::new(0),
        })))
    }

    /// Bytes that the ledger has been asked for and not been given back.
    pub(super) fn taken(&self) -> usize {
        let books = self.0.as_ref().map(|account| account.read());
        books.map_or(0, |books| books.taken as usize)
    }

    /// Takes all of this, or nothing.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        match (&self.0, u32::try_from(bytes)) {
            (None, _) | (_, Ok(0)) => true,
            (Some(account), Ok(bytes)) => account.take(bytes),
            (Some(_), Err(_)) => false,
        }
    }

    /// Takes as much of this as there is; small remains are left.
    pub(super) fn take_up_to(&self, bytes: usize, least: usize) -> usize {
        let mut wish = bytes;
        while !self.take(wish) {
            wish /= 2;
            if wish < least {
                return 0;
            }
        }
        wish
    }

    /// Whether not even so little is left.
    pub(super) fn lacks(&self, bytes: usize) -> bool {
        let there = self.take(bytes);
        if there {
            self.give_back(bytes);
        }
        !there
    }

    /// Gives back what is not in use any more, but for a part that may be needed again soon.
    pub(super) fn give_back(&self, bytes: usize) {
        if let (Some(account), Ok(bytes @ 1..)) = (&self.0, u32::try_from(bytes)) {
            account.give_back(bytes, KEPT);
        }
    }

    /// Gives all back that is not in use.
    pub(super) fn trim(&self) {
        if let Some(account) = &self.0 {
            account.give_back(0, 0);
        }
    }

    /// The same as a guard.
    pub(crate) fn hold(&self, bytes: usize) -> Option<Held> {
        self.take(bytes).then(|| Held {
            memory: self.clone(),
            bytes,
        })
    }
}

impl Account {
    fn read(&self) -> Books {
        Books::from(self.books.load(Ordering::Relaxed))
    }

    /// Changes the books; `Err` with what they are if the change is none.
    fn change(&self, mut change: impl FnMut(Books) -> Option<Books>) -> Result<(), Books> {
        let change = |books: u64| change(Books::from(books)).map(u64::from);
        let changed = self
            .books
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        changed.map(|_| ()).map_err(Books::from)
    }

    fn take(&self, bytes: u32) -> bool {
        loop {
            let used = self.change(|Books { used, taken }| {
                let used = used.checked_add(bytes).filter(|used| *used <= taken)?;
                Some(Books { used, taken })
            });
            let Err(Books { used, taken }) = used else {
                return true;
            };
            // Somebody may use what is taken here first; then there is another round.
            let Some(missing) = used.checked_add(bytes).map(|used| used - taken) else {
                return false;
            };
            let wish = missing.next_multiple_of(GRAIN);
            let got = [wish, missing]
                .into_iter()
                .find(|got| self.ledger.take(u64::from(*got)));
            let Some(got) = got else {
                return false;
            };
            let noted = self.change(|Books { used, taken }| {
                let taken = taken.checked_add(got)?;
                Some(Books { used, taken })
            });
            if noted.is_err() {
                self.ledger.give_back(u64::from(got));
                return false;
            }
        }
    }

    fn give_back(&self, bytes: u32, kept: u32) {
        let mut back = 0;
        let _ = self.change(|Books { used, taken }| {
            let used = used.saturating_sub(bytes);
            let needed = used.checked_next_multiple_of(GRAIN).unwrap_or(taken);
            back = taken.saturating_sub(needed);
            if used > 0 && taken.saturating_sub(used) <= kept {
                back = 0;
            }
            Some(Books {
                used,
                taken: taken - back,
            })
        });
        if back > 0 {
            self.ledger.give_back(u64::from(back));
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let Books { taken, .. } = self.read();
        if taken > 0 {
            self.ledger.give_back(u64::from(taken));
        }
    }
}

impl From<u64> for Books {
    fn from(both: u64) -> Self {
        let low = both & u64::from(u32::MAX);
        Self {
            used: u32::try_from(both >> 32).unwrap_or(u32::MAX),
            taken: u32::try_from(low).unwrap_or(u32::MAX),
        }
    }
}

impl From<Books> for u64 {
    fn from(books: Books) -> Self {
        Self::from(books.used) << 32 | Self::from(books.taken)
    }
}

impl Held {
    /// Whether it holds so much, or does now.
    pub(crate) fn reaches(&mut self, bytes: usize) -> bool {
        let reached = self.memory.take(bytes.saturating_sub(self.bytes));
        if reached {
            self.bytes = self.bytes.max(bytes);
        }
        reached
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.give_back(self.bytes);
        self.memory.trim();
    }
}

#[cfg(test)]
mod tests;
