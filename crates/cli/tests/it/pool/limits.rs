//! A component that is slow, silent or greedy holds nothing for ever.

use std::time::{Duration, Instant};

use sql_pool_protocol::{Reply, Request, Value};
use weft_testkit::database::Kind;

use super::service::{Service, with_shared};

const KINDS: [Kind; 2] = [Kind::MariaDb, Kind::PostgreSql];

fn sleep(kind: Kind, seconds: u32) -> String {
    match kind {
        Kind::MariaDb => format!("SELECT SLEEP({seconds})"),
        Kind::PostgreSql => format!("SELECT pg_sleep({seconds})::text"),
    }
}

#[test]
fn who_waits_for_too_long_is_told_that_all_connections_are_busy() {
    for kind in KINDS {
        let settings = [("POOL_SIZE", "2"), ("POOL_WAIT_MS", "3000")];
        let (_database, service) = with_shared(kind, &settings);
        let mut holders = [service.client(), service.client()];
        holders.iter_mut().for_each(super::client::Client::begin);
        let mut waiter = service.client();
        waiter.send(&Request::Begin);
        let stats = service.until("it is counted", |stats| stats.waiters > 0);
        assert_eq!((stats.connections, stats.idle), (2, 0));
        let Some(Reply::Error(fault)) = waiter.receive() else {
            panic!("it was not told");
        };
        assert_eq!(fault.code, "53300");
        assert!(fault.message.contains("all 2 connections"), "{fault:?}");
        let [first, _second] = &mut holders;
        first.commit().unwrap();
        waiter.begin();
        assert!(service.stats().timeouts >= 1);
    }
}

#[test]
fn a_silent_transaction_is_rolled_back_and_its_connection_lent_again() {
    for kind in KINDS {
        let settings = [("POOL_SIZE", "1"), ("POOL_IDLE_TRANSACTION_MS", "100")];
        let (_database, service) = with_shared(kind, &settings);
        let mut silent = service.client();
        silent.execute("CREATE TABLE silent (n INT)", &[]);
        silent.begin();
        silent.execute("INSERT INTO silent VALUES (1)", &[]);
        let Some(Reply::Error(fault)) = silent.receive() else {
            panic!("it was not told");
        };
        assert_eq!(fault.code, "25P03");
        assert_eq!(silent.receive(), None, "its connection is closed");
        let count = service.client().value("SELECT COUNT(*) FROM silent", &[]);
        assert_eq!(count, Value::Int(0));
    }
}

#[test]
fn a_busy_transaction_ends_at_its_time_limit() {
    let settings = [("POOL_TRANSACTION_MS", "300")];
    let (_database, service) = with_shared(Kind::PostgreSql, &settings);
    let mut busy = service.client();
    busy.begin();
    let began = Instant::now();
    loop {
        busy.send(&Request::Ping);
        match busy.receive() {
            Some(Reply::Done { .. }) => assert!(began.elapsed() < Duration::from_secs(30)),
            Some(Reply::Error(fault)) => {
                assert_eq!(fault.code, "25P03");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_slow_statement_is_ended_by_the_database_and_its_connection_is_kept() {
    for kind in KINDS {
        let settings = [("POOL_SIZE", "1"), ("POOL_STATEMENT_MS", "200")];
        let (_database, service) = with_shared(kind, &settings);
        let mut client = service.client();
        client.query("SELECT 1", &[]);
        let opened = service.stats().opened;
        let ended = client.try_query(&sleep(kind, 60), &[]);
        // MariaDB's SLEEP answers 1 when it is broken off, without an error.
        if kind == Kind::PostgreSql {
            assert_eq!(ended.unwrap_err().code, "57014");
        }
        client.query("SELECT 2", &[]);
        assert_eq!(service.stats().opened, opened, "{kind:?}");
    }
}

#[test]
fn a_component_that_does_not_read_loses_its_connection() {
    let settings = [
        ("POOL_SIZE", "1"),
        ("POOL_STATEMENT_MS", "500"),
        ("POOL_WAIT_MS", "10000"),
    ];
    for kind in KINDS {
        let (_database, service) = with_shared(kind, &settings);
        let mut deaf = service.client();
        let sql = match kind {
            Kind::MariaDb => "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_1000000",
            Kind::PostgreSql => "SELECT n, REPEAT('x', 1000) FROM generate_series(1, 1000000) AS n",
        };
        let (sql, params) = (sql.to_owned(), Vec::new());
        deaf.send(&Request::Query { sql, params });
        service.until("it has the only connection", |stats| stats.queries > 0);
        let one = service.client().value("SELECT 40 + 2", &[]);
        assert_eq!(one.as_int(), Some(42), "{kind:?}");
    }
}

#[test]
fn a_silent_component_is_not_kept_for_ever() {
    let (_database, service) = with_shared(Kind::MariaDb, &[("POOL_IDLE_CLIENT_MS", "100")]);
    let mut silent = service.client();
    assert_eq!(silent.receive(), None);
}

#[test]
fn connections_that_nobody_uses_are_closed() {
    for kind in KINDS {
        let settings = [("POOL_MIN", "0"), ("POOL_IDLE_MS", "100")];
        let (_database, service) = with_shared(kind, &settings);
        let mut client = service.client();
        client.query("SELECT 1", &[]);
        let stats = service.until("they are closed", |stats| stats.connections == 0);
        assert_eq!(stats.idle, 0);
        client.query("SELECT 2", &[]);
        assert_eq!(service.stats().errors, 0, "{kind:?}");
    }
}

#[test]
fn a_connection_that_has_had_its_turn_is_replaced_without_an_error() {
    for kind in KINDS {
        let settings = [("POOL_SIZE", "1"), ("POOL_TURN_MS", "100")];
        let (_database, service) = with_shared(kind, &settings);
        let mut client = service.client();
        while client.stats().opened < 4 {
            client.query("SELECT 1", &[]);
        }
        let stats = service.stats();
        assert_eq!((stats.errors, stats.reconnects), (0, 0), "{kind:?}");
    }
}

#[test]
fn components_beyond_the_limit_are_told_that_there_are_too_many() {
    let (_database, service) = with_shared(Kind::MariaDb, &[("POOL_CLIENTS", "3")]);
    let mut watcher = service.client();
    while watcher.stats().clients > 1 {}
    let mut clients: Vec<_> = (0..2).map(|_| service.client()).collect();
    for client in &mut clients {
        client.stats();
    }
    let mut turned_away = service.client();
    let Some(Reply::Error(fault)) = turned_away.receive() else {
        panic!("it was not told");
    };
    assert_eq!(fault.code, "53300");
    assert_eq!(turned_away.receive(), None);
    clients.pop();
    while watcher.stats().clients > 2 {}
    assert_eq!(service.client().stats().refused, 1);
}

#[test]
fn fifty_components_share_five_connections() {
    for kind in KINDS {
        let settings = [("POOL_SIZE", "5"), ("POOL_WAIT_MS", "60000")];
        let (database, service) = with_shared(kind, &settings);
        service.client().execute("CREATE TABLE tally (n INT)", &[]);
        service
            .client()
            .execute("INSERT INTO tally VALUES (0)", &[]);
        std::thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| {
                    (0..10).for_each(|_| count_up(&service));
                });
            }
        });
        let tally = service.client().value("SELECT n FROM tally", &[]);
        assert_eq!(tally, Value::Int(500), "{kind:?}");
        let stats = service.stats();
        assert!(stats.connections <= 5 && stats.errors == 0, "{stats:?}");
        drop(database);
    }
}

/// Adds one in a transaction, as a component does that lives for one request.
fn count_up(service: &Service) {
    let mut client = service.client();
    client.begin();
    client.execute("UPDATE tally SET n = n + 1", &[]);
    client.commit().unwrap();
}
