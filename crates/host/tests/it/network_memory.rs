//! What a workload's virtual network holds on the host is memory of its tenant: shown, bounded, and given back.

use serde_json::Value;
use weft_host::{EngineConfig, HostConfig};
use weft_testkit::{guest, within};

use crate::manifest::Manifest;
use crate::operated::Operated;

/// What mallory may have.
const TENANT: u64 = 80 << 20;
const MALLORY: [(&str, &str); 1] = [("tenant", "mallory")];
const TENANT_MEMORY: &str = "weft_tenant_guest_memory_bytes";

async fn host() -> Operated {
    let config = HostConfig {
        engine: EngineConfig {
            memory: Some(8 * TENANT),
            tenant_memory: Some(TENANT),
            // A connection is some handles of its guest.
            max_handles: 100_000,
            ..EngineConfig::default()
        },
        ..HostConfig::default()
    };
    Operated::with(config).await
}

/// A workload whose component connects to its service.
fn workload(tenant: &'static str, steps: &str) -> Manifest {
    Manifest::new(tenant, "flood", &guest("sockets_std"))
        .set("weft.dev/request-timeout", "120s")
        .service(&guest("service_kitchen"), steps)
}

/// What a tenant's only workload uses, as the list of workloads has it.
async fn used(operated: &Operated, tenant: &str) -> Value {
    let mut list = operated.workloads(&format!("?tenant={tenant}")).await;
    list[0]["use"].take()
}

async fn network(operated: &Operated) -> u64 {
    used(operated, "mallory").await["networkBytes"]
        .as_u64()
        .unwrap()
}

async fn ask(operated: &Operated, manifest: &Manifest, path: &str) -> String {
    let reply = within(operated.client(manifest).get(path)).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

/// Waits until the network of mallory is charged as it should be.
async fn network_once(operated: &Operated, wanted: impl Fn(u64) -> bool) -> u64 {
    within(async {
        loop {
            let charged = network(operated).await;
            if wanted(charged) {
                return charged;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_full_connections_are_charged_to_their_tenant_and_given_back() {
    const COUNT: usize = 2500;
    let operated = host().await;
    let alice = workload("alice", "listen:127.0.0.1:77");
    let steps = format!("hold:{}&127.0.0.1:77 listen:127.0.0.1:77", COUNT + 1);
    let mallory = workload("mallory", &steps);
    let _running = [operated.start(&alice).await, operated.start(&mallory).await];
    let start = network(&operated).await;
    assert!((1..64 << 10).contains(&start), "{start} for one listener");

    let path = format!("/fill?127.0.0.1:77&{COUNT}&stay");
    let flood = async {
        let client = operated.client(&mallory);
        client.get(&path).await.unwrap()
    };
    let meanwhile = async {
        // All that the network may hold for sockets, buffers and pieces on their way.
        let full = network_once(&operated, |charged| charged > 60 << 20).await;
        let page = operated.metrics().await;
        let tenant = page.get(TENANT_MEMORY, &MALLORY);
        assert!(tenant >= full as f64 && tenant <= TENANT as f64, "{tenant}");
        let memory = used(&operated, "mallory").await["memoryBytes"].as_u64();
        assert!(memory.is_some_and(|memory| memory <= TENANT), "{memory:?}");
        for _ in 0..50 {
            let back = ask(&operated, &alice, "/echo?localhost:77&hi").await;
            assert_eq!(back, "hi\n");
        }
        // The last connection that the service waits for: it lets all go.
        ask(&operated, &mallory, "/fill?127.0.0.1:77&1").await
    };
    let (flood, last) = tokio::join!(flood, meanwhile);
    assert!(
        flood.text.starts_with("2500 connections, "),
        "{}",
        flood.text
    );
    assert!(flood.text.ends_with(", no error"), "{}", flood.text);
    assert!(last.starts_with("1 connections, "), "{last}");
    // Its service listens again, as it did at the start, and holds nothing else.
    network_once(&operated, |charged| charged == start).await;
    let back = ask(&operated, &mallory, "/echo?localhost:77&hi").await;
    assert_eq!(back, "hi\n");
    network_once(&operated, |charged| charged == start).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_whose_memory_is_spent_gets_no_more_sockets_and_neighbours_do() {
    let operated = host().await;
    let alice = workload("alice", "listen:127.0.0.1:77");
    let mallory = workload("mallory", "deaf:127.0.0.1:77");
    let _running = [operated.start(&alice).await, operated.start(&mallory).await];
    let told = ask(&operated, &mallory, "/fill?127.0.0.1:77&100000").await;
    let (count, why) = (told.split(' ').next(), told.rsplit(", ").next());
    let count: usize = count.unwrap().parse().unwrap();
    // Each is a socket at both ends, of 3 KiB.
    assert!((10_000..14_000).contains(&count), "{told}");
    assert_eq!(why, Some("Out of memory (os error 48)"));
    let page = operated.metrics().await;
    let tenant = page.get(TENANT_MEMORY, &MALLORY);
    assert!(tenant <= TENANT as f64, "{tenant}");
    let back = ask(&operated, &alice, "/echo?localhost:77&hi").await;
    assert_eq!(back, "hi\n");
}
