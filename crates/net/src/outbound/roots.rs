//! Whose certificates outbound HTTPS trusts.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// More than any list of authorities needs.
const MAX_BYTES: u64 = 8 << 20;

/// The authorities to start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of Mozilla, which come with the program.
    #[default]
    Webpki,
    /// Those and the machine's own.
    WebpkiAndNative,
    /// The machine's own.
    Native,
    /// None.
    Nobody,
}

/// Why there are no roots.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// A file cannot be read.
    #[error(
        "cannot read `{path}`: {source}; check that it exists and that this process may read it"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is damaged, or has a certificate that no authority could have.
    #[error(
        "`{path}` is no list of authorities: {reason}; it has to hold `-----BEGIN CERTIFICATE-----`"
    )]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The machine's own authorities cannot be found.
    #[error(
        "the authorities of this machine cannot be read: {reason}; install them (ca-certificates), or name a file"
    )]
    Native {
        /// What was tried.
        reason: String,
    },
    /// Nothing would be trusted at all.
    #[error(
        "no authority is trusted, so that no HTTPS request could succeed; name a file with at least one"
    )]
    Nobody,
}

/// Those of Mozilla.
pub fn webpki() -> Arc<RootCertStore> {
    Arc::new(webpki_store())
}

fn webpki_store() -> RootCertStore {
    RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    }
}

/// The authorities of `trust`, and those in PEM files.
///
/// # Errors
/// When a file cannot be used, or when nobody would be trusted.
pub fn load(trust: Trust, files: &[PathBuf]) -> Result<Arc<RootCertStore>, RootsError> {
    let mut store = match trust {
        Trust::Webpki | Trust::WebpkiAndNative => webpki_store(),
        Trust::Native | Trust::Nobody => RootCertStore::empty(),
    };
    if matches!(trust, Trust::Native | Trust::WebpkiAndNative) {
        add_native(&mut store)?;
    }
    for path in files {
        add_file(&mut store, path)?;
    }
    if store.is_empty() {
        return Err(RootsError::Nobody);
    }
    Ok(Arc::new(store))
}

/// A certificate that cannot be used is left out, as every program on the machine does; one has to be there.
fn add_native(store: &mut RootCertStore) -> Result<(), RootsError> {
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = store.add_parsable_certificates(found.certs);
    if added == 0 {
        let reasons: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(RootsError::Native {
            reason: match reasons.is_empty() {
                true => "there are none".to_owned(),
                false => reasons.join("; "),
            },
        });
    }
    Ok(())
}

fn add_file(store: &mut RootCertStore, path: &Path) -> Result<(), RootsError> {
    let bad = |reason: String| RootsError::Bad {
        path: path.into(),
        reason,
    };
    let text = read(path).map_err(|source| RootsError::Read {
        path: path.into(),
        source,
    })?;
    let mut none = true;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        store
            .add(certificate)
            .map_err(|error| bad(error.to_string()))?;
        none = false;
    }
    match none {
        true => Err(bad("there is no certificate in it".to_owned())),
        false => Ok(()),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_BYTES.saturating_add(1))
        .read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it has more than 8 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
