//! A component as the pool sees it: one connection that speaks the protocol.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use sql_pool_protocol::{Fault, Reply, Request, Stats, Value, encode, take};
use weft_testkit::PATIENCE;

/// A connection to the pool.
pub(super) struct Client {
    pub(super) stream: TcpStream,
    bytes: Vec<u8>,
}

impl Client {
    pub(super) fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let bytes = Vec::new();
        Self { stream, bytes }
    }

    pub(super) fn send(&mut self, request: &Request) {
        let mut bytes = Vec::new();
        encode(request, &mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    /// The next reply; `None` when the pool has closed the connection.
    pub(super) fn receive(&mut self) -> Option<Reply> {
        loop {
            if let Some((reply, length)) = take(&self.bytes).unwrap() {
                self.bytes.drain(..length);
                return Some(reply);
            }
            let mut more = [0; 4096];
            match self.stream.read(&mut more) {
                Ok(0) => return None,
                Ok(read) => self.bytes.extend(&more[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the pool does not answer: {error}"),
            }
        }
    }

    /// Rows with the names of their columns.
    pub(super) fn try_query(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<(Vec<String>, Vec<Vec<Value>>), Fault> {
        let (sql, params) = (sql.to_owned(), params.to_vec());
        self.send(&Request::Query { sql, params });
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        loop {
            match self.receive().expect("an answer") {
                Reply::Columns(names) => columns = names,
                Reply::Rows(more) => rows.extend(more),
                Reply::End => return Ok((columns, rows)),
                Reply::Error(fault) => return Err(fault),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) fn query(&mut self, sql: &str, params: &[Value]) -> Vec<Vec<Value>> {
        self.try_query(sql, params).unwrap().1
    }

    /// The one value of the one row.
    pub(super) fn value(&mut self, sql: &str, params: &[Value]) -> Value {
        let mut rows = self.query(sql, params);
        assert_eq!(rows.len(), 1, "{sql}");
        rows.remove(0).remove(0)
    }

    pub(super) fn try_execute(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<(u64, Option<i64>), Fault> {
        let (sql, params) = (sql.to_owned(), params.to_vec());
        self.ask(&Request::Execute { sql, params })
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> (u64, Option<i64>) {
        self.try_execute(sql, params).unwrap()
    }

    /// A request that is answered by `Done` or an error.
    pub(super) fn ask(&mut self, request: &Request) -> Result<(u64, Option<i64>), Fault> {
        self.send(request);
        match self.receive().expect("an answer") {
            Reply::Done { affected, last_id } => Ok((affected, last_id)),
            Reply::Error(fault) => Err(fault),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn begin(&mut self) {
        self.ask(&Request::Begin).unwrap();
    }

    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        self.ask(&Request::Commit).map(drop)
    }

    pub(super) fn stats(&mut self) -> Stats {
        self.send(&Request::Stats);
        match self.receive() {
            Some(Reply::Stats(stats)) => stats,
            other => panic!("{other:?}"),
        }
    }
}
