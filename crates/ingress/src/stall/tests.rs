//! When a stream counts as stalled.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::{asked, cut_when_stalled, handed_out, is_cut};

const LIMIT: Duration = Duration::from_millis(500);

/// Reports, when it is dropped, whether its stream was being cut.
struct Witness(Option<oneshot::Sender<bool>>);

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.0.take().unwrap().send(is_cut());
    }
}

fn witness() -> (Witness, oneshot::Receiver<bool>) {
    let (sender, receiver) = oneshot::channel();
    (Witness(Some(sender)), receiver)
}

#[tokio::test]
async fn a_frame_that_is_not_taken_cuts_the_stream_after_the_limit() {
    let (witness, cut) = witness();
    let start = Instant::now();
    let stream = async move {
        let _witness = witness;
        asked();
        handed_out();
        std::future::pending::<()>().await;
    };
    cut_when_stalled(stream, LIMIT).await;
    assert!(start.elapsed() >= LIMIT);
    assert!(cut.await.unwrap(), "whoever is dropped can see why");
}

#[tokio::test]
async fn a_stream_whose_frames_are_taken_in_time_lives() {
    let (witness, cut) = witness();
    let stream = async move {
        let _witness = witness;
        let start = Instant::now();
        while start.elapsed() < LIMIT * 2 {
            asked();
            handed_out();
            sleep(LIMIT / 50).await;
        }
    };
    cut_when_stalled(stream, LIMIT).await;
    assert!(!cut.await.unwrap());
}

#[tokio::test]
async fn a_target_that_has_nothing_to_say_is_no_stalled_client() {
    let (witness, cut) = witness();
    let stream = async move {
        let _witness = witness;
        handed_out();
        tokio::task::yield_now().await;
        asked();
        sleep(LIMIT * 2).await;
    };
    cut_when_stalled(stream, LIMIT).await;
    assert!(!cut.await.unwrap());
}

#[tokio::test]
async fn a_stall_after_a_long_silence_is_timed_from_its_own_start() {
    let start = Instant::now();
    let stream = async {
        handed_out();
        tokio::task::yield_now().await;
        asked();
        sleep(LIMIT * 2).await;
        handed_out();
        std::future::pending::<()>().await;
    };
    cut_when_stalled(stream, LIMIT).await;
    assert!(start.elapsed() >= LIMIT * 3);
}

#[tokio::test]
async fn outside_of_a_stream_nothing_happens() {
    asked();
    handed_out();
    assert!(!is_cut());
}
