//! The pages of the demo, as `examples/demo.toml` lists them.

use super::http;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    page: Vec<Page>,
}

/// One address to open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// The folder of the example that serves it.
    pub(crate) example: String,
    /// The host name that the example's manifest asks for.
    host: String,
    path: String,
    /// What a person sees there.
    pub(crate) shows: String,
    /// What the body must contain.
    expect: String,
}

impl Page {
    /// The address to open.
    pub(crate) fn url(&self, addr: SocketAddr) -> String {
        format!("http://{}:{}{}", self.host, addr.port(), self.path)
    }

    /// Asks for the page and compares the answer.
    pub(crate) fn check(&self, addr: SocketAddr) -> Result<()> {
        let answer = http::get(addr, &self.host, &self.path)?;
        if answer.status == 200 && answer.body.contains(&self.expect) {
            return Ok(());
        }
        let url = self.url(addr);
        bail!(
            "{url} answered status {} and not `{}`:\n{}",
            answer.status,
            self.expect,
            answer.body
        )
    }
}

/// All pages, or those that Rust examples serve.
pub(crate) fn list(only_rust: bool) -> Result<Vec<Page>> {
    let file = workspace::root().join("examples/demo.toml");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let mut demo: Demo =
        toml::from_str(&text).with_context(|| format!("{} is not as expected", file.display()))?;
    let examples = workspace::root().join("examples");
    demo.page
        .retain(|page| !only_rust || !super::is_typescript(&examples.join(&page.example)));
    Ok(demo.page)
}

/// Waits until something listens on `addr`, while `alive` and for at most `limit`. weft opens its port when all
/// workloads are ready.
pub(crate) fn wait_until_served(
    addr: SocketAddr,
    limit: Duration,
    mut alive: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if !alive()? {
            bail!("weft ended before it served {addr}; its messages are above");
        }
        if std::net::TcpStream::connect(addr).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100)); // an address sends no event when it opens
    }
    bail!("nothing listens on {addr} after {} s", limit.as_secs())
}

#[cfg(test)]
mod tests;
