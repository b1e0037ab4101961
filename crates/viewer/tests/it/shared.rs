//! Several processes share one page.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use weft_testkit::client::Client;
use weft_testkit::within;
use weft_viewer::{Place, Refused, Report, Source};

use crate::sent::{gauge, line, logs, point, span, spans};

/// A process that has something to show.
struct Process {
    place: Place,
    doing: JoinHandle<()>,
    taken_over: UnboundedReceiver<SocketAddr>,
}

impl Process {
    async fn start(addr: SocketAddr, name: &'static str) -> Self {
        let (place, duty) = Place::open(addr).await.unwrap();
        let (sender, taken_over) = unbounded_channel();
        let look = move || Report {
            source: Source {
                id: name.to_owned(),
                name: name.to_owned(),
                url: String::new(),
            },
            state: "serving".to_owned(),
            workloads: Vec::new(),
        };
        let doing = tokio::spawn(duty.run(look, move |place| {
            let _ = sender.send(place.addr());
        }));
        Self {
            place,
            doing,
            taken_over,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.doing.abort();
    }
}

async fn get(addr: SocketAddr, path: &str) -> serde_json::Value {
    let reply = Client::new(addr).get(path).await.unwrap();
    serde_json::from_str(&reply.text).unwrap()
}

/// Waits for the page to say something.
async fn said(addr: SocketAddr, path: &str, holds: impl Fn(&serde_json::Value) -> bool) {
    within(async {
        while !holds(&get(addr, path).await) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

fn names(told: &serde_json::Value) -> Vec<&str> {
    let told = told["processes"].as_array().unwrap().iter();
    told.map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_second_process_has_to_show_is_on_the_page_of_the_first() {
    let first = Process::start("127.0.0.1:0".parse().unwrap(), "one").await;
    let addr = first.place.addr();
    let second = Process::start(addr, "two").await;
    assert!(!first.place.is_elsewhere() && second.place.is_elsewhere());
    first
        .place
        .spans(spans("one", vec![span(1, 1, 0, "GET /", 0, 10)]));
    second
        .place
        .spans(spans("two", vec![span(1, 2, 1, "GET /next", 1, 9)]));
    second.place.logs(logs("two", vec![line(9, "hello", 1, 2)]));
    second
        .place
        .metrics(gauge("two", "memory", vec![point(0, 1.0, vec![])]));
    said(addr, "/api/state", |state| {
        state["spans"] == 2 && state["logs"] == 1 && state["series"] == 1
    })
    .await;
    let traces = get(addr, "/api/traces").await;
    assert_eq!(
        traces["traces"][0]["services"],
        serde_json::json!({ "one": 1, "two": 1 })
    );
    said(addr, "/api/workloads", |told| names(told) == ["one", "two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_first_process_ends_another_one_takes_its_place() {
    let first = Process::start("127.0.0.1:0".parse().unwrap(), "one").await;
    let addr = first.place.addr();
    let mut second = Process::start(addr, "two").await;
    let third = Process::start(addr, "three").await;
    said(addr, "/api/workloads", |told| names(told).len() == 3).await;
    drop(first);
    let mut third = third;
    within(async {
        tokio::select! {
            _ = second.taken_over.recv() => {}
            _ = third.taken_over.recv() => {}
        }
    })
    .await;
    assert_ne!(second.place.is_elsewhere(), third.place.is_elsewhere());
    said(addr, "/api/workloads", |told| {
        names(told) == ["three", "two"]
    })
    .await;
    second
        .place
        .logs(logs("two", vec![line(9, "still here", 0, 0)]));
    third
        .place
        .logs(logs("three", vec![line(9, "still here", 0, 0)]));
    said(addr, "/api/state", |state| state["logs"] == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_at_the_address_is_no_page() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = other.local_addr().unwrap();
    tokio::spawn(async move { while other.accept().await.is_ok() {} });
    let refused = Place::open(addr).await.unwrap_err();
    assert!(matches!(refused, Refused::Listen(..)), "{refused}");
    let refused = Place::open("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert!(matches!(refused, Refused::NotLoopback(_)), "{refused}");
}
