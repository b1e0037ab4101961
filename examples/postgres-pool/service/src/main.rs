//! The service of this workload: a pool of connections to PostgreSQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    sql_pool::run::<sql_pool::Postgres>()
}
