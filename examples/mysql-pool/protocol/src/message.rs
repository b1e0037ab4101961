//! Requests and replies.

use crate::read::Body;
use crate::value::Value;
use crate::{Malformed, write};

/// Something that a frame can hold.
pub trait Message: Sized {
    /// Reads the body of a message of this kind.
    fn read(kind: u8, body: &mut Body<'_>) -> Result<Self, Malformed>;

    /// Appends the kind and the body.
    fn write(&self, out: &mut Vec<u8>);
}

/// What a component asks for. Values are bound, never part of a statement's text.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Answered by `Columns`, `Rows` and `End`.
    Query {
        /// One statement, with the database's own placeholders (`?` or `$1`).
        sql: String,
        /// What takes their places.
        params: Vec<Value>,
    },
    /// Answered by `Done`.
    Execute {
        /// One statement, with the database's own placeholders.
        sql: String,
        /// What takes their places.
        params: Vec<Value>,
    },
    /// Begins a transaction, which holds a database connection until it ends. Answered by `Done`.
    Begin,
    /// Makes it lasting. Answered by `Done`; or by an error, and then it was rolled back.
    Commit,
    /// Undoes it. Answered by `Done`.
    Rollback,
    /// Asks whether the database answers. Answered by `Done`.
    Ping,
    /// Asks how the pool is. Answered by `Stats`.
    Stats,
}

/// What the pool answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The names of the columns of the rows that follow.
    Columns(Vec<String>),
    /// Some rows, each with a value for each column.
    Rows(Vec<Vec<Value>>),
    /// No more rows follow.
    End,
    /// It is done.
    Done {
        /// Rows that were changed.
        affected: u64,
        /// The key that the database gave to a new row; only MySQL and MariaDB tell it.
        last_id: Option<i64>,
    },
    /// How the pool is.
    Stats(Stats),
    /// It was not done.
    Error(Fault),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// An SQLSTATE: the database's own, or the pool's choice (`08...` connection, `53300` all are busy, `57014` too slow).
    pub code: String,
    /// What happened, for people. Has nothing about where the database is or who is logged in.
    pub message: String,
}

/// How the pool is. Counts are since the service started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The most database connections that there may be.
    pub size: u32,
    /// Open database connections.
    pub connections: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// Requests that wait for one.
    pub waiters: u32,
    /// Components that are connected.
    pub clients: u32,
    /// Transactions that are open.
    pub transactions: u32,
    /// Statements in the last five whole seconds, divided by five, in thousandths.
    pub queries_per_second_milli: u64,
    /// Statements that were run.
    pub queries: u64,
    /// Requests that ended with an error.
    pub errors: u64,
    /// Requests that waited for a connection for too long.
    pub timeouts: u64,
    /// Database connections that were opened.
    pub opened: u64,
    /// Database connections that were opened in the place of one that was lost.
    pub reconnects: u64,
    /// Transactions that were rolled back because their component went away or was too slow.
    pub abandoned: u64,
    /// Components that were turned away because there were too many.
    pub refused: u64,
    /// Whether the database answered when it was asked last.
    pub healthy: bool,
}

impl Message for Request {
    fn read(kind: u8, body: &mut Body<'_>) -> Result<Self, Malformed> {
        let statement = |body: &mut Body<'_>| Ok((body.text()?, body.list(Body::value)?));
        Ok(match kind {
            1 => {
                let (sql, params) = statement(body)?;
                Self::Query { sql, params }
            }
            2 => {
                let (sql, params) = statement(body)?;
                Self::Execute { sql, params }
            }
            3 => Self::Begin,
            4 => Self::Commit,
            5 => Self::Rollback,
            6 => Self::Ping,
            7 => Self::Stats,
            kind => return Err(Malformed::Kind(kind)),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Query { sql, params } => statement(out, 1, sql, params),
            Self::Execute { sql, params } => statement(out, 2, sql, params),
            Self::Begin => out.push(3),
            Self::Commit => out.push(4),
            Self::Rollback => out.push(5),
            Self::Ping => out.push(6),
            Self::Stats => out.push(7),
        }
    }
}

fn statement(out: &mut Vec<u8>, kind: u8, sql: &str, params: &[Value]) {
    out.push(kind);
    write::bytes(out, sql.as_bytes());
    write::list(out, params, write::value);
}

impl Message for Reply {
    fn read(kind: u8, body: &mut Body<'_>) -> Result<Self, Malformed> {
        Ok(match kind {
            129 => Self::Columns(body.list(Body::text)?),
            130 => Self::Rows(body.list(|body| body.list(Body::value))?),
            131 => Self::End,
            132 => Self::Done {
                affected: body.u64()?,
                last_id: body.option(|body| body.u64().map(u64::cast_signed))?,
            },
            133 => Self::Stats(Stats::read(body)?),
            134 => Self::Error(Fault {
                code: body.text()?,
                message: body.text()?,
            }),
            kind => return Err(Malformed::Kind(kind)),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Columns(names) => {
                out.push(129);
                write::list(out, names, |out, name| write::bytes(out, name.as_bytes()));
            }
            Self::Rows(rows) => {
                out.push(130);
                write::list(out, rows, |out, row| write::list(out, row, write::value));
            }
            Self::End => out.push(131),
            Self::Done { affected, last_id } => {
                out.push(132);
                write::u64(out, *affected);
                out.push(u8::from(last_id.is_some()));
                last_id
                    .iter()
                    .for_each(|id| write::u64(out, id.cast_unsigned()));
            }
            Self::Stats(stats) => {
                out.push(133);
                stats.write(out);
            }
            Self::Error(Fault { code, message }) => {
                out.push(134);
                write::bytes(out, code.as_bytes());
                write::bytes(out, message.as_bytes());
            }
        }
    }
}

impl Stats {
    fn read(body: &mut Body<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            size: body.u32()?,
            connections: body.u32()?,
            idle: body.u32()?,
            waiters: body.u32()?,
            clients: body.u32()?,
            transactions: body.u32()?,
            queries_per_second_milli: body.u64()?,
            queries: body.u64()?,
            errors: body.u64()?,
            timeouts: body.u64()?,
            opened: body.u64()?,
            reconnects: body.u64()?,
            abandoned: body.u64()?,
            refused: body.u64()?,
            healthy: body.bool()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        for number in [
            self.size,
            self.connections,
            self.idle,
            self.waiters,
            self.clients,
            self.transactions,
        ] {
            write::u32(out, number);
        }
        for number in [
            self.queries_per_second_milli,
            self.queries,
            self.errors,
            self.timeouts,
            self.opened,
            self.reconnects,
            self.abandoned,
            self.refused,
        ] {
            write::u64(out, number);
        }
        out.push(u8::from(self.healthy));
    }
}
