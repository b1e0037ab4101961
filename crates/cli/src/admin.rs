//! Asks the admin listener of a host that runs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;

/// How long the host may take to answer. It does so from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page of it, which is JSON.
pub(crate) async fn ask<T: DeserializeOwned>(admin: SocketAddr, path: &str) -> anyhow::Result<T> {
    let page = tokio::time::timeout(PATIENCE, get(admin, path)).await;
    let page = page
        .with_context(|| format!("{admin} does not answer; is it the --admin-addr of a host?"))??;
    serde_json::from_slice(&page)
        .with_context(|| format!("{admin} is not the admin listener of a host that knows `{path}`"))
}

async fn get(admin: SocketAddr, path: &str) -> anyhow::Result<Vec<u8>> {
    use http_body_util::{BodyExt, Empty};
    let stream = tokio::net::TcpStream::connect(admin)
        .await
        .with_context(|| {
            format!("cannot connect to {admin}; start a host with --admin-addr {admin}")
        })?;
    let broken = || format!("{admin} broke off; is it the --admin-addr of a host?");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream))
            .await
            .with_context(broken)?;
    let request = hyper::Request::get(path)
        .header(hyper::header::HOST, admin.to_string())
        .body(Empty::<hyper::body::Bytes>::new())?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let page = response.into_body().collect().await?.to_bytes().to_vec();
        if !status.is_success() {
            bail!("it answered {status}");
        }
        Ok(page)
    };
    let (page, _) = tokio::join!(exchange, connection);
    page.with_context(broken)
}
