//! Connections that are forwarded: by an address, and by the name in the handshake of TLS.

mod address;
mod hello;
mod names;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use weft_api::spec::TlsEnd;
use weft_ingress::{
    Cord, Drained, Entrance, ForwardConfig, ForwardLimits, ForwardStats, ForwardTarget, NameGuard,
    Places, Routes, Tls, forward, listen,
};

use crate::support::certificates::Issued;
use crate::support::within;

/// A target that is a listener of this machine.
pub(super) struct Backend {
    name: &'static str,
    addr: SocketAddr,
}

impl ForwardTarget for Backend {
    fn name(&self) -> &str {
        self.name
    }

    fn connect(&self) -> BoxFuture<'_, io::Result<Box<dyn Cord>>> {
        Box::pin(async {
            let stream = TcpStream::connect(self.addr).await?;
            Ok(Box::new(stream) as Box<dyn Cord>)
        })
    }
}

/// A listener of a test, and the target that leads to it.
pub(super) async fn backend(name: &'static str) -> (TcpListener, Arc<Backend>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, Arc::new(Backend { name, addr }))
}

/// A backend that answers every connection with its name, and then with what it gets.
pub(super) async fn echo(name: &'static str) -> Arc<Backend> {
    let (listener, target) = backend(name).await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, name));
        }
    });
    target
}

/// The same, behind TLS of its own.
pub(super) async fn secure_echo(name: &'static str, issued: Issued) -> Arc<Backend> {
    let (listener, target) = backend(name).await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.certificate], issued.key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, name).await;
                }
            });
        }
    });
    target
}

async fn answer<S>(mut stream: S, name: &str)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut buffer = [0; 4096];
    if stream.write_all(name.as_bytes()).await.is_err() {
        return;
    }
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// A forwarding listener on a free port of this machine. Dropping it cuts everything.
pub(super) struct Forward {
    pub(super) addr: SocketAddr,
    pub(super) routes: Routes,
    pub(super) stats: Arc<ForwardStats>,
    pub(super) shutdown: CancellationToken,
    task: JoinHandle<Drained>,
}

impl Forward {
    pub(super) fn to(target: Arc<dyn ForwardTarget>, limits: ForwardLimits) -> Self {
        Self::sharing(Places::new(100, 100), target, limits)
    }

    /// One that shares its places with others.
    pub(super) fn sharing(
        places: Places,
        target: Arc<dyn ForwardTarget>,
        limits: ForwardLimits,
    ) -> Self {
        Self::start(Routes::new(), Entrance::Target(target), places, limits)
    }

    pub(super) fn by_name(tls: Option<Tls>, limits: ForwardLimits) -> Self {
        Self::by_name_sharing(Places::new(100, 100), tls, limits)
    }

    pub(super) fn by_name_sharing(places: Places, tls: Option<Tls>, limits: ForwardLimits) -> Self {
        let routes = Routes::new();
        let entrance = Entrance::Names {
            routes: routes.clone(),
            tls,
        };
        Self::start(routes, entrance, places, limits)
    }

    fn start(routes: Routes, entrance: Entrance, places: Places, limits: ForwardLimits) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = listener.local_addr().unwrap();
        let stats: Arc<ForwardStats> = Arc::default();
        let config = ForwardConfig {
            limits,
            places,
            stats: Arc::clone(&stats),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(forward(listener, entrance, config, shutdown.clone()));
        Self {
            addr,
            routes,
            stats,
            shutdown,
            task,
        }
    }

    pub(super) fn publish(
        &self,
        host: &str,
        tls: TlsEnd,
        target: Arc<dyn ForwardTarget>,
    ) -> NameGuard {
        let (tenant, workload) = ("t".parse().unwrap(), "w".parse().unwrap());
        let host = host.parse().unwrap();
        self.routes
            .publish_name(tenant, workload, host, tls, target)
            .unwrap()
    }

    pub(super) async fn connect(&self) -> TcpStream {
        within(TcpStream::connect(self.addr)).await.unwrap()
    }

    pub(super) async fn drained(&mut self) -> Drained {
        self.shutdown.cancel();
        within(&mut self.task).await.unwrap()
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads so much text.
pub(super) async fn text<S: tokio::io::AsyncRead + Unpin>(stream: &mut S, length: usize) -> String {
    let mut bytes = vec![0; length];
    within(stream.read_exact(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What a connection ends with.
pub(super) async fn end(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}
