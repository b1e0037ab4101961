//! The component's side of the protocol: a connection to the pool, for as long as one request takes. When it is
//! dropped, the pool rolls back what was left open.

use serde_json::{Value as Json, json};
use sql_pool_protocol::{
    Fault, HEADER, Reply, Request, Stats, Value, decode, encode, frame_length,
};
use wstd::http::StatusCode;
use wstd::io::{AsyncRead, AsyncWrite};
use wstd::net::TcpStream;

/// Where the service of this workload listens, unless `POOL_ADDRESS` says otherwise.
const ADDRESS: &str = "127.0.0.1:77";

/// A connection to the pool.
pub(crate) struct Connection(TcpStream);

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
    pub(crate) async fn open() -> Result<Self, Failed> {
        let address = std::env::var("POOL_ADDRESS");
        let stream = TcpStream::connect(address.as_deref().unwrap_or(ADDRESS)).await;
        stream.map(Self).map_err(broken)
    }

    /// Rows of a statement, with `params` in the places of its placeholders.
    pub(crate) async fn query(
        &mut self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, Failed> {
        self.send(&Request::Query { sql, params }).await?;
        let mut rows = Vec::new();
        loop {
            match self.receive().await? {
                Reply::Columns(_) => {}
                Reply::Rows(more) => rows.extend(more),
                Reply::End => return Ok(rows),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// The number of rows that a statement changed, and the key of a new row where the database tells it.
    pub(crate) async fn execute(
        &mut self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<(u64, Option<i64>), Failed> {
        self.done(&Request::Execute { sql, params }).await
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failed> {
        self.done(&Request::Begin).await.map(drop)
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failed> {
        self.done(&Request::Commit).await.map(drop)
    }

    pub(crate) async fn stats(&mut self) -> Result<Stats, Failed> {
        self.send(&Request::Stats).await?;
        match self.receive().await? {
            Reply::Stats(stats) => Ok(stats),
            other => Err(unexpected(&other)),
        }
    }

    async fn done(&mut self, request: &Request) -> Result<(u64, Option<i64>), Failed> {
        self.send(request).await?;
        match self.receive().await? {
            Reply::Done { affected, last_id } => Ok((affected, last_id)),
            other => Err(unexpected(&other)),
        }
    }

    async fn send(&mut self, request: &Request) -> Result<(), Failed> {
        let mut bytes = Vec::new();
        encode(request, &mut bytes).map_err(|error| Failed::Request(error.to_string()))?;
        self.0.write_all(&bytes).await.map_err(broken)
    }

    async fn receive(&mut self) -> Result<Reply, Failed> {
        let mut header = [0; HEADER];
        self.fill(&mut header).await?;
        let mut frame = vec![0; frame_length(header).map_err(broken)?];
        self.fill(&mut frame).await?;
        match decode(&frame).map_err(broken)? {
            Reply::Error(fault) => Err(Failed::Database(fault)),
            reply => Ok(reply),
        }
    }

    async fn fill(&mut self, mut bytes: &mut [u8]) -> Result<(), Failed> {
        while !bytes.is_empty() {
            let read = self.0.read(bytes).await.map_err(broken)?;
            if read == 0 {
                return Err(broken("it closed the connection"));
            }
            bytes = bytes.get_mut(read..).unwrap_or_default();
        }
        Ok(())
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

fn unexpected(reply: &Reply) -> Failed {
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
