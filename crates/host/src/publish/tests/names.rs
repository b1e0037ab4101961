//! Ports by name, with real certificates.

use std::fs;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use weft_ingress::{RouteError, TlsFiles};

use super::cord::VirtualCord;
use super::place::Gauge;
use super::*;

const THROUGH: &str = "name: db, port: 5432, publish: {serverName: db.t.example}";
const ENDED: &str = "name: db, port: 5432, publish: {serverName: '*.t.example', tls: terminate}";

/// A certificate for `db.t.example`, which vouches for itself.
struct Certificate {
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pem: (String, String),
}

fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["db.t.example".to_owned()]).unwrap();
    Certificate {
        der: made.cert.der().clone(),
        key: PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap(),
        pem: (made.cert.pem(), made.signing_key.serialize_pem()),
    }
}

impl Certificate {
    /// A host that shows it.
    async fn host(&self) -> Publisher {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = (dir.path().join("crt"), dir.path().join("key"));
        fs::write(&certificate, &self.pem.0).unwrap();
        fs::write(&key, &self.pem.1).unwrap();
        let files = TlsFiles::new(certificate, key);
        let publisher = publisher(PublishConfig::default());
        let tls = Tls::load(files, Arc::default()).await.unwrap();
        assert!(publisher.tls.set(tls).is_ok());
        publisher
    }

    /// A connection that trusts it alone.
    async fn connect(&self, addr: SocketAddr, name: &str) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let stream = TcpStream::connect(addr).await?;
        within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
    }

    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], self.key.clone_key())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn names(publisher: &Publisher) -> SocketAddr {
    publisher
        .open_names("127.0.0.1:0".parse().unwrap())
        .unwrap()
}

#[tokio::test]
async fn a_service_with_its_own_certificate_gets_tls_as_it_was_sent() {
    let certificate = certificate();
    let (publisher, network) = (publisher(PublishConfig::default()), network());
    let addr = names(&publisher);
    let spec = spec("t", &[THROUGH]);
    let (_published, notes) = publisher.publish(&spec, &network).unwrap();
    assert!(notes.is_empty());
    let listener = listens(&network, "127.0.0.1:5432");
    let serve = async {
        let socket = within(listener.accept()).await.unwrap();
        let cord = VirtualCord::new(socket, Gauge::default().count());
        let mut stream = within(certificate.acceptor().accept(cord)).await.unwrap();
        let mut question = [0; 8];
        within(stream.read_exact(&mut question)).await.unwrap();
        stream.write_all(&question).await.unwrap();
        stream.shutdown().await.unwrap();
        stream
    };
    let ask = async {
        let mut stream = certificate.connect(addr, "db.t.example").await.unwrap();
        stream.write_all(b"question").await.unwrap();
        end(&mut stream).await.unwrap()
    };
    let (answer, _stream) = tokio::join!(ask, serve);
    assert_eq!(answer, b"question");
}

#[tokio::test]
async fn a_service_without_a_certificate_gets_plain_bytes_under_the_hosts() {
    let certificate = certificate();
    let (publisher, network) = (certificate.host().await, network());
    let addr = names(&publisher);
    let (published, _) = publisher.publish(&spec("t", &[ENDED]), &network).unwrap();
    let listener = listens(&network, "127.0.0.1:5432");
    let mut near = certificate.connect(addr, "db.t.example").await.unwrap();
    near.write_all(b"question").await.unwrap();
    let far = within(listener.accept()).await.unwrap();
    assert_eq!(read(&far, 8).await.unwrap(), b"question");
    write(&far, b"answer").await;
    far.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(end(&mut near).await.unwrap(), b"answer");
    drop(published);
    assert!(
        certificate.connect(addr, "db.t.example").await.is_err(),
        "the name is gone"
    );
}

#[tokio::test]
async fn a_handshake_waits_while_the_service_starts_again() {
    let certificate = certificate();
    let (publisher, network) = (certificate.host().await, network());
    let addr = names(&publisher);
    let (_published, _) = publisher.publish(&spec("t", &[ENDED]), &network).unwrap();
    let mut near = certificate.connect(addr, "db.t.example").await.unwrap();
    near.write_all(b"early").await.unwrap();
    let listener = listens(&network, "127.0.0.1:5432");
    let far = within(listener.accept()).await.unwrap();
    assert_eq!(read(&far, 5).await.unwrap(), b"early");
}

#[tokio::test]
async fn a_name_of_another_tenant_is_refused_with_whose_it_is() {
    let (publisher, network) = (publisher(PublishConfig::default()), network());
    names(&publisher);
    let (_published, _) = publisher.publish(&spec("t", &[THROUGH]), &network).unwrap();
    let refused = publisher.publish(&spec("other", &[THROUGH]), &network);
    let error = refused.err().unwrap();
    assert!(matches!(
        &error,
        PublishError::Name {
            source: RouteError::Claimed(_),
            ..
        }
    ));
    let text = error.to_string();
    assert!(
        text.contains("port `db` of workload `other/db`") && text.contains("tenant `t`"),
        "{text}"
    );
    let (_own, _) = publisher.publish(&spec("t", &[THROUGH]), &network).unwrap();
}

#[tokio::test]
async fn tls_cannot_end_at_a_host_without_certificates() {
    let publisher = publisher(PublishConfig::default());
    names(&publisher);
    let refused = publisher.publish(&spec("t", &[ENDED]), &network());
    let text = refused.err().unwrap().to_string();
    assert!(
        text.contains("--tls-cert") && text.contains("tls: passthrough"),
        "{text}"
    );
}
