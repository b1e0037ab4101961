//! One request over a connection of its own: there is one every few seconds at most.

use std::io;
use std::path::Path;
use std::sync::Arc;

use http::header::{ACCEPT, HOST};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use weft_settings::{Failure, FailureKind};
use zeroize::Zeroizing;

use crate::config::{Config, Endpoint};

/// More than a secret of Vault can have: its servers take 32 MiB in a request, and 1 MiB in a storage entry.
const BODY_MAX: usize = 8 << 20;

/// The authorities of a whole system are a few hundred KiB.
const CA_FILE_MAX: u64 = 16 << 20;

/// An answer, whatever it says.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    /// Seconds that the server asks to be left alone for.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// What all requests have in common.
pub(crate) struct Client {
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
    namespace: Option<HeaderValue>,
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self, Failure> {
        let endpoint = Endpoint::of(config)?;
        let namespace = config.namespace.as_deref().map(HeaderValue::from_str);
        let namespace = namespace.transpose().map_err(|_| {
            Failure::new(
                FailureKind::Refused,
                "the namespace of Vault holds characters that no header may have",
            )
        })?;
        Ok(Self {
            tls: match endpoint.tls {
                true => Some(tls(config.ca_file.as_deref())?),
                false => None,
            },
            endpoint,
            namespace,
        })
    }

    /// Asks for the secret. The failure says what went wrong on the way; an answer is an answer whatever its status.
    pub(crate) async fn ask(&self, token: HeaderValue) -> Result<Answered, Failure> {
        let Endpoint { host, port, .. } = &self.endpoint;
        let stream = TcpStream::connect((host.as_str(), *port))
            .await
            .map_err(|error| self.unreachable(&error))?;
        match &self.tls {
            None => self.speak(stream, token).await,
            Some(tls) => {
                let name =
                    ServerName::try_from(host.clone()).map_err(|error| self.unreachable(&error))?;
                let stream = tls
                    .connect(name, stream)
                    .await
                    .map_err(|error| self.untrusted(&error))?;
                self.speak(stream, token).await
            }
        }
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        token: HeaderValue,
    ) -> Result<Answered, Failure> {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
                .await
                .map_err(|error| self.unreachable(&error))?;
        let exchange = async {
            let response = sender
                .send_request(self.request(token)?)
                .await
                .map_err(|error| self.unreachable(&error))?;
            self.read(response).await
        };
        // The connection is driven here, so that it ends with the request. It may end first, with the answer still to be
        // read; one that breaks makes the exchange fail by itself.
        let driven = async {
            drop(connection.await);
            std::future::pending().await
        };
        tokio::select! {
            biased;
            answered = exchange => answered,
            never = driven => never,
        }
    }

    fn request(&self, token: HeaderValue) -> Result<Request<Empty<Bytes>>, Failure> {
        let Endpoint {
            host, port, target, ..
        } = &self.endpoint;
        let authority = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let mut request = Request::get(target)
            .header(HOST, authority)
            .header(ACCEPT, "application/json")
            // What the programs of Vault send too: servers can be told to refuse requests without it.
            .header("x-vault-request", "true")
            .header("x-vault-token", token);
        if let Some(namespace) = &self.namespace {
            request = request.header("x-vault-namespace", namespace);
        }
        request
            .body(Empty::new())
            .map_err(|error| self.unreachable(&error))
    }

    async fn read(&self, response: http::Response<Incoming>) -> Result<Answered, Failure> {
        let status = response.status();
        let retry_after = response.headers().get(http::header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let size = response.body().size_hint_lower().min(BODY_MAX);
        let mut body = Limited::new(response.into_body(), BODY_MAX);
        // Grown by hand, so that nothing of it is left where it was.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.unreachable(&error))?;
            if let Some(data) = frame.data_ref() {
                push(&mut bytes, data);
            }
        }
        Ok(Answered {
            status,
            retry_after,
            body: bytes,
        })
    }

    fn unreachable(&self, why: &dyn std::fmt::Display) -> Failure {
        let Endpoint { host, port, .. } = &self.endpoint;
        let message = format!("Vault at {host}:{port} does not answer: {why}");
        Failure::new(FailureKind::Upstream, message).help(
            "look whether the address is right, the server runs and this machine can reach it",
        )
    }

    fn untrusted(&self, error: &io::Error) -> Failure {
        let Endpoint { host, port, .. } = &self.endpoint;
        let message = format!("no TLS connection to Vault at {host}:{port}: {error}");
        Failure::new(FailureKind::Upstream, message)
            .help("name the certificate of its authority in `caFile`, if it is one of your own")
    }

    /// That the server took too long.
    pub(crate) fn too_slow(&self, config: &Config) -> Failure {
        self.unreachable(&format_args!(
            "nothing came for {} s",
            config.timeout.as_secs_f32()
        ))
    }
}

trait Hint {
    fn size_hint_lower(&self) -> usize;
}

impl Hint for Incoming {
    fn size_hint_lower(&self) -> usize {
        usize::try_from(hyper::body::Body::size_hint(self).lower()).unwrap_or(BODY_MAX)
    }
}

/// Adds bytes; what a buffer that is too small held is overwritten.
fn push(bytes: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    let wanted = bytes.len().saturating_add(more.len());
    if wanted > bytes.capacity() {
        let room = wanted.max(bytes.capacity().saturating_mul(2));
        let mut larger = Zeroizing::new(Vec::with_capacity(room));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(more);
}

fn tls(ca_file: Option<&Path>) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(file) = ca_file {
        let shown = file.display();
        let unusable = |why: &dyn std::fmt::Display| {
            let message =
                format!("`{shown}` has no certificate of an authority that can be used: {why}");
            Failure::new(FailureKind::Refused, message)
                .help("`caFile` takes certificates in PEM form")
        };
        // A pipe would be waited for, and a device has no end.
        let metadata = std::fs::metadata(file).map_err(|error| unusable(&error))?;
        if !metadata.is_file() || metadata.len() > CA_FILE_MAX {
            return Err(unusable(&"it is no file, or one of more than 16 MiB"));
        }
        let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            roots.add(certificate).map_err(|error| unusable(&error))?;
            count += 1;
        }
        if count == 0 {
            return Err(unusable(&"it is empty"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(FailureKind::Io, format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
