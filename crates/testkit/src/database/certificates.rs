//! An authority, a certificate for 127.0.0.1 that it signed, and an authority that signed nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Authorities as PEM; what the server needs lies in its folder.
pub(super) struct Certificates {
    pub(super) authority: String,
    pub(super) stranger: String,
}

impl Certificates {
    /// Writes `authority.pem`, `server.pem` and `server.key` to `folder`.
    pub(super) fn make(folder: &Path) -> Self {
        let (authority, issuer) = authority("weft test authority");
        let key = KeyPair::generate().expect("a key can be made");
        // The last is what host.weft.internal resolves to inside a guest.
        let names = ["127.0.0.1", "localhost", "127.255.255.254"].map(str::to_owned);
        let server = CertificateParams::new(names)
            .and_then(|params| params.signed_by(&key, &issuer))
            .expect("a certificate can be signed");
        for (name, text) in [
            ("authority.pem", authority.clone()),
            ("server.pem", server.pem()),
            ("server.key", key.serialize_pem()),
        ] {
            let file = folder.join(name);
            fs::write(&file, text).expect("the folder can be written to");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is ours");
        }
        let (stranger, _) = self::authority("a stranger");
        Self {
            authority,
            stranger,
        }
    }
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().expect("a key can be made");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&key).expect("it can sign itself");
    (certificate.pem(), Issuer::new(params, key))
}
