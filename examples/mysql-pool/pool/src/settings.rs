//! What the environment says. No message shows a value: the URL has the password in it.

use std::time::Duration;

/// All settings, with limits on whatever a component could keep for itself.
pub(crate) struct Settings {
    /// `DATABASE_URL`.
    pub(crate) url: String,
    /// `DATABASE_CA`: the authority that signs the database's certificate, as PEM.
    pub(crate) authority: Option<String>,
    /// `POOL_LISTEN`: where components connect to.
    pub(crate) listen: String,
    /// `POOL_SIZE`: the most database connections.
    pub(crate) size: u32,
    /// `POOL_MIN`: so many are kept open.
    pub(crate) min: u32,
    /// `POOL_CLIENTS`: the most components that are connected at once.
    pub(crate) clients: u32,
    /// `POOL_WAIT_MS`: how long a request waits for a database connection.
    pub(crate) wait: Duration,
    /// `POOL_LIFETIME_S`: a database connection is replaced when it is so old. With `POOL_TURN_MS`, no later than that.
    pub(crate) lifetime: Duration,
    /// `POOL_IDLE_MS`: one that nobody used for so long is closed. With `POOL_TURN_MS`, a tenth of it at the latest.
    pub(crate) idle: Duration,
    /// With `POOL_TURN_MS`, how long a connection that has had its turn leaves its place to other pools.
    pub(crate) rest: Option<Duration>,
    /// `POOL_STATEMENT_MS`: how long a statement may take, with its answer delivered.
    pub(crate) statement: Duration,
    /// `POOL_IDLE_TRANSACTION_MS`: how long a component may be silent in a transaction.
    pub(crate) idle_transaction: Duration,
    /// `POOL_TRANSACTION_MS`: how long a transaction may take.
    pub(crate) transaction: Duration,
    /// `POOL_IDLE_CLIENT_MS`: how long a component may be connected and silent.
    pub(crate) idle_client: Duration,
    /// `POOL_HEALTH_MS`: how often the database is asked whether it is there.
    pub(crate) health: Duration,
}

impl Settings {
    /// Reads them; the error names the variable.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |name: &str, usual: u32, least: u32, most: u32| match get(name) {
            None => Ok(usual),
            Some(text) => match text.trim().parse() {
                Ok(value) if (least..=most).contains(&value) => Ok(value),
                _ => Err(format!(
                    "{name} takes a whole number from {least} to {most}"
                )),
            },
        };
        let millis = |name: &str, usual: u32| {
            let value = number(name, usual, 10, 3_600_000)?;
            Ok::<_, String>(Duration::from_millis(value.into()))
        };
        let size = number("POOL_SIZE", 10, 1, 1000)?;
        let lifetime = Duration::from_secs(number("POOL_LIFETIME_S", 1800, 1, 604_800)?.into());
        let idle = millis("POOL_IDLE_MS", 600_000)?;
        let turn = match number("POOL_TURN_MS", 0, 0, 3_600_000)? {
            0 => None,
            turn => Some(Duration::from_millis(turn.max(100).into())),
        };
        let rest = turn.map(|turn| turn / 10);
        Ok(Self {
            url: get("DATABASE_URL")
                .ok_or("DATABASE_URL is not set: it says where the database is")?,
            authority: get("DATABASE_CA").filter(|pem| !pem.trim().is_empty()),
            listen: get("POOL_LISTEN").unwrap_or_else(|| "127.0.0.1:77".to_owned()),
            size,
            min: number("POOL_MIN", 1, 0, size)?,
            clients: number("POOL_CLIENTS", 4096, 1, 65_535)?,
            wait: millis("POOL_WAIT_MS", 3000)?,
            lifetime: turn.map_or(lifetime, |turn| turn.min(lifetime)),
            idle: rest.map_or(idle, |rest| rest.min(idle)),
            rest,
            statement: millis("POOL_STATEMENT_MS", 5000)?,
            idle_transaction: millis("POOL_IDLE_TRANSACTION_MS", 5000)?,
            transaction: millis("POOL_TRANSACTION_MS", 30_000)?,
            idle_client: millis("POOL_IDLE_CLIENT_MS", 120_000)?,
            health: millis("POOL_HEALTH_MS", 5000)?,
        })
    }
}
