//! A database server for benchmarks and for trying things out: `database mariadb` or `database postgresql` prints where
//! it is, as one line of JSON, and runs until its standard input ends.
#![expect(clippy::print_stdout, reason = "its one result")]

use std::io::Read;

use weft_testkit::database::{Database, Kind};

fn main() {
    let kind = match std::env::args().nth(1).as_deref() {
        Some("postgresql") => Kind::PostgreSql,
        _ => Kind::MariaDb,
    };
    let database = Database::start(kind);
    let (url, authority) = (database.url(), database.authority().replace('\n', "\\n"));
    let port = database.addr.port();
    println!("{{\"url\": \"{url}\", \"port\": {port}, \"authority\": \"{authority}\"}}");
    let mut nothing = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut nothing); // it ends with whoever started it
    drop(database);
}
