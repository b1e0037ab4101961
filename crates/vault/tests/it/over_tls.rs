//! TLS: an authority of one's own is trusted when it is named, and nobody else's.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, failure, text};

/// A server for `localhost`, and the certificate of its authority.
async fn server() -> (Server, String) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = params.signed_by(&own, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let server = Server::serve(Some(TlsAcceptor::from(Arc::new(config)))).await;
    (server, certificate.pem())
}

#[tokio::test]
async fn an_authority_that_is_named_is_trusted() {
    let (server, pem) = server().await;
    server.put(json!({"key": "value"}));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let vault = server.vault(|config| {
        config.address = format!("https://localhost:{}", server.addr.port());
        config.ca_file = Some(file);
    });
    assert_eq!(text(&vault, "key").await, "value");
}

#[tokio::test]
async fn one_that_is_not_named_is_not_and_the_token_is_not_sent() {
    let (server, _) = server().await;
    let vault = server.vault(|config| {
        config.address = format!("https://localhost:{}", server.addr.port());
    });
    let told = failure(&vault).await;
    assert!(told.contains("`caFile`"), "{told}");
    assert_eq!(server.requests(), 0);
}
