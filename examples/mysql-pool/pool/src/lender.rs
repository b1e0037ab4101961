//! The pool: who waits for a connection, who gets one, and what state it comes back in.
//!
//! sqlx makes the connections and counts them. Between two borrowers a connection stays here (`idle`): sqlx would ask the
//! database whether it lives each time that one is given back, which is a second round trip for each statement.

use crate::backend::{Backend, Conn, Options};
use crate::gauges::{Counted, Gauges};
use crate::idle::{Idle, Spare};
use crate::settings::Settings;
use crate::statement::Effects;
use sql_pool_protocol::{Fault, Stats};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Pool};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout, timeout_at};

/// A connection that lay idle for longer is asked whether it lives before it is lent.
const FRESH: Duration = Duration::from_secs(1);
/// How long that question and a reset may take.
const QUICK: Duration = Duration::from_secs(2);
/// How long sqlx tries to connect before it is told to begin again. It waits at most a fifth of it between two attempts,
/// so this bounds how late a database is found that is back.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Waits between two attempts where the database has no place for another connection: at first, and after a while. Those
/// that have waited for longer ask more often, so that nobody waits for much longer than all others.
const RETRY: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(40));

/// Lends the connections of one pool.
pub(crate) struct Lender<B: Backend> {
    pool: Pool<B::Db>,
    idle: Idle<B>,
    /// One for each connection that may be. Who has waited longest gets the next.
    turns: Arc<Semaphore>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) effects: Effects,
    pub(crate) settings: Settings,
}

/// Why there is no connection.
enum Without {
    /// Others have them all.
    Busy,
    /// They cannot be made.
    Failed(sqlx::Error),
}

impl<B: Backend> Lender<B> {
    /// Makes the pool. It connects when it is first asked, so the service starts without its database.
    pub(crate) fn new(settings: Settings) -> Result<Self, String> {
        let gauges = Arc::new(Gauges::new());
        let (opening, limit) = (Arc::clone(&gauges), settings.statement);
        let pool = PoolOptions::<B::Db>::new()
            .max_connections(settings.size)
            .min_connections(settings.min)
            .acquire_timeout(settings.wait.min(ATTEMPT))
            .max_lifetime(settings.lifetime)
            .idle_timeout(settings.idle)
            .test_before_acquire(false)
            .after_connect(move |conn, _| {
                let gauges = Arc::clone(&opening);
                Box::pin(async move {
                    B::ready(conn, limit).await?;
                    gauges.open();
                    Ok(())
                })
            })
            .connect_lazy_with(Self::options(&settings)?);
        let places = usize::try_from(settings.size).unwrap_or(Semaphore::MAX_PERMITS);
        Ok(Self {
            pool,
            idle: Idle::new(),
            turns: Arc::new(Semaphore::new(places)),
            gauges,
            effects: Effects::default(),
            settings,
        })
    }

    fn options(settings: &Settings) -> Result<Options<B>, String> {
        B::options(
            &settings.url,
            settings.authority.as_deref(),
            settings.statement,
        )
    }

    /// Waits for a connection. `now` is asked for because telling the time is a call of the host.
    pub(crate) async fn lend(self: &Arc<Self>, now: Instant) -> Result<Loan<B>, Fault> {
        let waiting = Counted::one(&self.gauges.waiters);
        let lent = self.wait(now).await;
        drop(waiting);
        let fault = |code: &str, message: String| Fault {
            code: code.to_owned(),
            message,
        };
        match lent {
            Ok((spare, turn, since)) => Ok(Loan {
                held: Some((spare, turn)),
                since,
                changed: false,
                lender: Arc::clone(self),
            }),
            Err(Without::Busy) => {
                self.gauges.timeouts.fetch_add(1, Relaxed);
                let (size, wait) = (self.settings.size, self.settings.wait.as_millis());
                Err(fault(
                    "53300",
                    format!("all {size} connections of the pool were busy for {wait} ms"),
                ))
            }
            Err(Without::Failed(error)) => {
                self.gauges.fail();
                self.gauges.timeouts.fetch_add(1, Relaxed);
                // The component is not told where the database is and who logs in; the log is.
                eprintln!("no connection to the database: {error}");
                Err(fault("08001", "the database cannot be reached".to_owned()))
            }
        }
    }

    async fn wait(
        &self,
        mut now: Instant,
    ) -> Result<(Spare<B>, OwnedSemaphorePermit, Instant), Without> {
        let until = now + self.settings.wait;
        let turn = match Arc::clone(&self.turns).try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => {
                let turn = Arc::clone(&self.turns).acquire_owned();
                let turn = timeout_at(until.into(), turn).await;
                now = Instant::now();
                turn.map_err(|_| Without::Busy)?
                    .map_err(|_| Without::Failed(sqlx::Error::PoolClosed))?
            }
        };
        while let Some(spare) = self.idle.take() {
            if let Some(spare) = self.usable(spare, now).await {
                return Ok((spare, turn, now));
            }
        }
        let spare = self.connect(until).await.map_err(Without::Failed)?;
        Ok((spare, turn, Instant::now()))
    }

    /// An idle connection, if it can be lent. What is too old is closed.
    async fn usable(&self, mut spare: Spare<B>, now: Instant) -> Option<Spare<B>> {
        let age = now.saturating_duration_since(spare.born);
        if age >= self.settings.lifetime {
            self.close(spare.conn).await;
            return None;
        }
        let idle = now.saturating_duration_since(spare.since);
        if idle < FRESH && !self.gauges.is_suspect(age) {
            return Some(spare);
        }
        if matches!(timeout(QUICK, spare.conn.ping()).await, Ok(Ok(()))) {
            return Some(spare);
        }
        self.gauges.lose();
        drop(spare.conn.detach());
        None
    }

    /// Opens a connection. A database that is away, or that has no place for another connection, is asked again.
    async fn connect(&self, until: Instant) -> Result<Spare<B>, sqlx::Error> {
        let begun = Instant::now();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let error = match timeout(left, self.pool.acquire()).await {
                Ok(Ok(conn)) => return Ok(Spare::new(conn)),
                Ok(Err(error)) => error,
                Err(_) => return Err(sqlx::Error::PoolTimedOut),
            };
            let again = matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut);
            let pause = self.pause(begun.elapsed());
            let left = until.saturating_duration_since(Instant::now());
            if !(again || B::is_full(&error)) || left <= pause {
                return Err(error);
            }
            sleep(pause).await;
        }
    }

    /// How long to leave the database alone that has just refused a connection. Pools that were refused together do not
    /// come back together.
    fn pause(&self, waited: Duration) -> Duration {
        let (most, least) = RETRY;
        let most = most.min(self.settings.wait / 20).max(least);
        let old = waited.div_duration_f64(self.settings.wait / 8).min(1.0);
        let pause = most - (most - least).mul_f64(old);
        pause.mul_f64(self.gauges.jitter())
    }

    /// Has a connection lent again, to who waits first. In a pool that shares its database with others, one that has had
    /// its time makes room for them.
    fn take_back(self: Arc<Self>, mut spare: Spare<B>, turn: OwnedSemaphorePermit, now: Instant) {
        spare.since = now;
        let age = spare.since.saturating_duration_since(spare.born);
        if age < self.settings.lifetime {
            self.idle.put(spare);
            return drop(turn);
        }
        tokio::task::spawn_local(async move {
            self.close(spare.conn).await;
            if let Some(rest) = self.settings.rest {
                sleep(rest).await;
            }
            drop(turn);
        });
    }

    async fn close(&self, conn: PoolConnection<B::Db>) {
        drop(timeout(QUICK, conn.close()).await);
    }

    /// Closes what has been idle for too long, for ever.
    pub(crate) async fn tend(self: Arc<Self>) {
        loop {
            let Some(since) = self.idle.oldest().await else {
                continue;
            };
            let left = (since + self.settings.idle).saturating_duration_since(Instant::now());
            if !left.is_zero() {
                sleep(left).await;
                continue;
            }
            // Those that the pool keeps anyway are asked whether they live instead, when they are lent.
            if self.pool.size() <= self.settings.min {
                sleep(self.settings.idle).await;
            } else if let Some(spare) = self.idle.take_oldest() {
                self.close(spare.conn).await;
            }
        }
    }

    /// Asks the database whether it is there, for ever. Its name may have another address when it is not. A pool that
    /// keeps no connections open opens none for this.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            if self.settings.min > 0 || self.pool.size() > 0 || self.gauges.is_failing() {
                let alive = match self.lend(Instant::now()).await {
                    Ok(loan) => loan.ping().await,
                    Err(_) => false,
                };
                if !alive && let Ok(options) = Self::options(&self.settings) {
                    self.pool.set_connect_options(options);
                }
            }
            sleep(self.settings.health).await;
        }
    }

    /// How the pool is.
    pub(crate) fn stats(&self) -> Stats {
        let gauges = &self.gauges;
        let idle = self.pool.num_idle().saturating_add(self.idle.len());
        Stats {
            size: self.settings.size,
            connections: self.pool.size(),
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
            waiters: gauges.waiters.load(Relaxed),
            clients: gauges.clients.load(Relaxed),
            transactions: gauges.transactions.load(Relaxed),
            queries_per_second_milli: gauges.queries_per_second_milli(),
            queries: gauges.queries.load(Relaxed),
            errors: gauges.errors.load(Relaxed),
            timeouts: gauges.timeouts.load(Relaxed),
            opened: gauges.opened.load(Relaxed),
            reconnects: gauges.reconnects.load(Relaxed),
            abandoned: gauges.abandoned.load(Relaxed),
            refused: gauges.refused.load(Relaxed),
            healthy: gauges.healthy.load(Relaxed),
        }
    }
}

/// A connection that is lent. Dropped, it is closed: nobody knows what state it is in. `give_back` keeps it.
pub(crate) struct Loan<B: Backend> {
    held: Option<(Spare<B>, OwnedSemaphorePermit)>,
    /// When it was lent.
    pub(crate) since: Instant,
    /// Whether a statement may have changed the session.
    pub(crate) changed: bool,
    lender: Arc<Lender<B>>,
}

impl<B: Backend> Loan<B> {
    /// The connection. It is there until the loan ends.
    pub(crate) fn conn(&mut self) -> Result<&mut Conn<B>, sqlx::Error> {
        let held = self.held.as_mut();
        held.map(|(spare, _)| &mut *spare.conn)
            .ok_or(sqlx::Error::PoolClosed)
    }

    /// Runs one of the pool's own statements.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let limit = self.lender.settings.statement;
        let ran = timeout(limit, B::run(self.conn()?, sql)).await;
        ran.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }

    /// Asks the database whether it is there and ends the loan.
    pub(crate) async fn ping(mut self) -> bool {
        let asked = match self.conn() {
            Ok(conn) => timeout(QUICK, conn.ping()).await,
            Err(_) => return false,
        };
        if !matches!(asked, Ok(Ok(()))) {
            self.lender.gauges.lose();
            return false;
        }
        self.lender.gauges.healthy.store(true, Relaxed);
        self.give_back(Instant::now());
        true
    }

    /// Ends the loan of a connection that is between two transactions. What its session kept is cleared first, after
    /// the component has its answer; a connection that cannot be cleared is replaced.
    pub(crate) fn give_back(mut self, now: Instant) {
        let Some((mut spare, turn)) = self.held.take() else {
            return;
        };
        let lender = Arc::clone(&self.lender);
        if !self.changed {
            return lender.take_back(spare, turn, now);
        }
        tokio::task::spawn_local(async move {
            match timeout(QUICK, B::reset(&mut spare.conn)).await {
                Ok(Ok(true)) => lender.take_back(spare, turn, Instant::now()),
                Ok(Ok(false)) => lender.close(spare.conn).await,
                _ => drop(spare.conn.detach()),
            }
        });
    }
}

impl<B: Backend> Drop for Loan<B> {
    fn drop(&mut self) {
        if let Some((spare, _turn)) = self.held.take() {
            drop(spare.conn.detach());
        }
    }
}
