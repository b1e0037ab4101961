//! Many pools share a database that takes few connections, and components keep their connections to a pool.

use std::sync::Arc;
use std::time::Duration;

use weft_testkit::client::Client;
use weft_testkit::database::{Database, Kind};

use super::workload::manifest;
use crate::run::harness::{Scratch, Serving};

const KINDS: [Kind; 2] = [Kind::MariaDb, Kind::PostgreSql];
/// Workloads, each with a pool of its own, and the connections that the database takes from all of them.
const POOLS: usize = 8;
const PLACES: usize = 3;

/// The manifest with other settings of the service.
fn with(text: &str, settings: &[(&str, &str)]) -> String {
    let lines = settings
        .iter()
        .map(|(name, value)| format!("{name}: \"{value}\""));
    let lines: Vec<_> = lines.collect();
    text.replace("POOL_SIZE: \"10\"", &lines.join("\n              "))
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_of_one_connection_share_a_database_that_has_fewer_places_than_there_are_pools() {
    for kind in KINDS {
        let database = Database::start(kind);
        database.sql(&match kind {
            Kind::MariaDb => {
                format!("ALTER USER weft@'%' WITH MAX_USER_CONNECTIONS {PLACES}")
            }
            Kind::PostgreSql => format!("ALTER ROLE weft CONNECTION LIMIT {PLACES}"),
        });
        let settings = [
            ("POOL_SIZE", "1"),
            ("POOL_MIN", "0"),
            ("POOL_TURN_MS", "200"),
            ("POOL_WAIT_MS", "25000"),
        ];
        let scratch = Scratch::new();
        let files = (0..POOLS).map(|number| {
            let text = with(&manifest(&database, &format!("many{number}")), &settings);
            scratch.file(&format!("{number}.yaml"), text)
        });
        let args = ["--allow-host-loopback".into()].into_iter().chain(files);
        let serving = Arc::new(Serving::start(args));
        // The table is made before all of them want it.
        let first = serving.client().host("many0.localhost");
        first.get("/accounts").await.unwrap();
        let callers = (0..POOLS * 4).map(|number| {
            let client = serving
                .client()
                .host(&format!("many{}.localhost", number % POOLS));
            tokio::spawn(ask_ten_times(client))
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
    }
}

async fn ask_ten_times(client: Client) {
    for _ in 0..10 {
        let reply = client.get("/accounts").await.unwrap();
        assert_eq!((reply.status, reply.text.trim()), (200, "[]"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_finds_the_pool_again_that_has_closed_its_connection() {
    let database = Database::shared(Kind::MariaDb);
    let scratch = Scratch::new();
    let text = with(
        &manifest(&database, "silent"),
        &[("POOL_IDLE_CLIENT_MS", "20")],
    );
    let file = scratch.file("manifest.yaml", text);
    let serving = Serving::start(["--allow-host-loopback".into(), file]);
    let client = serving.client().host("silent.localhost");
    for _ in 0..10 {
        let reply = client.get("/accounts").await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text);
        // Longer than the pool's own clock lets a silent component stay.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
