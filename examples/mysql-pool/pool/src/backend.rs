//! What the kinds of database have in common for the pool, and what it takes to tell them apart.

#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sql_pool_protocol::{Fault, Value};
use sqlx::{Database, Either};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

/// A connection to the database.
pub(crate) type Conn<B> = <<B as Backend>::Db as Database>::Connection;
/// How one is made.
pub(crate) type Options<B> = <Conn<B> as sqlx::Connection>::Options;
/// What running a statement yields: rows, and a result at the end.
pub(crate) type Answer<B> =
    Either<<<B as Backend>::Db as Database>::QueryResult, <<B as Backend>::Db as Database>::Row>;

/// One kind of database.
pub trait Backend: Sized + 'static {
    /// What sqlx calls it.
    type Db: Database;

    /// Reads a URL. TLS is asked for unless the URL says otherwise; with an authority (PEM) the certificate is checked.
    /// Where the database takes a limit on statements at the start of a connection, it gets it here, else by `ready`.
    fn options(
        url: &str,
        authority: Option<&str>,
        limit: Duration,
    ) -> Result<Options<Self>, String>;

    /// Readies a new connection: what the database itself does when a statement takes too long.
    fn ready(conn: &mut Conn<Self>, limit: Duration) -> BoxFuture<'_, Result<(), sqlx::Error>>;

    /// Makes a connection whose session may have been changed like new; `false` = it has to be replaced.
    fn reset(conn: &mut Conn<Self>) -> BoxFuture<'_, Result<bool, sqlx::Error>>;

    /// Whether a connection was refused because the database has as many as it takes.
    fn is_full(error: &sqlx::Error) -> bool;

    /// Runs one of the pool's own statements.
    fn run<'c>(
        conn: &'c mut Conn<Self>,
        sql: &'static str,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>>;

    /// Runs a component's statement, prepared once for each connection, with bound values.
    fn stream(
        conn: &mut Conn<Self>,
        sql: String,
        params: Vec<Value>,
    ) -> Result<BoxStream<'_, Result<Answer<Self>, sqlx::Error>>, Fault>;

    /// The names of a row's columns.
    fn columns(row: &<Self::Db as Database>::Row) -> Vec<String>;

    /// One value of a row.
    fn value(row: &<Self::Db as Database>::Row, index: usize) -> Result<Value, Fault>;

    /// How many rows were changed, and the key of a new one.
    fn changed(result: &<Self::Db as Database>::QueryResult) -> (u64, Option<i64>);
}

/// The address of `host`. sqlx would look a name up on a thread of its own, which WebAssembly has not.
pub(crate) fn address(host: &str, port: u16) -> Result<IpAddr, String> {
    let host = host.trim_matches(['[', ']']);
    if let Ok(address) = host.parse() {
        return Ok(address);
    }
    let mut found = (host, port)
        .to_socket_addrs()
        .map_err(|error| format!("the name of the database's host cannot be resolved: {error}"))?;
    found
        .next()
        .map(|address| address.ip())
        .ok_or_else(|| "the name of the database's host has no address".to_owned())
}

/// Whether the URL sets this parameter.
pub(crate) fn sets(url: &str, names: &[&str]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut keys = query.split('&').filter_map(|pair| pair.split('=').next());
    keys.any(|key| names.contains(&key))
}

/// A column whose type has no counterpart in the protocol.
pub(crate) fn unsupported(name: &str, kind: &str) -> Fault {
    Fault {
        code: "0A000".to_owned(),
        message: format!("column `{name}` is of type {kind}: cast it to text in the statement"),
    }
}

/// A value that is not what its column's type says.
pub(crate) fn undecodable(error: &sqlx::Error) -> Fault {
    Fault {
        code: "22000".to_owned(),
        message: error.to_string(),
    }
}
