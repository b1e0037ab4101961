//! A viewer on a free port.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Request;
use http::header::HeaderName;
use serde_json::Value;
use tokio::task::JoinHandle;
use weft_testkit::client::{Client, Reply, full};
use weft_viewer::{Limits, Store, Viewer, serve};

/// A viewer, gone at the end of the test.
pub(crate) struct Running {
    pub(crate) store: Arc<Store>,
    pub(crate) addr: SocketAddr,
    serving: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let viewer = Viewer::open("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = viewer.addr;
        let store = Arc::new(Store::new(limits));
        let served = Arc::clone(&store);
        let serving = tokio::spawn(async move { serve(viewer, served).await.unwrap() });
        Self {
            store,
            addr,
            serving,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.addr.port())
    }

    /// What the API says.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = Client::new(self.addr).get(path).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        serde_json::from_str(&reply.text).unwrap()
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(name.parse::<HeaderName>().unwrap(), *value);
        }
        let request = request.body(full(body)).unwrap();
        let answer = Client::new(self.addr).send(request).await.unwrap();
        answer.reply().await.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
