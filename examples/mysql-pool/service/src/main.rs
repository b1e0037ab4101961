//! The service of this workload: a pool of connections to MariaDB or MySQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    sql_pool::run::<sql_pool::MySql>()
}
