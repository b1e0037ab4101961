//! Very many connections that do nothing, and a process that can open no more files.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use weft_ingress::{Config, Limits, Stats};
use weft_testkit::until;

use super::Scene;
use crate::support::child::{self, play};
use crate::support::{Server, get, neighbour::Neighbour, ok, read, target, text, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_do_not_hinder_a_neighbour() {
    const MANY: usize = 10_000;
    let room = child::raise_file_limit(MANY as u64 + 500) - 500;
    let many = MANY.min(usize::try_from(room).unwrap());
    let scene = Scene::with(Limits {
        max_connections: many + 100,
        max_connections_per_peer: many + 100,
        header_read_timeout: Duration::from_secs(600),
        ..Limits::default()
    })
    .await;
    let neighbour = Neighbour::beside(&scene.server).await;
    let before = resident_kib();
    let crowd = play(&format!("hold {} {many}", scene.server.addr)).await;
    let held: u64 = crowd.said.parse().unwrap();
    until(|| scene.stats.open() >= held).await;
    neighbour.was_served().await;
    let after = resident_kib();
    println!(
        "{held} idle connections of {MANY} wanted, about {} KiB each",
        after.saturating_sub(before) / held
    );
    drop(crowd);
    until(|| scene.stats.open() < 100).await;
}

/// Memory of this process, where the system tells it in a file.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.map_or(0, |number| number.parse().unwrap())
}

/// The role of a child: a server in a process that may open few files. Its answers say how often it could not accept.
pub(crate) fn serve(files: u64) {
    child::set_file_limit(files);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stats = Arc::new(Stats::default());
        let config = Config {
            stats: Arc::clone(&stats),
            ..Config::default()
        };
        let errors = target(move |request| {
            let errors = stats.accept_errors().to_string();
            async move {
                ok(text(match request.uri().path() {
                    "/errors" => errors,
                    _ => "hello".to_owned(),
                }))
            }
        });
        let (server, _route) = Server::with_config(errors, config).await;
        child::say(&server.addr.to_string());
        tokio::task::spawn_blocking(child::stay).await.unwrap();
    });
}

#[tokio::test]
async fn a_server_without_file_descriptors_serves_who_is_there_and_recovers() {
    const FILES: usize = 64;
    let child = play(&format!("serve {FILES}")).await;
    let addr = child.said.parse().unwrap();
    let stream = TcpStream::connect(addr).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut client, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let mut errors = async || {
        within(client.ready()).await.unwrap();
        let request = get("/errors");
        let (status, body) = read(within(client.send_request(request)).await.unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        body.parse::<u64>().unwrap()
    };
    assert_eq!(errors().await, 0);

    let mut crowd = Vec::new();
    for _ in 0..FILES * 2 {
        crowd.push(TcpStream::connect(addr).await.unwrap());
    }
    while errors().await < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Five in a row take 155 ms of pauses, so the errors of the few requests above are few as well.
    assert!(errors().await < 20, "the accept loop does not pause");

    drop(crowd);
    let mut newcomer = TcpStream::connect(addr).await.unwrap();
    newcomer
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = crate::support::read_to_end(&mut newcomer).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    Neighbour::at(addr).await.was_served().await;
}
