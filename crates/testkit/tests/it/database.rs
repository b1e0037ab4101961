//! The database servers of the testkit do what other tests rely on.
use std::net::TcpStream;

use weft_testkit::database::{Database, Kind};

fn serves(kind: Kind) {
    let mut database = Database::start(kind);
    let create = "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (42)";
    let (create, select) = match kind {
        Kind::MariaDb => (
            format!("USE app; {create}"),
            "SELECT n FROM app.kept".to_owned(),
        ),
        Kind::PostgreSql => (create.to_owned(), "SELECT n FROM kept".to_owned()),
    };
    database.sql(&create);
    database.stop();
    assert!(TcpStream::connect(database.addr).is_err(), "it is down");
    database.start_again();
    assert_eq!(database.sql(&select), "42", "data outlives a restart");
    let addr = database.addr;
    drop(database);
    assert!(TcpStream::connect(addr).is_err(), "it ends with its handle");
}

#[test]
fn mariadb_runs_keeps_its_data_over_a_crash_and_ends_with_its_handle() {
    serves(Kind::MariaDb);
}

#[test]
fn postgresql_runs_keeps_its_data_over_a_crash_and_ends_with_its_handle() {
    serves(Kind::PostgreSql);
}
