//! Sends batches to a collector, as OTLP says: by gRPC or HTTP, once more where that helps, and not for ever.
//!
//! - `connect`: one connection, TLS if the endpoint asks for it;
//! - `exchange`: one message and the answer to it, in either protocol;
//! - this file: again after a pause, or giving up; what the log is told.

mod connect;
mod exchange;
mod message;

use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::connect::{Connector, Sender};
use self::exchange::Answer;
use crate::config::{ConfigError, Destination, Protocol};
use crate::id::fraction;

/// The first pause before a batch is sent again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause; a collector that asks for more is not asked again for this batch.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often a batch is sent.
const ATTEMPTS: u32 = 5;

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The collector has it; what it answered.
    Taken(Bytes),
    /// The collector does not want it.
    Refused,
    /// It could not be delivered.
    Unreachable,
}

/// What sends to one collector.
pub(crate) struct Exporter {
    destination: Destination,
    connector: Connector,
    connection: Option<Sender>,
    /// Failures in a row.
    failures: u64,
    /// Times that something was refused.
    refusals: u64,
}

impl Exporter {
    /// Nothing is connected yet.
    pub(crate) fn new(destination: &Destination) -> Result<Self, ConfigError> {
        Ok(Self {
            connector: Connector::new(destination)?,
            destination: destination.clone(),
            connection: None,
            failures: 0,
            refusals: 0,
        })
    }

    /// Sends a message; `grpc` is its method, for that protocol. Tries only once more when `closing` is cancelled.
    pub(crate) async fn send(
        &mut self,
        grpc: &'static str,
        message: &Bytes,
        closing: &CancellationToken,
    ) -> Sent {
        let body = exchange::body(&self.destination, message);
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            let wait = match self.attempt(grpc, &body).await {
                Ok(Answer::Taken(response)) => {
                    self.recovered();
                    return Sent::Taken(response);
                }
                Ok(Answer::Refused(why)) => {
                    self.refused(&why);
                    return Sent::Refused;
                }
                Ok(Answer::Again { after, why }) => {
                    self.failed(&why);
                    after
                }
                Err(why) => {
                    // Whatever is still under way on it is of no use.
                    self.connection = None;
                    self.failed(&why);
                    None
                }
            };
            if attempt == ATTEMPTS || wait.is_some_and(|wait| wait > LONGEST_PAUSE) {
                break;
            }
            // Not all hosts at the same moment.
            let pause_now = wait.unwrap_or_else(|| pause.mul_f64(0.5 + fraction() / 2.0));
            let slept = closing.run_until_cancelled(tokio::time::sleep(pause_now));
            if slept.await.is_none() {
                break;
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
        Sent::Unreachable
    }

    async fn attempt(&mut self, grpc: &'static str, body: &Bytes) -> Result<Answer, String> {
        let limit = self.destination.timeout;
        let late = |_| format!("no answer within {limit:?}");
        timeout(limit, self.exchange(grpc, body))
            .await
            .map_err(late)?
    }

    async fn exchange(&mut self, grpc: &'static str, body: &Bytes) -> Result<Answer, String> {
        let mut sender = match self.connection.take().filter(Sender::is_open) {
            Some(sender) => sender,
            None => self.connector.connect().await?,
        };
        let answer = match self.destination.protocol {
            Protocol::Grpc => {
                let uri = grpc_uri(&self.destination.endpoint, grpc)?;
                exchange::grpc(&mut sender, &self.destination, uri, body.clone()).await
            }
            Protocol::Http => exchange::http(&mut sender, &self.destination, body.clone()).await,
        }?;
        self.connection = Some(sender);
        Ok(answer)
    }

    /// Says that a part of a batch was refused.
    pub(crate) fn tell(&mut self, refused: u64, why: &str) {
        if refused > 0 || !why.is_empty() {
            let why = message::shown(why);
            self.refused(&format!("{refused} items: {why}"));
        }
    }

    fn refused(&mut self, why: &str) {
        self.refusals = self.refusals.saturating_add(1);
        if self.refusals.is_power_of_two() {
            let (endpoint, times) = (self.destination.shown(), self.refusals);
            tracing::warn!(%endpoint, times, "the collector refuses telemetry: {why}");
        }
    }

    /// The first failure is worth a line, then the second, the fourth, and so on.
    fn failed(&mut self, why: &str) {
        self.failures = self.failures.saturating_add(1);
        if self.failures.is_power_of_two() {
            let (endpoint, times) = (self.destination.shown(), self.failures);
            tracing::warn!(%endpoint, times, "telemetry cannot be delivered: {why}; what does not fit the queue is lost, requests go on");
        }
    }

    fn recovered(&mut self) {
        if self.failures > 0 {
            let endpoint = self.destination.shown();
            tracing::info!(%endpoint, "telemetry is delivered again");
        }
        self.failures = 0;
    }
}

/// The method's address. The path of the endpoint is of no use to gRPC.
fn grpc_uri(endpoint: &Uri, method: &'static str) -> Result<Uri, String> {
    let scheme = endpoint.scheme_str().unwrap_or("http");
    let authority = endpoint
        .authority()
        .map_or("", |authority| authority.as_str());
    Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(method)
        .build()
        .map_err(|error| error.to_string())
}
