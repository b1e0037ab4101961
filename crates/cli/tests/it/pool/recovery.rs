//! The database goes away and comes back, has a certificate that nobody vouches for, or knows no such user.

use std::time::{Duration, Instant};

use sql_pool_protocol::{Request, Value};
use weft_testkit::database::{Database, Kind, PASSWORD};

use super::service::{Service, with_shared};

const KINDS: [Kind; 2] = [Kind::MariaDb, Kind::PostgreSql];

#[test]
fn the_pool_finds_its_database_again_after_a_restart() {
    for kind in KINDS {
        let mut database = Database::start(kind);
        let service = Service::start(&database, &[("POOL_SIZE", "4"), ("POOL_WAIT_MS", "2000")]);
        let mut client = service.client();
        client.execute("CREATE TABLE kept (n INT)", &[]);
        client.execute("INSERT INTO kept VALUES (42)", &[]);
        let mut open = service.client();
        open.begin();
        open.execute("INSERT INTO kept VALUES (43)", &[]);
        database.stop();
        let fault = client.try_query("SELECT n FROM kept", &[]).unwrap_err();
        assert!(
            ["08001", "08006"].contains(&fault.code.as_str()),
            "{fault:?}"
        );
        assert!(!fault.message.contains("127.0.0.1"), "{fault:?}");
        assert_eq!(open.commit().unwrap_err().code, "08007");
        assert!(!service.stats().healthy);
        database.start_again();
        let back = Instant::now();
        while client.try_query("SELECT n FROM kept", &[]).is_err() {}
        assert!(
            back.elapsed() < Duration::from_secs(2),
            "{:?}",
            back.elapsed()
        );
        let rows = client.query("SELECT n FROM kept", &[]);
        assert_eq!(rows, [[Value::Int(42)]], "{kind:?}");
        let stats = service.stats();
        assert!(stats.reconnects > 0 && stats.healthy, "{stats:?}");
    }
}

#[test]
fn a_restart_under_load_gives_errors_but_no_wrong_result() {
    for kind in KINDS {
        let mut database = Database::start(kind);
        let service = Service::start(&database, &[("POOL_SIZE", "5")]);
        service
            .client()
            .execute("CREATE TABLE sums (n BIGINT)", &[]);
        service.client().execute("INSERT INTO sums VALUES (0)", &[]);
        let sql = match kind {
            Kind::MariaDb => "SELECT CAST(? AS SIGNED) + 1",
            Kind::PostgreSql => "SELECT $1::int8 + 1",
        };
        let stop = std::sync::atomic::AtomicBool::new(false);
        let (sure, unsure) = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..8_i64)
                .map(|worker| {
                    let (service, stop) = (&service, &stop);
                    scope.spawn(move || work(worker, sql, service, stop))
                })
                .collect();
            let mut watcher = service.client();
            while watcher.stats().queries < 200 {}
            database.stop();
            while watcher.stats().errors < 8 {}
            database.start_again();
            let queries = watcher.stats().queries;
            while watcher.stats().queries < queries + 200 {}
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            workers.into_iter().fold((0, 0), |(sure, unsure), worker| {
                let (more, doubtful) = worker.join().unwrap();
                (sure + more, unsure + doubtful)
            })
        });
        let sum = service
            .client()
            .value("SELECT n FROM sums", &[])
            .as_int()
            .unwrap();
        assert!(
            (sure..=sure + unsure).contains(&sum),
            "{kind:?}: {sure} {sum} {unsure}"
        );
    }
}

/// Asks and counts until it is told to stop: additions that the pool confirmed, and those that nobody knows about.
fn work(
    worker: i64,
    sql: &str,
    service: &Service,
    stop: &std::sync::atomic::AtomicBool,
) -> (i64, i64) {
    let (mut sure, mut unsure) = (0, 0);
    let mut number = worker << 32;
    while !stop.load(std::sync::atomic::Ordering::SeqCst) {
        let mut client = service.client();
        number += 1;
        if let Ok((_, rows)) = client.try_query(sql, &[Value::Int(number)]) {
            assert_eq!(rows, [[Value::Int(number + 1)]]);
        }
        match client.try_execute("UPDATE sums SET n = n + 1", &[]) {
            Ok(_) => sure += 1,
            Err(fault) if fault.code == "08006" => unsure += 1,
            Err(_) => {}
        }
    }
    (sure, unsure)
}

#[test]
fn the_way_to_the_database_is_encrypted_and_the_certificate_is_checked() {
    for kind in KINDS {
        let (database, service) = with_shared(kind, &[]);
        let (sql, place) = match kind {
            Kind::MariaDb => ("SHOW SESSION STATUS LIKE 'Ssl_version'", 1),
            Kind::PostgreSql => (
                "SELECT 1, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                1,
            ),
        };
        let rows = service.client().query(sql, &[]);
        assert_eq!(rows[0][place].as_text(), Some("TLSv1.3"), "{kind:?}");

        let wrong = [
            ("DATABASE_CA", database.stranger()),
            ("POOL_WAIT_MS", "500"),
        ];
        let service = Service::start_with(kind, &database.url(), &wrong);
        let fault = service.client().ask(&Request::Ping).unwrap_err();
        assert_eq!(fault.code, "08001");
        assert_eq!(fault.message, "the database cannot be reached");
        service.until_it_says("no connection to the database");
    }
}

#[test]
fn a_wrong_password_is_told_to_the_log_and_not_to_components() {
    for kind in KINDS {
        let database = Database::shared(kind);
        let url = database.url().replace(PASSWORD, "another-secret");
        let settings = [
            ("DATABASE_CA", database.authority()),
            ("POOL_WAIT_MS", "500"),
        ];
        let service = Service::start_with(kind, &url, &settings);
        let fault = service.client().ask(&Request::Ping).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.message.as_str()),
            ("08001", "the database cannot be reached")
        );
        assert!(!service.log().contains("another-secret"));
    }
}
