//! Transactions belong to a component, and nothing of one borrower's session is left for the next.

use sql_pool_protocol::{Request, Value};
use weft_testkit::database::Kind;

use super::client::Client;
use super::service::with_shared;

const KINDS: [Kind; 2] = [Kind::MariaDb, Kind::PostgreSql];

#[test]
fn a_transaction_is_seen_by_others_only_when_it_is_committed() {
    for kind in KINDS {
        let (_database, service) = with_shared(kind, &[]);
        let (mut one, mut other) = (service.client(), service.client());
        one.execute("CREATE TABLE seen (n INT)", &[]);
        one.begin();
        one.execute("INSERT INTO seen VALUES (1)", &[]);
        assert_eq!(other.value("SELECT COUNT(*) FROM seen", &[]), Value::Int(0));
        assert_eq!(service.stats().transactions, 1);
        one.commit().unwrap();
        assert_eq!(other.value("SELECT COUNT(*) FROM seen", &[]), Value::Int(1));
        one.begin();
        one.execute("INSERT INTO seen VALUES (2)", &[]);
        one.ask(&Request::Rollback).unwrap();
        assert_eq!(other.value("SELECT COUNT(*) FROM seen", &[]), Value::Int(1));
        assert_eq!(service.stats().transactions, 0);
    }
}

#[test]
fn a_component_that_goes_away_leaves_no_transaction_and_no_lock() {
    for kind in KINDS {
        let (_database, service) = with_shared(kind, &[("POOL_SIZE", "2")]);
        let mut other = service.client();
        other.execute("CREATE TABLE locked (n INT)", &[]);
        other.execute("INSERT INTO locked VALUES (1)", &[]);
        for _ in 0..10 {
            let mut one = service.client();
            one.begin();
            one.execute("UPDATE locked SET n = 2", &[]);
            drop(one);
        }
        assert_eq!(other.value("SELECT n FROM locked", &[]).as_int(), Some(1));
        other.execute("UPDATE locked SET n = n", &[]); // no lock is held
        let stats = service.until("all are rolled back", |stats| stats.transactions == 0);
        assert_eq!(stats.abandoned, 10);
    }
}

#[test]
fn a_transaction_in_which_a_statement_failed_can_only_be_rolled_back() {
    for kind in KINDS {
        let (_database, service) = with_shared(kind, &[]);
        let mut client = service.client();
        client.execute("CREATE TABLE whole (n INT)", &[]);
        client.begin();
        client.execute("INSERT INTO whole VALUES (1)", &[]);
        assert!(
            client
                .try_execute("INSERT INTO no_such_table VALUES (1)", &[])
                .is_err()
        );
        let fault = client.try_execute("INSERT INTO whole VALUES (2)", &[]);
        assert_eq!(fault.unwrap_err().code, "25P02");
        assert_eq!(client.commit().unwrap_err().code, "40000");
        assert_eq!(
            client.value("SELECT COUNT(*) FROM whole", &[]),
            Value::Int(0)
        );
        assert_eq!(client.commit().unwrap_err().code, "25P01", "it is over");
    }
}

#[test]
fn transactions_cannot_be_begun_or_ended_behind_the_pools_back() {
    for kind in KINDS {
        let (_database, service) = with_shared(kind, &[]);
        let mut client = service.client();
        for sql in [
            "BEGIN",
            "start transaction",
            "/* x */ COMMIT",
            "-- x\n rollback",
            "SAVEPOINT a",
            "SET autocommit = 0",
            "/*! COMMIT */",
            "/*!50000 BEGIN */ ",
            "# x\nBEGIN",
            "(commit)",
            "SELECT 1 /*! INTO @x */",
            "LOCK TABLES t READ",
        ] {
            let fault = client.try_execute(sql, &[]).unwrap_err();
            assert_eq!(fault.code, "0A000", "{sql}");
        }
        for sql in ["", "  ", "-- only a comment", "/* open"] {
            assert_eq!(
                client.try_execute(sql, &[]).unwrap_err().code,
                "42601",
                "{sql}"
            );
        }
        // One statement is one statement.
        let two = client.try_execute("SELECT 1; COMMIT", &[]);
        assert!(two.is_err(), "{kind:?}");
    }
}

#[test]
fn nothing_of_a_session_is_left_for_the_next_borrower_in_mariadb() {
    let (_database, service) = with_shared(Kind::MariaDb, &[("POOL_SIZE", "1")]);
    let (mut one, mut other) = (service.client(), service.client());
    one.begin();
    one.execute("SET @secret = 'mine'", &[]);
    one.execute("SET SESSION sql_mode = ''", &[]);
    one.execute("CREATE TEMPORARY TABLE scratch (n INT)", &[]);
    one.query("SELECT GET_LOCK('mine', 1)", &[]);
    one.commit().unwrap();
    assert_eq!(other.value("SELECT @secret", &[]), Value::Null);
    let mode = other.value("SELECT @@sql_mode", &[]);
    assert_ne!(mode.as_text(), Some(""));
    assert_eq!(
        other
            .try_query("SELECT * FROM scratch", &[])
            .unwrap_err()
            .code,
        "42S02"
    );
    assert_eq!(
        other.value("SELECT IS_FREE_LOCK('mine')", &[]),
        Value::Int(1)
    );
}

#[test]
fn nothing_of_a_session_is_left_for_the_next_borrower_in_postgresql() {
    let (_database, service) = with_shared(Kind::PostgreSql, &[("POOL_SIZE", "1")]);
    let (mut one, mut other) = (service.client(), service.client());
    let process = one.value("SELECT pg_backend_pid()", &[]);
    one.begin();
    one.execute("SET search_path = nowhere", &[]);
    one.execute("SET statement_timeout = 0", &[]);
    one.execute("CREATE TEMPORARY TABLE scratch (n INT)", &[]);
    one.query("SELECT set_config('my.secret', 'mine', false)", &[]);
    one.query("SELECT pg_advisory_lock(7)::text", &[]);
    one.commit().unwrap();
    let setting = |name: &str| format!("SELECT COALESCE(current_setting('{name}', true), '')");
    assert_eq!(other.value(&setting("my.secret"), &[]), Value::from(""));
    let path = other.value(&setting("search_path"), &[]);
    assert_eq!(path.as_text(), Some("\"$user\", public"));
    assert_eq!(
        other.value(&setting("statement_timeout"), &[]),
        Value::from("5s")
    );
    assert_eq!(
        other
            .try_query("SELECT * FROM scratch", &[])
            .unwrap_err()
            .code,
        "42P01"
    );
    let locks = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(other.value(locks, &[]), Value::Int(0));
    let again = other.value("SELECT pg_backend_pid()", &[]);
    assert_eq!(again, process, "the same connection, made like new");
}

#[test]
fn statements_are_prepared_once_for_a_connection() {
    let (_database, service) = with_shared(Kind::MariaDb, &[("POOL_SIZE", "1")]);
    let mut client = service.client();
    client.begin();
    let prepared = |client: &mut Client| {
        let rows = client.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'", &[]);
        rows[0][1].as_text().unwrap().parse::<u32>().unwrap()
    };
    let before = prepared(&mut client);
    for number in 0..50 {
        let value = client.value("SELECT ? + 1", &[Value::Int(number)]);
        assert_eq!(value, Value::Int(number + 1));
    }
    assert_eq!(prepared(&mut client), before + 1);
    client.commit().unwrap();
}
