//! A route's target is replaced under load, and no request notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use weft_ingress::{Config, Target};

use crate::support::{Server, get, ok, read, target, text, within};

const CLIENTS: usize = 8;
const REQUESTS: usize = 250;

fn version(number: u64) -> Arc<dyn Target> {
    target(move |_| async move {
        // A request in flight is overtaken by swaps here.
        tokio::task::yield_now().await;
        ok(text(number.to_string()))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_or_goes_back_in_time_while_targets_are_swapped() {
    let (server, route) = Server::with(version(0)).await;
    let latest = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = server.h1().await;
        let latest = Arc::clone(&latest);
        clients.push(tokio::spawn(async move {
            for _ in 0..REQUESTS {
                let oldest = latest.load(Ordering::SeqCst);
                within(client.ready()).await.unwrap();
                let (status, body) = read(client.send_request(get("/")).await.unwrap()).await;
                assert_eq!(status, StatusCode::OK);
                let answered: u64 = body.parse().unwrap();
                assert!(
                    answered >= oldest,
                    "{answered} answered after {oldest} was swapped in"
                );
            }
        }));
    }
    let mut number = 0;
    while clients.iter().any(|client| !client.is_finished()) {
        number += 1;
        let old = route.swap(version(number));
        latest.store(number, Ordering::SeqCst);
        drop(old);
        tokio::task::yield_now().await;
    }
    for client in clients {
        within(client).await.unwrap();
    }
    assert!(number > 1);
}

#[tokio::test]
async fn a_dropped_guard_takes_the_route_away_and_a_new_one_brings_it_back() {
    let server = Server::start(Config::default()).await;
    let mut client = server.h1().await;
    for number in [1, 2] {
        let route = server.publish(&["test.example"], version(number));
        let response = within(client.send_request(get("/"))).await.unwrap();
        assert_eq!(read(response).await, (StatusCode::OK, number.to_string()));
        drop(route);
        within(client.ready()).await.unwrap();
        let response = within(client.send_request(get("/"))).await.unwrap();
        assert_eq!(read(response).await.0, StatusCode::NOT_FOUND);
        within(client.ready()).await.unwrap();
    }
}
