//! From files to what a handshake needs. Blocks while it reads.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};
use webpki::{EndEntityCert, KeyUsage};

use super::names::Names;
use super::{CertificateFiles, TlsError, TlsFiles};

/// No file of certificates is larger.
const MAX_BYTES: u64 = 1024 * 1024;
/// HTTP/2 and HTTP/1.1, in the order in which they are preferred.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// Later than any certificate: the last second of the year 9999.
const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);

/// What was in the files.
pub(super) struct Loaded {
    pub config: ServerConfig,
    pub expires: Option<SystemTime>,
}

/// A certificate with its key.
struct Pair {
    certified: Arc<CertifiedKey>,
    /// The DNS names that it is for.
    names: Vec<String>,
    expires: Option<SystemTime>,
}

/// What a file looks like from the outside: when this is the same, so is what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// A file that takes the place of another may have its length and its time.
    identity: (u64, u64),
}

/// Reads all files.
pub(super) fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    if files.pairs.is_empty() {
        return Err(TlsError::NoPairs);
    }
    // The provider is this listener's own: one for the whole process could only be chosen once, by whoever comes first.
    let provider = Arc::new(ring::default_provider());
    let pairs: Result<Vec<Pair>, TlsError> = files
        .pairs
        .iter()
        .map(|files| read_pair(files, &provider))
        .collect();
    let pairs = pairs?;
    let expires = pairs.iter().filter_map(|pair| pair.expires).min();
    let names = Names::new(pairs.into_iter().map(|pair| (pair.certified, pair.names)));

    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| setup(&error))?;
    let builder = match &files.client_authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider);
            let verifier = verifier
                .build()
                .map_err(|error| bad_authority(path, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(names));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    // Who comes again need not be verified again. The keys of the tickets change with every reload, so a client
    // certificate is good for no longer than its authority is.
    config.ticketer = ring::Ticketer::new().map_err(|error| setup(&error))?;
    Ok(Loaded { config, expires })
}

fn read_pair(files: &CertificateFiles, provider: &CryptoProvider) -> Result<Pair, TlsError> {
    let CertificateFiles { certificate, key } = files;
    let chain = certificates(certificate)?;
    let Some(own) = chain.first().cloned() else {
        return Err(TlsError::NoCertificate {
            path: certificate.clone(),
        });
    };
    let parsed = EndEntityCert::try_from(&own).map_err(|error| TlsError::BadCertificate {
        path: certificate.clone(),
        reason: error.to_string(),
    })?;
    let names: Vec<String> = parsed.valid_dns_names().map(str::to_owned).collect();
    let expires = expires(&parsed);
    warn_of_dates(certificate, &parsed);

    let private = private_key(key)?;
    let certified =
        CertifiedKey::from_der(chain, private, provider).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                certificate: certificate.clone(),
                key: key.clone(),
            },
            error => TlsError::BadKey {
                path: key.clone(),
                reason: error.to_string(),
            },
        })?;
    Ok(Pair {
        certified: Arc::new(certified),
        names,
        expires,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    certificates.map_err(|error| damaged(path, &error))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    if is_encrypted(&text) {
        return Err(TlsError::EncryptedKey { path: path.into() });
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::NoKey { path: path.into() },
        error => damaged(path, &error),
    })
}

fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.contains("Proc-Type: 4,ENCRYPTED")
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store
            .add(certificate)
            .map_err(|error| bad_authority(path, &error))?;
    }
    if store.is_empty() {
        return Err(TlsError::NoCertificate { path: path.into() });
    }
    Ok(store)
}

/// When a certificate expires. Whoever verifies it at the end of time is told.
fn expires(certificate: &EndEntityCert<'_>) -> Option<SystemTime> {
    match verify_at(certificate, UnixTime::since_unix_epoch(END_OF_TIME)) {
        Err(webpki::Error::CertExpired { not_after, .. }) => {
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    }
}

/// A certificate outside of its dates is used all the same: clients will complain, but a clock may also be wrong, and
/// a server that does not start helps nobody.
fn warn_of_dates(path: &Path, certificate: &EndEntityCert<'_>) {
    match verify_at(certificate, UnixTime::now()) {
        Err(webpki::Error::CertExpired { .. }) => {
            tracing::warn!(path = %path.display(), "the certificate has expired; clients will refuse it; renew it");
        }
        Err(webpki::Error::CertNotValidYet { .. }) => {
            tracing::warn!(path = %path.display(), "the certificate is not valid yet; check the clock of this machine");
        }
        _ => {}
    }
}

/// Asks the verifier for what it looks at first, which are the dates; without an authority it cannot come to more.
fn verify_at(certificate: &EndEntityCert<'_>, time: UnixTime) -> Result<(), webpki::Error> {
    let usage = KeyUsage::server_auth();
    certificate
        .verify_for_usage(&[], &[], &[], time, usage, None, None)
        .map(drop)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let text = open(path).and_then(|file| {
        let mut text = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
        Ok(text)
    });
    let text = text.map_err(|source| TlsError::Read {
        path: path.into(),
        source,
    })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(TlsError::TooLarge {
            path: path.into(),
            max: MAX_BYTES,
        });
    }
    Ok(text)
}

/// Opens a file that is one: a pipe would make whoever opens it wait for a writer, for good, and with it every later
/// reload.
fn open(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    let why = "it is not a regular file; certificates and keys are read from files";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

fn damaged(path: &Path, error: &PemError) -> TlsError {
    TlsError::Damaged {
        path: path.into(),
        reason: error.to_string(),
    }
}

fn bad_authority(path: &Path, error: &impl ToString) -> TlsError {
    TlsError::BadAuthority {
        path: path.into(),
        reason: error.to_string(),
    }
}

fn setup(error: &impl ToString) -> TlsError {
    TlsError::Setup(error.to_string())
}

impl Stamp {
    /// What a file looks like now. Links are followed: Kubernetes exchanges all files of a volume by one of them.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            identity: identity(&metadata),
        })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests;
