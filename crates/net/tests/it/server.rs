//! An HTTP server on loopback for the tests of the client: HTTP/1.1 and HTTP/2, with and without TLS.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A server, and how many connections it accepted.
pub(crate) struct Server {
    pub(crate) port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    /// Answers each request with what was asked: version, method, path, `Host` and body.
    pub(crate) async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let accepted = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(welcome(stream, tls.clone()));
            }
        });
        Self { port, accepted }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// A URL of this server, under the name of the loopback of the host.
    pub(crate) fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://host.weft.internal:{}{path}", self.port)
    }
}

async fn welcome(stream: TcpStream, tls: Option<TlsAcceptor>) {
    match tls {
        None => serve(stream).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream).await;
            }
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) {
    let builder = auto::Builder::new(TokioExecutor::new());
    let served = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
    // The client closes as it likes.
    let _ = served.await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let host = match parts.headers.get("host") {
        Some(host) => String::from_utf8_lossy(host.as_bytes()).into_owned(),
        None => parts
            .uri
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    let host = host.split(':').next().unwrap_or_default();
    let text = format!(
        "{:?} {} {} {host} {}",
        parts.version,
        parts.method,
        parts.uri.path(),
        String::from_utf8_lossy(&body)
    );
    let mut response = Response::new(Full::from(text));
    if parts.uri.path() == "/redirect" {
        *response.status_mut() = hyper::StatusCode::FOUND;
        let elsewhere = hyper::header::HeaderValue::from_static("http://169.254.169.254/");
        response.headers_mut().insert("location", elsewhere);
    }
    Ok(response)
}
