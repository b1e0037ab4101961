//! The whole workload in weft, as its manifest says: the service with the database, and the component that asks it.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use weft_testkit::client::Client;
use weft_testkit::database::{Database, Kind, PASSWORD};
use weft_testkit::guests::repository;
use weft_testkit::until;

use crate::run::harness::{Scratch, Serving};

const KINDS: [Kind; 2] = [Kind::MariaDb, Kind::PostgreSql];

/// weft with the example.
pub(super) struct Running {
    pub(super) serving: Serving,
    host: String,
    _scratch: Scratch,
}

/// The folder of the example, and the database's usual port.
fn example(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::MariaDb => ("examples/mysql-pool", "3306"),
        Kind::PostgreSql => ("examples/postgres-pool", "5432"),
    }
}

/// The example's manifest with another database, and with a name of its own.
pub(super) fn manifest(database: &Database, name: &str) -> String {
    let (folder, port) = example(database.kind);
    let folder = repository().join(folder);
    let text = std::fs::read_to_string(folder.join("manifest.yaml")).unwrap();
    let own = folder.file_name().unwrap().to_str().unwrap();
    let url = database.url().replace("127.0.0.1", "host.weft.internal");
    let authority = database.authority().replace('\n', "\n    ");
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("DATABASE_URL: ") {
            lines.push(format!("  DATABASE_URL: {url}"));
            lines.push(format!("  DATABASE_CA: |\n    {authority}"));
        } else {
            lines.push(line.replace(
                &format!("[\"{port}\"]"),
                &format!("[\"{}\"]", database.addr.port()),
            ));
        }
    }
    let components = repository().join("target/guests/examples");
    lines
        .join("\n")
        .replace(
            "file:../../target/guests/examples",
            &format!("file:{}", components.display()),
        )
        .replace(&format!("name: {own}\n"), &format!("name: {name}\n"))
        .replace(&format!("{own}-database"), &format!("{name}-database"))
        .replace(&format!("{own}.localhost"), &format!("{name}.localhost"))
}

impl Running {
    pub(super) fn start(database: &Database, name: &str) -> Self {
        let scratch = Scratch::new();
        let file = scratch.file("manifest.yaml", manifest(database, name));
        let args = ["--allow-host-loopback".as_ref(), file.as_os_str()];
        Self {
            serving: Serving::start(args),
            host: format!("{name}.localhost"),
            _scratch: scratch,
        }
    }

    /// What a person types into a browser: names below `localhost` are this machine's.
    pub(super) fn url(&self) -> String {
        let addr = self.serving.listening["addr"].as_str().unwrap();
        let (_, port) = addr.rsplit_once(':').unwrap();
        format!("http://{}:{port}/", self.host)
    }

    pub(super) fn client(&self) -> Client {
        self.serving.client().host(&self.host)
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Json) {
        let reply = self.client().get(path).await.unwrap();
        let body = serde_json::from_str(&reply.text);
        (
            reply.status,
            body.unwrap_or_else(|_| panic!("{}", reply.text)),
        )
    }

    pub(super) async fn post(&self, path: &str) -> (u16, Json) {
        let reply = self.client().post(path, "").await.unwrap();
        let body = serde_json::from_str(&reply.text);
        (
            reply.status,
            body.unwrap_or_else(|_| panic!("{}", reply.text)),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_opened_and_money_is_transferred_whole_or_not_at_all() {
    for kind in KINDS {
        let database = Database::start(kind);
        let running = Running::start(&database, "bank");
        let (status, ada) = running.post("/accounts?name=Ada+L.&balance=100").await;
        assert_eq!((status, &ada["name"]), (200, &json!("Ada L.")), "{ada}");
        let (_, grace) = running
            .post("/accounts?name=Grace%20%F0%9F%90%9B&balance=50")
            .await;
        let (ada, grace) = (&ada["id"], &grace["id"]);
        let (status, _) = running
            .post(&format!("/transfer?from={ada}&to={grace}&amount=30"))
            .await;
        assert_eq!(status, 200);
        // More than there is: the database refuses the second half, and the first is undone.
        let (status, refused) = running
            .post(&format!("/transfer?from={grace}&to={ada}&amount=81"))
            .await;
        assert_eq!(status, 422, "{refused}");
        let (status, _) = running
            .post(&format!("/transfer?from={ada}&to=999&amount=1"))
            .await;
        assert_eq!(status, 404);
        let (_, accounts) = running.get("/accounts").await;
        let expected = json!([
            { "id": ada, "name": "Ada L.", "balance": 70 },
            { "id": grace, "name": "Grace 🐛", "balance": 80 },
        ]);
        assert_eq!(accounts, expected, "{kind:?}");
        let (_, one) = running.get(&format!("/accounts/{ada}")).await;
        assert_eq!(one["balance"], 70);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_knows_neither_the_database_nor_the_password() {
    for kind in KINDS {
        let database = Database::shared(kind);
        let running = Running::start(&database, "poor");
        let (status, environment) = running.get("/environment").await;
        assert_eq!(status, 200);
        let text = environment.to_string();
        assert!(
            !text.contains("DATABASE") && !text.contains(PASSWORD),
            "{text}"
        );
        // Nor does any answer, when the database refuses its service.
        let (_, pool) = running.get("/pool.json").await;
        assert!(!pool.to_string().contains(PASSWORD));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_figures_behind_it_are_served() {
    let database = Database::shared(Kind::MariaDb);
    let running = Running::start(&database, "shown");
    let page = running.client().get("/").await.unwrap();
    assert_eq!(page.status, 200);
    for part in [
        "<html lang=\"en\">",
        "Queries per second",
        "/pool.json",
        "role=\"status\"",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
    running.get("/accounts").await;
    let (_, pool) = running.get("/pool.json").await;
    assert_eq!(pool["size"], 10);
    assert!(pool["connections"].as_u64().unwrap() >= 1, "{pool}");
    assert_eq!(pool["healthy"], true);
    assert!(pool["queries"].as_u64().unwrap() >= 1, "{pool}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workloads_listen_on_the_same_port_and_have_nothing_to_do_with_each_other() {
    let (mariadb, postgresql) = (
        Database::start(Kind::MariaDb),
        Database::start(Kind::PostgreSql),
    );
    let scratch = Scratch::new();
    let files = [
        scratch.file("one.yaml", manifest(&mariadb, "one")),
        scratch.file("two.yaml", manifest(&postgresql, "two")),
    ];
    let args: Vec<_> = ["--allow-host-loopback".into()]
        .into_iter()
        .chain(files)
        .collect();
    let serving = Serving::start(args);
    for (host, name) in [("one.localhost", "of+one"), ("two.localhost", "of+two")] {
        let client = serving.client().host(host);
        let reply = client
            .post(&format!("/accounts?name={name}&balance=1"), "")
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    for (host, name) in [("one.localhost", "of one"), ("two.localhost", "of two")] {
        let reply = serving.client().host(host).get("/accounts").await.unwrap();
        let accounts: Json = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
        assert_eq!(accounts[0]["name"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_again_after_the_database_was_restarted() {
    let mut database = Database::start(Kind::MariaDb);
    let running = Running::start(&database, "stopped");
    running.post("/accounts?name=Ada&balance=7").await;
    database.stop();
    let (status, failed) = running.get("/accounts").await;
    assert_eq!(status, 503, "{failed}");
    assert!(!failed.to_string().contains("127."), "{failed}");
    database.start_again();
    let mut accounts = running.get("/accounts").await;
    for _ in 0..1000 {
        if accounts.0 == 200 {
            break;
        }
        accounts = running.get("/accounts").await;
    }
    assert_eq!(accounts.1[0]["balance"], 7, "{}", accounts.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_once_share_ten_connections() {
    for kind in KINDS {
        let database = Database::start(kind);
        let running = Arc::new(Running::start(&database, "busy"));
        running.post("/accounts?name=from&balance=100000").await;
        running.post("/accounts?name=to&balance=0").await;
        let transfers = (0..200).map(|_| {
            let running = Arc::clone(&running);
            tokio::spawn(async move { running.post("/transfer?from=1&to=2&amount=1").await })
        });
        for transfer in transfers.collect::<Vec<_>>() {
            let (status, body) = transfer.await.unwrap();
            assert_eq!(status, 200, "{body}");
        }
        let (_, accounts) = running.get("/accounts").await;
        assert_eq!(accounts[1]["balance"], 200, "{kind:?}");
        let (_, pool) = running.get("/pool.json").await;
        assert!(pool["connections"].as_u64().unwrap() <= 10, "{pool}");
        assert_eq!(pool["transactions"], 0);
    }
}

/// Waits are for events elsewhere; here they are for the service's own clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_ends_in_the_middle_of_a_transaction_leaves_nothing_open() {
    let database = Database::shared(Kind::PostgreSql);
    let running = Running::start(&database, "left");
    running.post("/accounts?name=only&balance=5").await;
    // The component returns after its first statement found no account, without a rollback.
    let (status, _) = running.post("/transfer?from=998&to=999&amount=1").await;
    assert_eq!(status, 404);
    let open = || {
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        database.sql(sql)
    };
    until(|| open() == "0").await;
}
