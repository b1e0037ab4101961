//! A connection to a collector: HTTP/2 for gRPC, HTTP/1.1 else.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::{ConfigError, Destination, Protocol, TlsFiles};

/// Bytes of a file with certificates: the authorities of a whole system are a few hundred KiB.
const FILE_MAX: u64 = 16 << 20;

/// Makes connections to one collector.
pub(super) struct Connector {
    host: String,
    port: u16,
    protocol: Protocol,
    tls: Option<TlsConnector>,
}

/// A connection that is open.
pub(super) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connector {
    pub(super) fn new(destination: &Destination) -> Result<Self, ConfigError> {
        let endpoint = &destination.endpoint;
        let secure = endpoint.scheme_str() == Some("https");
        let host = endpoint.host().unwrap_or_default();
        let tls = secure.then(|| tls(destination)).transpose()?;
        Ok(Self {
            // Brackets of an IPv6 address are for URLs alone.
            host: host.trim_matches(['[', ']']).to_owned(),
            port: endpoint
                .port_u16()
                .unwrap_or(match (destination.protocol, secure) {
                    (Protocol::Grpc, _) => 4317,
                    (Protocol::Http, true) => 443,
                    (Protocol::Http, false) => 80,
                }),
            protocol: destination.protocol,
            tls,
        })
    }

    /// Connects. Who waits for it says for how long.
    pub(super) async fn connect(&self) -> Result<Sender, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| format!("cannot connect: {error}"))?;
        // Small messages should not wait for others; a system that cannot do this is only slower.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.handshake(stream).await;
        };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| "the endpoint's host is no name that a certificate can have".to_owned())?;
        let stream = tls.connect(name, stream).await;
        let stream = stream.map_err(|error| format!("TLS: {error}"))?;
        self.handshake(stream).await
    }

    async fn handshake<T>(&self, stream: T) -> Result<Sender, String>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        let failed = |error: hyper::Error| format!("HTTP: {error}");
        match self.protocol {
            Protocol::Grpc => {
                let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                    .handshake(stream)
                    .await
                    .map_err(failed)?;
                drive(connection);
                Ok(Sender::Http2(sender))
            }
            Protocol::Http => {
                let (sender, connection) = http1::handshake(stream).await.map_err(failed)?;
                drive(connection);
                Ok(Sender::Http1(sender))
            }
        }
    }
}

/// Moves a connection until its sender is gone.
fn drive(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a collector failed");
        }
    });
}

impl Sender {
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Http1(sender) => !sender.is_closed(),
            Self::Http2(sender) => !sender.is_closed(),
        }
    }

    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, String> {
        let sent = match self {
            Self::Http1(sender) => match sender.ready().await {
                Ok(()) => sender.send_request(request).await,
                Err(error) => Err(error),
            },
            Self::Http2(sender) => match sender.ready().await {
                Ok(()) => sender.send_request(request).await,
                Err(error) => Err(error),
            },
        };
        sent.map_err(|error| format!("HTTP: {error}"))
    }
}

fn tls(destination: &Destination) -> Result<TlsConnector, ConfigError> {
    let TlsFiles {
        certificate,
        client_certificate,
        client_key,
    } = &destination.tls;
    let roots = match certificate {
        None => RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        },
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                let added = roots.add(certificate);
                added.map_err(|error| ConfigError::tls(path, &error))?;
            }
            roots
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Tls(error.to_string()))?
        .with_root_certificates(roots);
    let mut config = match (client_certificate, client_key) {
        (Some(chain), Some(key)) => {
            let chain = certificates(chain)?;
            let private = PrivateKeyDer::from_pem_slice(&file(key)?);
            let private = private.map_err(|error| ConfigError::tls(key, &error))?;
            let built = builder.with_client_auth_cert(chain, private);
            built.map_err(|error| ConfigError::tls(key, &error))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(ConfigError::HalfPair),
    };
    config.alpn_protocols = match destination.protocol {
        Protocol::Grpc => vec![b"h2".to_vec()],
        Protocol::Http => vec![b"http/1.1".to_vec()],
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let wrong = |error: &dyn std::fmt::Display| ConfigError::tls(path, error);
    let pem = file(path)?;
    let all = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|error| wrong(&error))?;
    if all.is_empty() {
        return Err(wrong(&"there is no certificate in it"));
    }
    Ok(all)
}

/// The bytes of a file. A pipe would be waited for, and a device has no end.
fn file(path: &std::path::Path) -> Result<Vec<u8>, ConfigError> {
    let wrong = |error: &dyn std::fmt::Display| ConfigError::tls(path, error);
    let metadata = std::fs::metadata(path).map_err(|error| wrong(&error))?;
    if !metadata.is_file() || metadata.len() > FILE_MAX {
        return Err(wrong(&"it is no file, or one of more than 16 MiB"));
    }
    std::fs::read(path).map_err(|error| wrong(&error))
}
