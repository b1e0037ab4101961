//! A new connection: dialled through the firewall, then TLS, then HTTP/1.1 or HTTP/2.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::error::HttpError;
use super::home::Home;
use super::pool::Sender;
use crate::firewall::ask::Ask;
use crate::firewall::dial::{DialError, DialLimits};
use crate::firewall::gate::Firewall;
use crate::firewall::host::Host;

/// Bytes of the header fields of one response.
const HEADERS: u32 = 64 << 10;

/// How often a connection of HTTP/2 is asked whether it is still there, while it is used.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// What connects, for one component. The sessions that TLS resumes are its own.
#[derive(Clone)]
pub(super) struct Connect {
    tls: TlsConnector,
    /// How long a place among the connections of the workload is waited for.
    place: Duration,
}

impl Connect {
    pub(super) fn new(roots: Arc<RootCertStore>, place: Duration) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            place,
        })
    }

    /// Connects to what was asked for, all within `limit`.
    pub(super) async fn connect(
        &self,
        way: Way<'_>,
        ask: &Ask,
        prior_knowledge: bool,
        limit: Duration,
    ) -> Result<Sender, HttpError> {
        let until = Instant::now() + limit;
        let firewall = match way {
            Way::Home(home) => {
                let dialled = timeout_at(until, home.dial(ask)).await;
                let stream = dialled.map_err(|_| late(ask, limit))??;
                return self.begin(stream, ask, prior_knowledge, limit, until).await;
            }
            Way::Out(firewall) => firewall,
        };
        let usual = DialLimits::default();
        let limits = DialLimits {
            total: limit,
            place: self.place,
            ..usual
        };
        let connection = firewall.dial(ask, limits).await?;
        self.begin(connection, ask, prior_knowledge, limit, until)
            .await
    }

    /// Begins TLS, if that was asked for, and HTTP.
    async fn begin<S>(
        &self,
        connection: S,
        ask: &Ask,
        prior_knowledge: bool,
        limit: Duration,
        until: Instant,
    ) -> Result<Sender, HttpError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if ask.scheme() != "https" {
            return handshake(connection, prior_knowledge).await;
        }
        let host = ask.host().to_string();
        let name = server_name(ask.host(), &host)?;
        let stream = match timeout_at(until, self.tls.connect(name, connection)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(HttpError::Tls { host, error }),
            Err(_) => return Err(HttpError::TlsTimedOut { host, limit }),
        };
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        handshake(stream, http2).await
    }
}

/// Where a connection leads.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// To the service of the workload.
    Home(&'a Home),
    /// Through the firewall.
    Out(&'a Firewall),
}

fn late(ask: &Ask, limit: Duration) -> HttpError {
    HttpError::Dial(DialError::TimedOut {
        asked: ask.clone(),
        limit,
    })
}

/// Who the certificate has to be for. A name with an underscore is a name of DNS, but no certificate is for one.
fn server_name(host: &Host, text: &str) -> Result<ServerName<'static>, HttpError> {
    match host {
        Host::Address(address) => Ok(ServerName::from(IpAddr::to_canonical(address))),
        Host::Name(name) => {
            ServerName::try_from(name.as_str().to_owned()).map_err(|error| HttpError::Tls {
                host: text.to_owned(),
                error: std::io::Error::other(error),
            })
        }
    }
}

/// Begins HTTP on a stream. A task of its own moves the bytes; it ends when nobody can send over the connection any more
/// and all responses are read or dropped.
async fn handshake<S>(stream: S, http2: bool) -> Result<Sender, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(stream);
    if http2 {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .max_header_list_size(HEADERS)
            .handshake(stream)
            .await?;
        tokio::spawn(connection);
        return Ok(Sender::Http2(sender));
    }
    let (sender, connection) = http1::Builder::new()
        .max_header_size(HEADERS as usize)
        .handshake(stream)
        .await?;
    tokio::spawn(connection);
    Ok(Sender::Http1(sender))
}
