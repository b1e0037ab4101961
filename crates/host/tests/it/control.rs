//! The control runtime is not delayed by guests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;

use tokio::runtime::Builder;
use weft_host::{Host, HostConfig};
use weft_testkit::PATIENCE;

use crate::operated::free_port;

/// A page, asked for without any runtime.
fn page(admin: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(admin).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: admin\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn pages_are_answered_while_every_thread_of_the_guests_is_stuck() {
    const WORKERS: usize = 2;
    let guests = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .unwrap();
    let host = {
        let _entered = guests.enter();
        Host::new(HostConfig::default()).unwrap()
    };
    let admin = host.open_admin(free_port()).unwrap();

    // Each task says that it has its thread, and keeps it until it is let go.
    let (stuck, all_stuck) = mpsc::channel();
    let mut let_go = Vec::new();
    for _ in 0..WORKERS {
        let (hold, held) = mpsc::channel::<()>();
        let_go.push(hold);
        let stuck = stuck.clone();
        guests.spawn(async move {
            stuck.send(()).unwrap();
            let _ = held.recv();
        });
    }
    for _ in 0..WORKERS {
        all_stuck.recv_timeout(PATIENCE).unwrap();
    }
    let (ran, has_run) = mpsc::channel();
    guests.spawn(async move { ran.send(()) });

    assert!(page(admin, "/healthz").ends_with("\r\n\r\nok\n"));
    assert!(page(admin, "/metrics").ends_with("# EOF\n"));
    assert!(page(admin, "/readyz").starts_with("HTTP/1.1 503"));
    assert!(page(admin, "/workloads").starts_with("HTTP/1.1 200"));
    let (done, is_done) = mpsc::channel();
    host.control().spawn(async move { done.send(()) });
    is_done.recv_timeout(PATIENCE).unwrap();

    assert!(has_run.try_recv().is_err(), "the threads were not stuck");
    drop(let_go);
    has_run.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn the_control_runtime_ends_with_the_last_clone_of_its_host() {
    let guests = Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = guests.enter();
    let host = Host::new(HostConfig::default()).unwrap();
    let admin = host.open_admin(free_port()).unwrap();
    let (held, ended) = mpsc::channel::<()>();
    host.control().spawn(async move {
        let _held = held;
        std::future::pending::<()>().await;
    });
    let clone = host.clone();
    drop(host);
    assert!(page(admin, "/healthz").ends_with("ok\n"));
    drop(clone);
    // The task is dropped, and its end of the channel with it.
    let end = ended.recv_timeout(PATIENCE);
    assert_eq!(end, Err(mpsc::RecvTimeoutError::Disconnected));
}
