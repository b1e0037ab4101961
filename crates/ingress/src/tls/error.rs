//! What can be wrong with the files of TLS, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why certificates could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There are none.
    #[error(
        "TLS has no certificate; give it at least one file with a certificate, and the file of its key"
    )]
    NoPairs,
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}; check that it exists and that this process may read it", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is far larger than any of its kind.
    #[error("`{}` is larger than {max} bytes, so it is not a file of certificates or keys; is it the right one?", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        max: u64,
    },
    /// A file has a section that is no PEM.
    #[error("`{}` is damaged: {reason}; write it again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        reason: String,
    },
    /// A file has no certificate in it.
    #[error(
        "there is no certificate in `{}`; it has to hold `-----BEGIN CERTIFICATE-----`, the server's own first and then \
         those that it was signed with",
        .path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A file has no key in it.
    #[error("there is no private key in `{}`; it has to hold `-----BEGIN PRIVATE KEY-----`", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is encrypted, and nobody is there to type a password.
    #[error("the private key in `{}` is encrypted; decrypt it, for example with `openssl pkey`", .path.display())]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is none that can be used.
    #[error("the private key in `{}` cannot be used: {reason}; RSA, ECDSA (P-256, P-384) and Ed25519 can", .path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        reason: String,
    },
    /// The certificate is none.
    #[error("the certificate in `{}` is not valid: {reason}; write it again", .path.display())]
    BadCertificate {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        reason: String,
    },
    /// Certificate and key do not belong together.
    #[error(
        "the key in `{}` is not that of the certificate in `{}`; give both files of one pair",
        .key.display(), .certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The authorities for client certificates are none.
    #[error("`{}` has no authority that could sign client certificates: {reason}; give the file of a CA", .path.display())]
    BadAuthority {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        reason: String,
    },
    /// Nothing is wrong with the files.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
    /// Reading was cut short.
    #[error("the certificates were not read to the end: {0}")]
    Interrupted(String),
}
