//! A server that answers as Vault's key-value engine, version 2, does: versions, deletion, namespaces, tokens.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use weft_settings::{Failure, Provider, Reading};
use weft_vault::{Config, TokenFrom, Vault};

/// The token that the server takes.
pub(crate) const TOKEN: &str = "hvs.CANARY-TOKEN";

/// Patience with anything that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is in it, and how it behaves.
#[derive(Default)]
struct Content {
    /// By namespace and path, the newest version and its data; none = deleted.
    secrets: BTreeMap<(String, String), (u64, Option<Value>)>,
    /// Answers with this instead.
    instead: Option<(u16, String, Option<u64>)>,
    /// The headers and targets of all requests.
    seen: Vec<(String, http::HeaderMap)>,
}

/// A running server. It ends with the runtime of its test.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    content: Arc<Mutex<Content>>,
    /// Whether answers wait.
    held: Arc<watch::Sender<bool>>,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::serve(None).await
    }

    pub(crate) async fn serve(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let content = Arc::<Mutex<Content>>::default();
        let held = Arc::new(watch::Sender::new(false));
        let (shared, gate) = (Arc::clone(&content), Arc::clone(&held));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (content, gate) = (Arc::clone(&shared), gate.subscribe());
                tokio::spawn(accepted(stream, tls.clone(), content, gate));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        write_token(&folder.path().join("token"), TOKEN, 0o600);
        Self {
            addr,
            content,
            held,
            folder,
        }
    }

    /// Writes the next version of `team/app`.
    pub(crate) fn put(&self, data: Value) {
        self.put_at("", "team/app", data);
    }

    pub(crate) fn put_at(&self, namespace: &str, path: &str, data: Value) {
        let mut content = self.content.lock().unwrap();
        let key = (namespace.to_owned(), path.to_owned());
        let secret = content.secrets.entry(key).or_default();
        *secret = (secret.0 + 1, Some(data));
    }

    /// Deletes the newest version of `team/app`.
    pub(crate) fn delete(&self) {
        let mut content = self.content.lock().unwrap();
        let key = (String::new(), "team/app".to_owned());
        content.secrets.get_mut(&key).unwrap().1 = None;
    }

    /// Answers with this from now on, whatever is asked.
    pub(crate) fn instead(&self, status: u16, body: &str) {
        self.content.lock().unwrap().instead = Some((status, body.to_owned(), None));
    }

    /// The same, and asks to be left alone.
    pub(crate) fn busy(&self, seconds: u64) {
        self.content.lock().unwrap().instead = Some((429, String::new(), Some(seconds)));
    }

    /// Behaves again.
    pub(crate) fn recover(&self) {
        self.content.lock().unwrap().instead = None;
    }

    /// Lets answers wait until this is called with false.
    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.content.lock().unwrap().seen.len()
    }

    /// What the last request was like.
    pub(crate) fn last(&self) -> (String, http::HeaderMap) {
        self.content.lock().unwrap().seen.last().unwrap().clone()
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// How `team/app` is read, without any memory.
    pub(crate) fn config(&self) -> Config {
        Config {
            address: format!("http://{}", self.addr),
            mount: "secret".to_owned(),
            path: "team/app".to_owned(),
            namespace: None,
            token: TokenFrom::File(self.token_file()),
            ca_file: None,
            plain_http: false,
            cache: Duration::ZERO,
            max_stale: Duration::ZERO,
            timeout: PATIENCE,
            retry: Duration::ZERO,
        }
    }

    pub(crate) fn vault(&self, change: impl FnOnce(&mut Config)) -> Vault {
        let mut config = self.config();
        change(&mut config);
        Vault::new(config).unwrap()
    }
}

pub(crate) fn write_token(path: &std::path::Path, token: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, token).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

async fn accepted(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    content: Arc<Mutex<Content>>,
    gate: watch::Receiver<bool>,
) {
    let Some(tls) = tls else {
        return connection(stream, content, gate).await;
    };
    if let Ok(stream) = tls.accept(stream).await {
        connection(stream, content, gate).await;
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    content: Arc<Mutex<Content>>,
    gate: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let content = Arc::clone(&content);
        let mut gate = gate.clone();
        async move {
            let response = answer(&request, &mut content.lock().unwrap());
            let _ = gate.wait_for(|held| !held).await;
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        // Proxies in front of servers often close each connection.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn answer(request: &Request<Incoming>, content: &mut Content) -> Response<Full<Bytes>> {
    let target = request.uri().to_string();
    content
        .seen
        .push((target.clone(), request.headers().clone()));
    let respond = |status: u16, body: String| {
        Response::builder()
            .status(status)
            .body(Full::new(Bytes::from(body)))
            .unwrap()
    };
    if let Some((status, body, retry_after)) = &content.instead {
        let mut response = respond(*status, body.clone());
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert("retry-after", (*seconds).into());
        }
        return response;
    }
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    if header("x-vault-token") != TOKEN || header("x-vault-request") != "true" {
        return respond(403, json!({"errors": ["permission denied"]}).to_string());
    }
    let Some(path) = target.strip_prefix("/v1/secret/data/") else {
        return respond(404, json!({"errors": []}).to_string());
    };
    let key = (header("x-vault-namespace"), path.to_owned());
    match content.secrets.get(&key) {
        None => respond(404, json!({"errors": []}).to_string()),
        Some((version, None)) => {
            let metadata = json!({"version": version, "deletion_time": "2026-01-01T00:00:00Z", "destroyed": false});
            respond(
                404,
                json!({"data": {"data": null, "metadata": metadata}}).to_string(),
            )
        }
        Some((version, Some(data))) => {
            let metadata = json!({"version": version, "created_time": "2026-01-01T00:00:00Z", "custom_metadata": null,
                "deletion_time": "", "destroyed": false});
            let body = json!({"request_id": "r", "lease_id": "", "renewable": false, "lease_duration": 0,
                "data": {"data": data, "metadata": metadata}, "wrap_info": null, "warnings": null, "auth": null});
            respond(200, body.to_string())
        }
    }
}

/// Reads a value, which must not take for ever.
pub(crate) async fn read(vault: &Vault, name: &str) -> Result<Option<Reading>, Failure> {
    tokio::time::timeout(PATIENCE, vault.read(name))
        .await
        .unwrap()
}

/// The value as text.
pub(crate) async fn text(vault: &Vault, name: &str) -> String {
    let reading = read(vault, name).await.unwrap().unwrap();
    reading.value.expose_text().unwrap().to_owned()
}

/// Why there is none. Neither token nor value is in it.
pub(crate) async fn failure(vault: &Vault) -> String {
    let failure = read(vault, "key").await.unwrap_err();
    let told = format!("{failure} {failure:?}");
    assert!(!told.contains("CANARY"), "{told}");
    failure.to_string()
}

/// Waits until something holds.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    let poll = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, poll).await.unwrap();
}
