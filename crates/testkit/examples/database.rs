//! A database server for benchmarks and for trying things out: `database mariadb` or `database postgresql` prints where
//! it is, as one line of JSON, and runs until its standard input ends. Each line of that is obeyed and answered by one
//! line, a JSON string: `stop` breaks the server off, `start` starts it again and waits until it takes connections,
//! anything else is run as a statement of the administrator.
#![expect(clippy::print_stdout, reason = "its results")]

use std::io::BufRead;

use weft_testkit::database::{Database, Kind};

fn main() {
    let kind = match std::env::args().nth(1).as_deref() {
        Some("postgresql") => Kind::PostgreSql,
        _ => Kind::MariaDb,
    };
    let mut database = Database::start(kind);
    let (url, authority) = (database.url(), database.authority().replace('\n', "\\n"));
    let port = database.addr.port();
    println!("{{\"url\": \"{url}\", \"port\": {port}, \"authority\": \"{authority}\"}}");
    // It ends with whoever started it.
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let answer = match line.as_str() {
            "stop" => {
                database.stop();
                String::new()
            }
            "start" => {
                database.start_again();
                String::new()
            }
            statement => database.sql(statement),
        };
        println!("{answer:?}");
    }
    drop(database);
}
