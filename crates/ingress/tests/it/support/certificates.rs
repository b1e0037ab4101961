//! Certificates of a CA that the tests make for themselves, files of them, and clients that speak TLS.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use weft_ingress::{Body, CertificateFiles, TlsFiles};

use super::{get, within};

/// An authority, and a directory for the files that it makes.
pub(crate) struct Authority {
    pub(crate) dir: TempDir,
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, out of the hand of an authority.
pub(crate) struct Issued {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
    pem: (String, String),
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            dir: tempfile::tempdir().unwrap(),
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for these names.
    pub(crate) fn issue(&self, names: &[&str]) -> Issued {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            pem: (certificate.pem(), key.serialize_pem()),
        }
    }

    /// A certificate for these names in files of this name.
    pub(crate) fn files(&self, file: &str, names: &[&str]) -> CertificateFiles {
        let files = CertificateFiles {
            certificate: self.path(&format!("{file}.crt")),
            key: self.path(&format!("{file}.key")),
        };
        self.issue(names).write(&files.certificate, &files.key);
        files
    }

    /// Files for a listener with one certificate.
    pub(crate) fn tls_files(&self, names: &[&str]) -> TlsFiles {
        let CertificateFiles { certificate, key } = self.files("tls", names);
        TlsFiles::new(certificate, key)
    }

    /// The file of the authority itself.
    pub(crate) fn own_file(&self) -> PathBuf {
        let path = self.path("ca.crt");
        fs::write(&path, self.certificate.pem()).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes connections that believe this authority.
    pub(crate) fn client(&self) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let config = builder().with_root_certificates(roots);
        Client::new(config.with_no_client_auth())
    }

    /// The same, and they present a certificate.
    pub(crate) fn client_with(&self, own: Issued) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let config = builder().with_root_certificates(roots);
        let chain = vec![own.certificate];
        Client::new(config.with_client_auth_cert(chain, own.key).unwrap())
    }
}

impl Issued {
    /// Writes the files, as a renewal does.
    pub(crate) fn write(&self, certificate: &Path, key: &Path) {
        fs::write(certificate, &self.pem.0).unwrap();
        fs::write(key, &self.pem.1).unwrap();
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

/// Makes TLS connections.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) ClientConfig);

impl Client {
    fn new(config: ClientConfig) -> Self {
        Self(config)
    }

    /// A client that believes everybody, to look at what it is shown.
    pub(crate) fn gullible() -> Self {
        Self::gullible_with(rustls::DEFAULT_VERSIONS)
    }

    /// The same, for some versions of TLS only.
    pub(crate) fn gullible_with(versions: &[&'static SupportedProtocolVersion]) -> Self {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Gullible(provider)));
        Self::new(config.with_no_client_auth())
    }

    /// The same client, that offers these protocols.
    pub(crate) fn offering(mut self, protocols: &[&str]) -> Self {
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        self.0.alpn_protocols = protocols.collect();
        self
    }

    /// A handshake; `name` may be an address, which is not sent.
    pub(crate) async fn connect(
        &self,
        addr: SocketAddr,
        name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.over(TcpStream::connect(addr).await?, name).await
    }

    /// A handshake over a connection that exists.
    pub(crate) async fn over(
        &self,
        stream: TcpStream,
        name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(self.0.clone()));
        within(connector.connect(name, stream)).await
    }

    /// The HTTP/1.1 side of a connection.
    pub(crate) async fn h1(&self, addr: SocketAddr, name: &str) -> http1::SendRequest<Body> {
        let stream = self.connect(addr, name).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// The HTTP/2 side of a connection.
    pub(crate) async fn h2(&self, addr: SocketAddr, name: &str) -> http2::SendRequest<Body> {
        let stream = self.connect(addr, name).await.unwrap();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// A GET on a connection of its own: the body, or that it failed.
    pub(crate) async fn get(&self, addr: SocketAddr, name: &str) -> Option<String> {
        let stream = self.connect(addr, name).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let response = within(sender.send_request(get("/"))).await.ok()?;
        let body = within(response.into_body().collect()).await.ok()?;
        String::from_utf8(body.to_bytes().to_vec()).ok()
    }

    /// The DNS names of the certificate that a server shows.
    pub(crate) async fn shown(&self, addr: SocketAddr, name: &str) -> Vec<String> {
        names(&self.connect(addr, name).await.unwrap())
    }
}

/// The DNS names of the certificate that the server of a connection has shown.
pub(crate) fn names(stream: &TlsStream<TcpStream>) -> Vec<String> {
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    let certificate = webpki::EndEntityCert::try_from(&chain[0]).unwrap();
    certificate.valid_dns_names().map(str::to_owned).collect()
}

/// Believes every certificate.
#[derive(Debug)]
struct Gullible(Arc<CryptoProvider>);

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
