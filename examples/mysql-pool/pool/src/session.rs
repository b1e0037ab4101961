//! One component's connection to the service, and the transaction that it may have open.
//!
//! A component cannot keep a database connection: each answer, each silence inside a transaction and each transaction
//! has a time limit. A statement is not broken off when its component leaves, since most databases would go on with it
//! and the pool's size would be no limit any more; it ends by itself or by the database's own limit.

use crate::backend::{Answer, Backend};
use crate::gauges::Counted;
use crate::lender::{Lender, Loan};
use crate::statement::Effect;
use crate::wire::{Incoming, Outgoing};
use futures_util::StreamExt;
use sql_pool_protocol::{Fault, Reply, Request, Value};
use sqlx::Either;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};

/// The database's own limit on a statement comes first by this much.
const GRACE: Duration = Duration::from_millis(500);
/// Rows go out in groups of at most so many, or of so many bytes.
const GROUP_ROWS: usize = 256;
const GROUP_BYTES: usize = 32 << 10;

/// Serves one component until it leaves, breaks the protocol or a time limit.
pub(crate) async fn serve<B: Backend>(lender: Arc<Lender<B>>, socket: TcpStream) {
    let _counted = Counted::one(&lender.gauges.clients);
    let (reader, writer) = socket.into_split();
    let mut incoming = Incoming::new(reader);
    let mut session = Session {
        lender: Arc::clone(&lender),
        out: Outgoing::new(writer),
        transaction: None,
        now: Instant::now(),
    };
    loop {
        let until = session.now + session.patience();
        let request = match timeout_at(until.into(), incoming.next()).await {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) => break,
            Ok(Err(malformed)) => {
                session.last_words("08P01", &malformed.to_string()).await;
                break;
            }
            Err(_) if session.transaction.is_some() => {
                let words = "the transaction was rolled back: it was silent or open for too long";
                session.abandon();
                session.last_words("25P03", words).await;
                break;
            }
            Err(_) => break,
        };
        session.now = Instant::now();
        if session.answer(request).await.is_err() {
            break; // the component is gone, or does not take its answer
        }
    }
    session.abandon();
}

struct Session<B: Backend> {
    lender: Arc<Lender<B>>,
    out: Outgoing,
    transaction: Option<Transaction<B>>,
    /// When the last request came or, if that took time, was answered.
    now: Instant,
}

struct Transaction<B: Backend> {
    loan: Loan<B>,
    began: Instant,
    /// A statement in it failed, so it can only be rolled back.
    failed: bool,
}

/// Why a statement has no whole answer.
enum Failure {
    /// The statement failed; the connection is as good as before.
    Statement(Fault),
    /// The connection to the database is lost.
    Lost(Fault),
}

impl<B: Backend> Session<B> {
    /// How long the component may be silent now.
    fn patience(&self) -> Duration {
        let settings = &self.lender.settings;
        match &self.transaction {
            Some(transaction) => {
                let left = settings
                    .transaction
                    .saturating_sub(self.now.saturating_duration_since(transaction.began));
                left.min(settings.idle_transaction)
            }
            None => settings.idle_client,
        }
    }

    /// Answers one request. An error means that the component does not take the answer.
    async fn answer(&mut self, request: Request) -> io::Result<()> {
        let done = match request {
            Request::Query { sql, params } => self.statement(sql, params, true).await,
            Request::Execute { sql, params } => self.statement(sql, params, false).await,
            Request::Begin => self.begin().await,
            Request::Commit => self.commit().await,
            Request::Rollback => self.rollback().await,
            Request::Ping => self.ping().await,
            Request::Stats => self
                .out
                .push(&Reply::Stats(self.lender.stats()))
                .await
                .map(Ok),
        };
        match done {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                self.lender.gauges.errors.fetch_add(1, Relaxed);
                self.out.push(&Reply::Error(short(fault))).await?;
            }
            Err(gone) => {
                self.lender.gauges.errors.fetch_add(1, Relaxed);
                return Err(gone);
            }
        }
        self.out.send().await
    }

    async fn begin(&mut self) -> io::Result<Result<(), Fault>> {
        if self.transaction.is_some() {
            return Ok(Err(fault("25001", "a transaction is open already")));
        }
        let mut loan = match self.lender.lend(self.now).await {
            Ok(loan) => loan,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Err(error) = loan.run("BEGIN").await {
            return Ok(Err(self.explain(&error).fault()));
        }
        self.lender.gauges.transactions.fetch_add(1, Relaxed);
        self.now = Instant::now();
        self.transaction = Some(Transaction {
            loan,
            began: self.now,
            failed: false,
        });
        self.done().await
    }

    async fn commit(&mut self) -> io::Result<Result<(), Fault>> {
        let Some(mut transaction) = self.take() else {
            return Ok(Err(fault("25P01", "no transaction is open")));
        };
        if transaction.failed {
            if transaction.loan.run("ROLLBACK").await.is_ok() {
                transaction.loan.give_back(Instant::now());
            }
            let words = "the transaction was rolled back because a statement in it had failed";
            return Ok(Err(fault("40000", words)));
        }
        match transaction.loan.run("COMMIT").await {
            Ok(()) => {
                transaction.loan.give_back(Instant::now());
                self.done().await
            }
            Err(error) => Ok(Err(match self.explain(&error) {
                Failure::Statement(fault) => fault,
                Failure::Lost(_) => fault(
                    "08007",
                    "the connection to the database was lost; whether the transaction took effect is not known",
                ),
            })),
        }
    }

    async fn rollback(&mut self) -> io::Result<Result<(), Fault>> {
        let Some(mut transaction) = self.take() else {
            return Ok(Err(fault("25P01", "no transaction is open")));
        };
        // A connection that is lost has rolled it back, too.
        match transaction.loan.run("ROLLBACK").await {
            Ok(()) => transaction.loan.give_back(Instant::now()),
            Err(error) => drop(self.explain(&error)),
        }
        self.done().await
    }

    async fn ping(&mut self) -> io::Result<Result<(), Fault>> {
        if self.transaction.is_none() {
            match self.lender.lend(self.now).await {
                Ok(loan) => {
                    if !loan.ping().await {
                        return Ok(Err(fault("08006", "the database does not answer")));
                    }
                }
                Err(fault) => return Ok(Err(fault)),
            }
        }
        self.done().await
    }

    async fn done(&mut self) -> io::Result<Result<(), Fault>> {
        let (affected, last_id) = (0, None);
        let reply = Reply::Done { affected, last_id };
        self.out.push(&reply).await.map(Ok)
    }

    /// Runs a statement in the transaction, or on a connection that is lent for it alone.
    async fn statement(
        &mut self,
        sql: String,
        params: Vec<Value>,
        rows: bool,
    ) -> io::Result<Result<(), Fault>> {
        let effect = self.lender.effects.of(&sql);
        match effect {
            Effect::Data | Effect::Session => {}
            Effect::Nothing => return Ok(Err(fault("42601", "there is no statement"))),
            Effect::Transaction => {
                let words =
                    "transactions and locks are no statements here: use begin, commit and rollback";
                return Ok(Err(fault("0A000", words)));
            }
        }
        let mut own = None;
        let (loan, since) = match &mut self.transaction {
            Some(transaction) if transaction.failed => {
                return Ok(Err(fault(
                    "25P02",
                    "a statement of this transaction failed: roll it back",
                )));
            }
            Some(transaction) => (&mut transaction.loan, self.now),
            None => match self.lender.lend(self.now).await {
                Ok(loan) => {
                    let since = loan.since;
                    (own.insert(loan), since)
                }
                Err(fault) => return Ok(Err(fault)),
            },
        };
        loan.changed |= effect == Effect::Session;
        self.lender.gauges.query(self.now);
        let limit = self.lender.settings.statement + GRACE;
        let until = since + limit;
        let ran = timeout_at(until.into(), run(loan, &mut self.out, sql, params, rows)).await;
        self.now = Instant::now();
        let Ok(ran) = ran else {
            // It may be that the answer is half written, and the database connection is in the midst of one.
            self.break_off();
            return Err(io::ErrorKind::TimedOut.into());
        };
        let ran = ran?;
        let failure = match ran {
            Ok(()) => {
                own.into_iter().for_each(|loan| loan.give_back(self.now));
                return Ok(Ok(()));
            }
            Err(Ended::Fault(fault)) => Failure::Statement(fault),
            Err(Ended::Sqlx(error)) => self.explain(&error),
        };
        if let Failure::Lost(_) = failure {
            drop(self.take());
        } else {
            self.transaction
                .iter_mut()
                .for_each(|transaction| transaction.failed = true);
            own.into_iter().for_each(|loan| loan.give_back(self.now));
        }
        Ok(Err(failure.fault()))
    }

    /// An error of sqlx in words that may leave the service.
    fn explain(&self, error: &sqlx::Error) -> Failure {
        if let sqlx::Error::Database(error) = error {
            let code = error.code().unwrap_or_default().into_owned();
            let ends = ["08", "57P"].iter().any(|class| code.starts_with(class));
            if !ends {
                // MariaDB's word for a statement that took too long.
                let code = if code == "70100" {
                    "57014".to_owned()
                } else {
                    code
                };
                let message = error.message().to_owned();
                return Failure::Statement(Fault { code, message });
            }
        } else if let sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. } = error
        {
            return Failure::Statement(fault("22000", &error.to_string()));
        }
        self.lender.gauges.lose();
        eprintln!("a connection to the database was lost: {error}");
        Failure::Lost(fault(
            "08006",
            "the connection to the database was lost; whether the statement took effect is not known",
        ))
    }

    /// Takes the transaction out of the session.
    fn take(&mut self) -> Option<Transaction<B>> {
        let transaction = self.transaction.take();
        if transaction.is_some() {
            self.lender.gauges.transactions.fetch_sub(1, Relaxed);
        }
        transaction
    }

    /// Rolls back what the component left open.
    fn abandon(&mut self) {
        if let Some(mut transaction) = self.take() {
            self.lender.gauges.abandoned.fetch_add(1, Relaxed);
            let limit = self.lender.settings.statement;
            tokio::task::spawn_local(async move {
                if let Ok(Ok(())) = timeout(limit, transaction.loan.run("ROLLBACK")).await {
                    transaction.loan.give_back(Instant::now());
                }
            });
        }
    }

    /// Closes the database connection of a transaction in the midst of a statement; the database rolls it back.
    fn break_off(&mut self) {
        if self.take().is_some() {
            self.lender.gauges.abandoned.fetch_add(1, Relaxed);
        }
    }

    /// Says why the component's connection ends, if it listens.
    async fn last_words(&mut self, code: &str, message: &str) {
        self.lender.gauges.errors.fetch_add(1, Relaxed);
        let reply = Reply::Error(fault(code, message));
        let _ = timeout(GRACE, async {
            self.out.push(&reply).await?;
            self.out.send().await
        })
        .await;
    }
}

impl Failure {
    fn fault(self) -> Fault {
        match self {
            Self::Statement(fault) | Self::Lost(fault) => fault,
        }
    }
}

/// How a statement ended that has no whole answer.
enum Ended {
    Sqlx(sqlx::Error),
    Fault(Fault),
}

/// Runs a statement and passes its answer on while it arrives. A statement is read to its end, also when its answer
/// cannot be passed on, so that the connection can be used again.
async fn run<B: Backend>(
    loan: &mut Loan<B>,
    out: &mut Outgoing,
    sql: String,
    params: Vec<Value>,
    rows: bool,
) -> io::Result<Result<(), Ended>> {
    let stream = loan
        .conn()
        .map_err(Ended::Sqlx)
        .and_then(|conn| B::stream(conn, sql, params).map_err(Ended::Fault));
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(ended) => return Ok(Err(ended)),
    };
    let mut group = Group::default();
    let (mut affected, mut last_id) = (0, None);
    let mut problem = None;
    let mut gone = Ok(());
    while let Some(item) = stream.next().await {
        let item: Answer<B> = match item {
            Ok(item) => item,
            Err(error) => return Ok(Err(Ended::Sqlx(error))),
        };
        match item {
            Either::Left(result) => {
                let (more, id) = B::changed(&result);
                affected += more;
                last_id = id.or(last_id);
            }
            Either::Right(row) if rows && problem.is_none() && gone.is_ok() => {
                match group.add::<B>(&row) {
                    Ok(()) => gone = group.flush(out, GROUP_ROWS, GROUP_BYTES).await,
                    Err(fault) => problem = Some(fault),
                }
            }
            Either::Right(_) => {}
        }
    }
    drop(stream);
    if let Err(error) = gone {
        if error.kind() != io::ErrorKind::InvalidData {
            return Err(error);
        }
        problem = Some(fault("54000", "a row is too long: 1 MiB is the most"));
    }
    if let Some(fault) = problem {
        return Ok(Err(Ended::Fault(fault)));
    }
    if rows {
        group.begin(Vec::new());
        group.flush(out, 1, 0).await?;
        out.push(&Reply::End).await?;
    } else {
        out.push(&Reply::Done { affected, last_id }).await?;
    }
    Ok(Ok(()))
}

/// Rows on their way to the component.
#[derive(Default)]
struct Group {
    columns: Option<Vec<String>>,
    begun: bool,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl Group {
    fn begin(&mut self, columns: Vec<String>) {
        if !self.begun {
            self.begun = true;
            self.columns = Some(columns);
        }
    }

    fn add<B: Backend>(&mut self, row: &<B::Db as sqlx::Database>::Row) -> Result<(), Fault> {
        if !self.begun {
            self.begin(B::columns(row));
        }
        let values = (0..sqlx::Row::len(row)).map(|index| B::value(row, index));
        let values = values.collect::<Result<Vec<Value>, Fault>>()?;
        self.bytes += values.iter().map(Value::encoded_len).sum::<usize>();
        self.rows.push(values);
        Ok(())
    }

    /// Sends the names if they are not sent, and the rows if there are so many of them.
    async fn flush(&mut self, out: &mut Outgoing, rows: usize, bytes: usize) -> io::Result<()> {
        if let Some(columns) = self.columns.take() {
            out.push(&Reply::Columns(columns)).await?;
        }
        if self.rows.is_empty() || (self.rows.len() < rows && self.bytes < bytes) {
            return Ok(());
        }
        self.bytes = 0;
        out.push(&Reply::Rows(std::mem::take(&mut self.rows))).await
    }
}

fn fault(code: &str, message: &str) -> Fault {
    Fault {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// A message that surely fits in a frame.
fn short(mut fault: Fault) -> Fault {
    const MOST: usize = 4096;
    if fault.message.len() > MOST {
        let end = (0..=MOST)
            .rev()
            .find(|&end| fault.message.is_char_boundary(end));
        fault.message.truncate(end.unwrap_or(0));
    }
    fault
}
