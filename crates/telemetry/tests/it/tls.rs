//! Collectors behind TLS: certificates of their own, and files that cannot be used.

use std::sync::Arc;

use hyper::service::service_fn;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use weft_telemetry::{Environment, Telemetry};
use weft_testkit::within;

use crate::support::{from_variables, request};

/// Takes one request over TLS and says which protocol was agreed on, and which path was asked for.
async fn one_request(
    listener: TcpListener,
    chain: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> (Vec<u8>, String) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the versions are known")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("the key fits");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (stream, _) = listener.accept().await.expect("somebody connects");
    let stream = acceptor.accept(stream).await.expect("it speaks TLS");
    let agreed = stream
        .get_ref()
        .1
        .alpn_protocol()
        .expect("one was agreed on")
        .to_vec();
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let answer = service_fn(|request: http::Request<hyper::body::Incoming>| {
        if let Some(tell) = tell.lock().expect("no panic").take() {
            let _ = tell.send(request.uri().path().to_owned());
        }
        std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(
            http_body_util::Empty::<bytes::Bytes>::new(),
        )))
    });
    let builder =
        hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
    let serving = builder.serve_connection(hyper_util::rt::TokioIo::new(stream), answer);
    tokio::select! {
        _ = serving => panic!("the connection ended before a request"),
        path = told => (agreed, path.expect("it was told")),
    }
}

#[tokio::test]
async fn a_certificate_of_its_own_is_trusted_if_it_is_given() {
    for (protocol, alpn, path) in [
        (
            "grpc",
            "h2",
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ),
        ("http/protobuf", "http/1.1", "/v1/traces"),
    ] {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("it can be made");
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("ca.pem");
        std::fs::write(&file, cert.pem()).expect("written");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let server = one_request(listener, cert.der().clone(), key);
        let telemetry = from_variables(&[
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                &format!("https://localhost:{port}"),
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            (
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &file.display().to_string(),
            ),
            ("OTEL_BSP_SCHEDULE_DELAY", "5"),
        ]);
        request(&telemetry, "secret");
        let (agreed, asked) = within(server).await;
        assert_eq!((agreed.as_slice(), asked.as_str()), (alpn.as_bytes(), path));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_said_at_once() {
    let told = |variables: &[(&str, &str)]| {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (config, _) = Environment::of(owned).config(Vec::new());
        Telemetry::new(config)
            .map(drop)
            .expect_err("it cannot be set up")
            .to_string()
    };
    let https = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1");
    let missing = told(&[https, ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such.pem")]);
    assert!(
        missing.contains("`/no/such.pem` cannot be used for TLS"),
        "{missing}"
    );
    // A pipe would be waited for, and a device never ends.
    let dir = tempfile::tempdir().expect("a folder");
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("it runs").success());
    for odd in [dir.path(), &pipe, std::path::Path::new("/dev/zero")] {
        let odd = odd.display().to_string();
        let refused = told(&[https, ("OTEL_EXPORTER_OTLP_CERTIFICATE", &odd)]);
        assert!(refused.contains("it is no file"), "{refused}");
    }
    let half = told(&[https, ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/no/such.pem")]);
    assert!(
        half.contains("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
        "{half}"
    );
}
