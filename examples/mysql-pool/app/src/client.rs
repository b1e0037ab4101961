//! The component's side of the protocol: a connection to the pool. It is kept for the next request that this instance
//! serves, if there is one; an instance serves one request at a time, so nobody else wants it meanwhile. A connection that
//! is dropped in the middle of a transaction is closed, and the pool rolls back.

use serde_json::{Value as Json, json};
use sql_pool_protocol::{Fault, Reply, Request, Stats, Value, encode, take};
use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use wstd::http::StatusCode;

/// Where the service of this workload listens, unless `POOL_ADDRESS` says otherwise.
const ADDRESS: &str = "127.0.0.1:77";
/// What is read at once. Most answers are shorter.
const PIECE: usize = 4 << 10;

thread_local! {
    static SPARE: RefCell<Option<Wire>> = const { RefCell::new(None) };
}

/// A connection to the pool.
pub(crate) struct Connection {
    wire: Option<Wire>,
    /// An answer is still to come, or a transaction is open: nobody else can use it.
    busy: bool,
    transaction: bool,
}

/// The bytes of a connection.
struct Wire {
    stream: TcpStream,
    /// What was read and not taken.
    bytes: Vec<u8>,
}

/// Why a request could not be answered.
pub(crate) enum Failed {
    /// The request is wrong.
    Request(String),
    /// There is no such thing.
    NotThere,
    /// The pool cannot be reached or does not speak the protocol.
    Pool(String),
    /// The pool or the database said no.
    Database(Fault),
}

impl Connection {
    pub(crate) fn open() -> Result<Self, Failed> {
        let wire = match SPARE.take().filter(Wire::is_good) {
            Some(wire) => wire,
            None => Wire::connect().map_err(broken)?,
        };
        Ok(Self {
            wire: Some(wire),
            busy: false,
            transaction: false,
        })
    }

    /// Rows of a statement, with `params` in the places of its placeholders.
    pub(crate) fn query(
        &mut self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, Failed> {
        self.send(&Request::Query { sql, params })?;
        let mut rows = Vec::new();
        loop {
            match self.receive()? {
                Reply::Columns(_) => {}
                Reply::Rows(more) => rows.extend(more),
                Reply::End => return Ok(rows),
                other => return Err(self.unexpected(&other)),
            }
        }
    }

    /// The number of rows that a statement changed, and the key of a new row where the database tells it.
    pub(crate) fn execute(
        &mut self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<(u64, Option<i64>), Failed> {
        self.done(&Request::Execute { sql, params })
    }

    pub(crate) fn begin(&mut self) -> Result<(), Failed> {
        self.transaction = true;
        self.done(&Request::Begin).map(drop)
    }

    pub(crate) fn commit(&mut self) -> Result<(), Failed> {
        self.done(&Request::Commit)?;
        self.transaction = false;
        Ok(())
    }

    pub(crate) fn stats(&mut self) -> Result<Stats, Failed> {
        self.send(&Request::Stats)?;
        match self.receive()? {
            Reply::Stats(stats) => Ok(stats),
            other => Err(self.unexpected(&other)),
        }
    }

    fn done(&mut self, request: &Request) -> Result<(u64, Option<i64>), Failed> {
        self.send(request)?;
        match self.receive()? {
            Reply::Done { affected, last_id } => Ok((affected, last_id)),
            other => Err(self.unexpected(&other)),
        }
    }

    fn send(&mut self, request: &Request) -> Result<(), Failed> {
        let mut bytes = Vec::new();
        encode(request, &mut bytes).map_err(|error| Failed::Request(error.to_string()))?;
        self.busy = true;
        self.wire()?.stream.write_all(&bytes).map_err(broken)
    }

    /// The next frame of the answer.
    fn receive(&mut self) -> Result<Reply, Failed> {
        let reply = self.wire()?.receive().map_err(broken)?;
        let more = matches!(reply, Reply::Columns(_) | Reply::Rows(_));
        self.busy = more;
        match reply {
            Reply::Error(fault) => Err(Failed::Database(fault)),
            reply => Ok(reply),
        }
    }

    /// An answer that does not fit; what follows it would not either.
    fn unexpected(&mut self, reply: &Reply) -> Failed {
        self.busy = true;
        let kind = match reply {
            Reply::Columns(_) => "columns",
            Reply::Rows(_) => "rows",
            Reply::End => "an end",
            Reply::Done { .. } => "a result",
            Reply::Stats(_) => "its state",
            Reply::Error(_) => "an error",
        };
        broken(format_args!("it answered with {kind}"))
    }

    fn wire(&mut self) -> Result<&mut Wire, Failed> {
        self.wire.as_mut().ok_or_else(|| broken("it is closed"))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(wire) = self.wire.take()
            && !(self.busy || self.transaction)
        {
            SPARE.set(Some(wire));
        }
    }
}

impl Wire {
    fn connect() -> std::io::Result<Self> {
        let address = std::env::var("POOL_ADDRESS");
        let stream = TcpStream::connect(address.as_deref().unwrap_or(ADDRESS))?;
        Ok(Self {
            stream,
            bytes: Vec::new(),
        })
    }

    /// Whether a connection that was kept can be used: the pool has not closed it, and has said nothing that nobody asked
    /// for. The pool closes one that is silent for two minutes; an instance without a request ends long before that.
    fn is_good(&self) -> bool {
        let silent = |error: std::io::Error| error.kind() == ErrorKind::WouldBlock;
        self.bytes.is_empty()
            && self.stream.set_nonblocking(true).is_ok()
            && (&self.stream).read(&mut [0]).is_err_and(silent)
            && self.stream.set_nonblocking(false).is_ok()
    }

    fn receive(&mut self) -> Result<Reply, String> {
        loop {
            if let Some((reply, length)) = take(&self.bytes).map_err(|error| error.to_string())? {
                self.bytes.drain(..length);
                return Ok(reply);
            }
            let start = self.bytes.len();
            self.bytes.resize(start + PIECE, 0);
            let read = self
                .stream
                .read(self.bytes.get_mut(start..).unwrap_or_default());
            self.bytes.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err("it closed the connection".to_owned()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

impl Failed {
    /// A status and a body. A busy or absent database is not the client's fault and may be tried again.
    pub(crate) fn answer(&self) -> (StatusCode, Json) {
        let (status, code, message) = match self {
            Self::Request(message) => (StatusCode::BAD_REQUEST, "", message.as_str()),
            Self::NotThere => (StatusCode::NOT_FOUND, "", "there is nothing here"),
            Self::Pool(message) => (StatusCode::SERVICE_UNAVAILABLE, "", message.as_str()),
            Self::Database(fault) => {
                let status = match fault.code.get(..2) {
                    Some("08" | "53" | "57" | "40" | "25") => StatusCode::SERVICE_UNAVAILABLE,
                    Some("22" | "23") => StatusCode::UNPROCESSABLE_ENTITY,
                    _ => StatusCode::INTERNAL_SERVER_ERROR,
                };
                (status, fault.code.as_str(), fault.message.as_str())
            }
        };
        (status, json!({ "error": message, "code": code }))
    }
}

fn broken(error: impl std::fmt::Display) -> Failed {
    Failed::Pool(format!("the pool cannot be asked: {error}"))
}
