//! TLS in front of HTTP: certificates out of files, chosen by the name that the client asks for, and exchanged for new
//! ones without an end to any connection.
//!
//! `load` reads files and says what is wrong with them, `names` chooses a certificate for a handshake.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::stats::Stats;

use self::load::{Loaded, Stamp};

mod error;
mod load;
mod names;

pub use self::error::TlsError;

/// How often the files are looked at unless it is said otherwise. Certificates are replaced weeks before they expire.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// Where certificates come from. All files are PEM; links are followed, each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates with their keys, at least one. The first is for clients that name no host, or one that none of the
    /// certificates is for.
    pub pairs: Vec<CertificateFiles>,
    /// If set, a client has to present a certificate that one of these authorities has signed.
    pub client_authorities: Option<PathBuf>,
    /// How often the files are looked at, to take new ones. [`Tls::reload`] does it at any time.
    pub check_every: Duration,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The server's certificate, followed by those that it was signed with.
    pub certificate: PathBuf,
    /// Its key: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// TLS for a listener. Clones share it.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: TlsFiles,
    stats: Arc<Stats>,
    current: ArcSwap<ServerConfig>,
    /// One reload at a time, and what the last one found.
    last: Mutex<Last>,
}

/// What the files were like when they were read last.
struct Last {
    stamps: Vec<Option<Stamp>>,
    /// What was wrong with them then. It is said once, but tried again each time: it may be half of an exchange.
    error: Option<String>,
    expires: Option<SystemTime>,
}

impl TlsFiles {
    /// One certificate, no client certificates.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            pairs: vec![CertificateFiles {
                certificate: certificate.into(),
                key: key.into(),
            }],
            client_authorities: None,
            check_every: CHECK_EVERY,
        }
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let pairs = self.pairs.iter();
        pairs
            .flat_map(|pair| [pair.certificate.as_path(), pair.key.as_path()])
            .chain(self.client_authorities.as_deref())
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        self.paths().map(|path| Stamp::of(path).ok()).collect()
    }
}

impl Tls {
    /// Reads the files. Reloads are counted in `stats`.
    pub async fn load(files: TlsFiles, stats: Arc<Stats>) -> Result<Self, TlsError> {
        let load = move || {
            // The stamps first: a file that changes while it is read has to look changed afterwards.
            let stamps = files.stamps();
            let Loaded { config, expires } = load::load(&files)?;
            Ok(Self(Arc::new(Shared {
                files,
                stats,
                current: ArcSwap::from_pointee(config),
                last: Mutex::new(Last {
                    stamps,
                    error: None,
                    expires,
                }),
            })))
        };
        spawn_blocking(load).await.map_err(|error| gone(&error))?
    }

    /// Reads the files again. New handshakes use what is in them now, open connections go on as they are. If something
    /// is wrong with them, what was read before stays in use.
    pub async fn reload(&self) -> Result<(), TlsError> {
        let shared = Arc::clone(&self.0);
        spawn_blocking(move || shared.reload(false))
            .await
            .map_err(|error| gone(&error))?
    }

    /// When the first of the certificates expires.
    pub fn expires(&self) -> Option<SystemTime> {
        self.0.last().expires
    }

    /// Reloads when a file changes, for ever. What is wrong with one is in the log.
    pub(crate) async fn watch(&self) {
        loop {
            sleep(self.0.files.check_every).await;
            let shared = Arc::clone(&self.0);
            if let Err(error) = spawn_blocking(move || shared.reload(true)).await {
                tracing::error!(%error, "certificates were not looked at");
            }
        }
    }

    /// Agrees on keys with a client, with the certificates of this moment.
    pub(crate) async fn accept<I>(&self, io: I) -> io::Result<TlsStream<I>>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.0.current.load_full());
        acceptor.accept(io).await
    }

    /// What a handshake needs whose connection is forwarded: `protocols` are those that may be agreed on, none for any.
    pub(crate) fn config_for(&self, protocols: Vec<Vec<u8>>) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.0.current.load());
        config.alpn_protocols = protocols;
        Arc::new(config)
    }
}

impl Shared {
    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is in the files now; `only_if_changed` leaves files alone that look as they did.
    fn reload(&self, only_if_changed: bool) -> Result<(), TlsError> {
        let mut last = self.last();
        let stamps = self.files.stamps();
        if only_if_changed && stamps == last.stamps && last.error.is_none() {
            return Ok(());
        }
        last.stamps = stamps;
        match load::load(&self.files) {
            Ok(Loaded { config, expires }) => {
                self.current.store(Arc::new(config));
                self.stats.count_reload();
                last.error = None;
                last.expires = expires;
                tracing::info!("certificates reloaded");
                Ok(())
            }
            Err(error) => {
                let text = error.to_string();
                if last.error.as_ref() != Some(&text) {
                    self.stats.count_failed_reload();
                    tracing::error!(error = %text, "certificates not reloaded; those from before stay in use");
                }
                last.error = Some(text);
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tls").field(&self.0.files).finish()
    }
}

/// The runtime ends, or reading the files panicked.
fn gone(error: &tokio::task::JoinError) -> TlsError {
    TlsError::Interrupted(error.to_string())
}
