//! The pool: who waits for a connection, who gets one, and what state it comes back in.

use crate::backend::{Backend, Conn, Options};
use crate::gauges::{Counted, Gauges};
use crate::settings::Settings;
use sql_pool_protocol::{Fault, Stats};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Pool};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::timeout;

/// A connection that lay idle for longer is asked whether it lives before it is lent.
const FRESH: Duration = Duration::from_secs(1);
/// How long that question and a reset may take.
const QUICK: Duration = Duration::from_secs(2);

/// Lends the connections of one pool.
pub(crate) struct Lender<B: Backend> {
    pool: Pool<B::Db>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) settings: Settings,
}

impl<B: Backend> Lender<B> {
    /// Makes the pool. It connects when it is first asked, so the service starts without its database.
    pub(crate) fn new(settings: Settings) -> Result<Self, String> {
        let gauges = Arc::new(Gauges::new());
        let (opening, lending, limit) =
            (Arc::clone(&gauges), Arc::clone(&gauges), settings.statement);
        let pool = PoolOptions::<B::Db>::new()
            .max_connections(settings.size)
            .min_connections(settings.min)
            .acquire_timeout(settings.wait)
            .max_lifetime(settings.lifetime)
            .test_before_acquire(false)
            .after_connect(move |conn, _| {
                let gauges = Arc::clone(&opening);
                Box::pin(async move {
                    B::ready(conn, limit).await?;
                    gauges.open();
                    Ok(())
                })
            })
            .before_acquire(move |conn, meta| {
                let gauges = Arc::clone(&lending);
                Box::pin(async move {
                    let age = u64::try_from(meta.age.as_millis()).unwrap_or(u64::MAX);
                    if meta.idle_for < FRESH && !gauges.is_suspect(age) {
                        return Ok(true);
                    }
                    let alive = matches!(timeout(QUICK, conn.ping()).await, Ok(Ok(())));
                    if !alive {
                        gauges.lose();
                    }
                    Ok(alive)
                })
            })
            .connect_lazy_with(Self::options(&settings)?);
        Ok(Self {
            pool,
            gauges,
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

    /// Waits for a connection.
    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Loan<B>, Fault> {
        let waiting = Counted::one(&self.gauges.waiters);
        let lent = self.pool.acquire().await;
        drop(waiting);
        let fault = |code: &str, message: String| Fault {
            code: code.to_owned(),
            message,
        };
        match lent {
            Ok(conn) => {
                self.gauges.lent.fetch_add(1, Relaxed);
                Ok(Loan {
                    conn: Some(conn),
                    changed: false,
                    lender: Arc::clone(self),
                })
            }
            // Otherwise connections could not be made.
            Err(sqlx::Error::PoolTimedOut)
                if self.gauges.lent.load(Relaxed) >= self.settings.size =>
            {
                self.gauges.timeouts.fetch_add(1, Relaxed);
                let (size, wait) = (self.settings.size, self.settings.wait.as_millis());
                Err(fault(
                    "53300",
                    format!("all {size} connections of the pool were busy for {wait} ms"),
                ))
            }
            Err(error) => {
                self.gauges.healthy.store(false, Relaxed);
                self.gauges.timeouts.fetch_add(1, Relaxed);
                // The component is not told where the database is and who logs in; the log is.
                eprintln!("no connection to the database: {error}");
                Err(fault("08001", "the database cannot be reached".to_owned()))
            }
        }
    }

    /// Asks the database whether it is there, for ever. Its name may have another address when it is not.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            let alive = match self.lend().await {
                Ok(loan) => loan.ping().await,
                Err(_) => false,
            };
            if !alive && let Ok(options) = Self::options(&self.settings) {
                self.pool.set_connect_options(options);
            }
            tokio::time::sleep(self.settings.health).await;
        }
    }

    /// How the pool is.
    pub(crate) fn stats(&self) -> Stats {
        let gauges = &self.gauges;
        Stats {
            size: self.settings.size,
            connections: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
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
    conn: Option<PoolConnection<B::Db>>,
    /// Whether a statement may have changed the session.
    pub(crate) changed: bool,
    lender: Arc<Lender<B>>,
}

impl<B: Backend> Loan<B> {
    /// The connection. It is there until the loan ends.
    pub(crate) fn conn(&mut self) -> Result<&mut Conn<B>, sqlx::Error> {
        self.conn.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
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
        self.give_back();
        true
    }

    /// Ends the loan of a connection that is between two transactions. What its session kept is cleared first, after
    /// the component has its answer; a connection that cannot be cleared is replaced.
    pub(crate) fn give_back(mut self) {
        let Some(mut conn) = self.conn.take() else {
            return;
        };
        if !self.changed {
            return drop(conn); // sqlx puts it back
        }
        tokio::task::spawn_local(async move {
            match timeout(QUICK, B::reset(&mut conn)).await {
                Ok(Ok(true)) => drop(conn),
                Ok(Ok(false)) => drop(timeout(QUICK, conn.close()).await),
                _ => drop(conn.detach()),
            }
        });
    }
}

impl<B: Backend> Drop for Loan<B> {
    fn drop(&mut self) {
        self.lender.gauges.lent.fetch_sub(1, Relaxed);
        if let Some(conn) = self.conn.take() {
            drop(conn.detach());
        }
    }
}
