//! Which certificate a client gets: by the name that it asks for.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Certificates by name. Several for one name are tried in their order: one of them may have a kind of key that the
/// client does not know.
#[derive(Debug)]
pub(super) struct Names {
    exact: HashMap<String, Vec<Arc<CertifiedKey>>>,
    /// By what follows `*.`, which stands for one label.
    wildcard: HashMap<String, Vec<Arc<CertifiedKey>>>,
    /// For clients that name no host, or an unknown one.
    first: Vec<Arc<CertifiedKey>>,
}

impl Names {
    /// Certificates with the DNS names that they are for; the first one is for everybody else as well.
    pub(super) fn new(pairs: impl Iterator<Item = (Arc<CertifiedKey>, Vec<String>)>) -> Self {
        let mut names = Self {
            exact: HashMap::new(),
            wildcard: HashMap::new(),
            first: Vec::new(),
        };
        for (key, dns_names) in pairs {
            if names.first.is_empty() {
                names.first.push(Arc::clone(&key));
            }
            for name in dns_names {
                let name = name.to_ascii_lowercase();
                let keys = match name.strip_prefix("*.") {
                    Some(parent) => names.wildcard.entry(parent.to_owned()),
                    None => names.exact.entry(name),
                };
                keys.or_default().push(Arc::clone(&key));
            }
        }
        names
    }

    fn choose(
        &self,
        name: Option<&str>,
        schemes: &[SignatureScheme],
    ) -> Option<&Arc<CertifiedKey>> {
        let keys = name.and_then(|name| self.named(&name.to_ascii_lowercase()));
        let keys = keys.unwrap_or(&self.first);
        keys.iter()
            .find(|key| key.key.choose_scheme(schemes).is_some())
            .or(keys.first())
    }

    fn named(&self, name: &str) -> Option<&Vec<Arc<CertifiedKey>>> {
        self.exact.get(name).or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.wildcard.get(parent)
        })
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name(), hello.signature_schemes())
            .cloned()
    }
}
