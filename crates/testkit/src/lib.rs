//! What tests need beside the code under test: components to run, servers to reach, a client, the log. Nothing here
//! stands in for a part of weft.
//!
//! Layout:
//! - `guests`: where the built test guests and examples are;
//! - `assemble`: components that are written as text;
//! - `browser`: Chromium, for tests of pages;
//! - `labels`: components that import under labels;
//! - `database`: MariaDB and PostgreSQL servers;
//! - `client`: HTTP requests whose bodies can be fed and read piece by piece;
//! - `visitor`: a client that keeps its connection;
//! - `server`: an HTTP server that guests reach out to;
//! - `collector`: a collector for telemetry;
//! - `log`: the log events of one workload.
//!
//! Everything panics when it cannot do its work: a test that cannot be set up has failed.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

pub mod assemble;
pub mod browser;
pub mod client;
pub mod collector;
pub mod database;
pub mod guests;
pub mod labels;
pub mod log;
pub mod server;
pub mod visitor;

use std::time::Duration;

pub use assemble::{assemble, assembled};
pub use guests::{example, guest};

/// How long anything in a test may take. Generous: it only bounds a test that would hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that is bound to happen, and fails the test if it does not.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("this did not happen within {} seconds", PATIENCE.as_secs()))
}

/// Waits until `holds` is true, for states that announce no change.
pub async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
