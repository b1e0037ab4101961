//! SIGTERM and Ctrl-C.

use rustix::process::Signal;
use weft_testkit::client::get;

use super::harness::{Folder, kitchen};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_lets_requests_in_flight_finish_and_exits_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = Folder::new(&kitchen(""));
        let mut dev = folder.serving();
        let mut slow = dev.client().send(get("/stream-slow?10&50")).await.unwrap();
        slow.exactly(1).await.unwrap();

        dev.signal(signal);
        dev.wait_for("stopping");
        let reply = slow.reply().await.unwrap();
        assert!(reply.text.ends_with("tick 9\n"), "{}", reply.text);
        let (status, seen) = dev.ended();
        assert_eq!(status.code(), Some(0), "{}", seen.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_take_too_long_are_cut_and_counted() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.dev_with(&["--drain", "0"]);
    dev.wait_for("serving on");
    let mut slow = dev
        .client()
        .send(get("/stream-slow?1000&50"))
        .await
        .unwrap();
    slow.exactly(1).await.unwrap();
    dev.signal(Signal::TERM);
    let (status, seen) = dev.ended();
    assert_eq!(status.code(), Some(0), "{}", seen.join("\n"));
    assert!(
        seen.iter().any(|line| line.contains("1 request was cut")),
        "{}",
        seen.join("\n")
    );
    slow.reply().await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_exits_at_once() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.dev_with(&["--drain", "600"]);
    dev.wait_for("serving on");
    let mut slow = dev
        .client()
        .send(get("/stream-slow?100000&50"))
        .await
        .unwrap();
    slow.exactly(1).await.unwrap();
    dev.signal(Signal::TERM);
    dev.wait_for("stopping");
    dev.signal(Signal::TERM);
    let (status, seen) = dev.ended();
    assert_eq!(status.code(), Some(1), "{}", seen.join("\n"));
    slow.reply().await.unwrap_err();
}

#[test]
fn a_signal_during_a_build_ends_both() {
    let folder = Folder::new("build: {command: echo begun; sleep 600}\n");
    let mut dev = folder.dev();
    dev.wait_for("| begun");
    dev.signal(Signal::TERM);
    // The pipe of its output closes only once the build is gone too.
    let (status, seen) = dev.ended();
    assert_eq!(status.code(), Some(0), "{}", seen.join("\n"));
}
