//! Requests while versions change: none fails, and each is answered by one version alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use weft_testkit::client::get;

use super::harness::{Folder, kitchen};

fn version(number: u32) -> String {
    kitchen(&format!(
        "workload: {{environment: {{config: {{VERSION: \"{number}\"}}}}}}\n"
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_during_twenty_swaps_under_load() {
    let folder = Folder::new(&version(1));
    let mut dev = folder.serving();
    let done = Arc::new(AtomicBool::new(false));
    let newest = Arc::new(AtomicU32::new(1));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (client, done, newest) = (dev.client(), Arc::clone(&done), Arc::clone(&newest));
            tokio::spawn(async move {
                let mut count = 0_u32;
                while !done.load(Ordering::Acquire) {
                    // A version that was announced before the request is the oldest that may answer.
                    let oldest = newest.load(Ordering::Acquire);
                    let reply = client.get("/env?VERSION").await.expect("no request fails");
                    assert_eq!(reply.status, 200, "{}", reply.text);
                    let answered: u32 = reply.text.parse().unwrap();
                    assert!(
                        answered >= oldest,
                        "version {answered} answered after version {oldest} was swapped in"
                    );
                    count += 1;
                }
                count
            })
        })
        .collect();
    for number in 2..=21 {
        folder.write("weft.yaml", &version(number));
        dev = tokio::task::spawn_blocking(move || {
            dev.wait_for(&format!("swapped to version {number},"));
            dev
        })
        .await
        .unwrap();
        newest.store(number, Ordering::Release);
    }
    done.store(true, Ordering::Release);
    for client in clients {
        let count = client.await.unwrap();
        assert!(count >= 20, "{count} requests are no load");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_finishes_on_the_version_that_it_began_with() {
    let folder = Folder::new(&version(1));
    let mut dev = folder.serving();
    // It ends after the swap: the build alone waits longer for further changes.
    let mut slow = dev.client().send(get("/stream-slow?40&50")).await.unwrap();
    let first = slow.exactly("tick 0\n".len()).await.unwrap();
    assert_eq!(first, "tick 0\n");

    folder.write("weft.yaml", &version(2));
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/env?VERSION").await, "2");
    let rest = slow.reply().await.unwrap();
    assert!(rest.text.ends_with("tick 39\n"), "{}", rest.text);
}

#[tokio::test]
async fn every_host_name_is_answered_also_where_the_project_gives_one() {
    let more = "\
dev:
  host_interfaces:
    - {namespace: wasi, package: http, interfaces: [incoming-handler], config: {host: only.example.com}}
";
    let folder = Folder::new(&kitchen(more));
    let dev = folder.serving();
    for host in ["only.example.com", "other.example.org"] {
        let reply = dev.client().host(host).get("/hello").await.unwrap();
        assert_eq!(
            (reply.status, reply.text.as_str()),
            (200, "hello"),
            "{host}"
        );
    }
}
