//! A long-lived service that owns a pool of database connections and lends them to the components of its workload.
//! Components speak the protocol of `sql-pool-protocol` to it over the workload's own loopback network; only this
//! service knows where the database is and how to log in.
//!
//! Layout:
//! - `settings`: what the environment says;
//! - `backend`: what MariaDB, MySQL and PostgreSQL have in common, and one module for each;
//! - `statement`: which statements are run, and which of them change more than data;
//! - `gauges`: counts for the page;
//! - `idle`: connections that nobody uses;
//! - `lender`: the pool: who waits, who gets a connection, what state it comes back in;
//! - `session`: one component's connection and its transaction;
//! - `wire`: frames in, frames out;
//! - `listener`, `serve`: where components connect.

mod backend;
mod gauges;
mod idle;
mod lender;
mod listener;
mod serve;
mod session;
mod settings;
mod statement;
mod wire;

#[cfg(feature = "mysql")]
pub use backend::mysql::MySql;
#[cfg(feature = "postgres")]
pub use backend::postgres::Postgres;

use backend::Backend;
use std::process::ExitCode;

/// Runs the service until it is stopped: the `main` of a program for one kind of database.
pub fn run<B: Backend>() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime
        .map_err(|error| format!("tokio does not start: {error}"))
        .and_then(|runtime| {
            let settings = settings::Settings::read(|name| std::env::var(name).ok())?;
            runtime.block_on(tokio::task::LocalSet::new().run_until(serve::serve::<B>(settings)))
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
