//! The pages of the demo, as `examples/demo.toml` lists them.

use super::http;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// What weft answers for a host name that no workload has.
const NO_ROUTE: u16 = 404;
const NOT_READY: u16 = 503;

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

    /// Asks for the page and compares the answer. `Ok(false)`: nobody serves it yet.
    pub(crate) fn ask(&self, addr: SocketAddr) -> Result<bool> {
        let Ok(answer) = http::get(addr, &self.host, &self.path) else {
            return Ok(false);
        };
        match answer.status {
            200 if answer.body.contains(&self.expect) => Ok(true),
            NO_ROUTE | NOT_READY => Ok(false),
            status => {
                let (url, body) = (self.url(addr), answer.body);
                bail!(
                    "{url} answered status {status} and not `{}`:\n{body}",
                    self.expect
                )
            }
        }
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

/// Waits until every page answers, while `alive` and for at most `limit`. weft opens its port first and adds a route
/// when its workload is ready. A wrong answer ends the wait at once.
pub(crate) fn wait_until_served(
    pages: &[Page],
    addr: SocketAddr,
    limit: Duration,
    mut alive: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let deadline = Instant::now() + limit;
    for page in pages {
        while !page.ask(addr)? {
            if !alive()? {
                bail!(
                    "weft ended before it served {}; its messages are above",
                    page.url(addr)
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "{} is not served after {} s",
                    page.url(addr),
                    limit.as_secs()
                );
            }
            thread::sleep(Duration::from_millis(100)); // a route sends no event when it opens
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
