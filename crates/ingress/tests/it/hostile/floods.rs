//! HTTP/2 frames that cost a client nothing and that it may send in any number.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use weft_ingress::{Cut, Limits};
use weft_testkit::until;

use super::Scene;
use crate::support::frames::{
    self, CONTINUATION, DATA, END_HEADERS, ENHANCE_YOUR_CALM, GET, HEADERS, PING, SETTINGS,
    WINDOW_UPDATE, flood, frame, goodbye,
};
use crate::support::{neighbour::Neighbour, within};

/// Many frames in one write.
fn many(frame: &[u8]) -> Vec<u8> {
    frame.repeat(10_000)
}

/// More than any buffer on the way holds.
const ROUNDS: usize = 2_000;

/// Whoever asks without reading the answers stops the server from reading more questions, and then loses the
/// connection: the answers are not piled up.
async fn unread_answers(question: &[u8]) {
    let scene = Scene::with(Limits {
        write_stall_timeout: Duration::from_millis(300),
        ..Limits::default()
    })
    .await;
    let neighbour = Neighbour::beside(&scene.server).await;
    let mut stream = frames::connect(&scene.server, &[]).await;
    let rounds = flood(&mut stream, &many(question), ROUNDS).await;
    assert!(rounds < ROUNDS, "the server took all {rounds}");
    until(|| scene.stats.cut(Cut::WriteStall) == 1).await;
    neighbour.was_served().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_whose_answers_are_not_read_end_the_connection() {
    unread_answers(&frame(PING, 0, 0, &[7; 8])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_whose_answers_are_not_read_end_the_connection() {
    unread_answers(&frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])).await;
}

/// A client that reads the answers pays for them as the server does, and delays nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_whose_answers_are_read_delay_nobody() {
    let scene = Scene::with(Limits::default()).await;
    for question in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[])] {
        let neighbour = Neighbour::beside(&scene.server).await;
        let stream = frames::connect(&scene.server, &[]).await;
        let (mut reading, mut writing) = stream.into_split();
        let reader = tokio::spawn(async move { goodbye(&mut reading).await });
        assert_eq!(flood(&mut writing, &many(&question), 20).await, 20);
        neighbour.was_served().await;
        drop(writing);
        assert_eq!(within(reader).await.unwrap(), None);
    }
}

/// What each of these leads to, when there is too much of something or a rule is broken.
async fn told_to_go(attacks: &[Vec<u8>], reasons: &[u32]) {
    let scene = Scene::with(Limits::default()).await;
    let neighbour = Neighbour::beside(&scene.server).await;
    for bytes in attacks {
        let mut stream = frames::connect(&scene.server, &[]).await;
        let _ = within(stream.write_all(bytes)).await;
        let reason = goodbye(&mut stream).await.expect("the server says why");
        assert!(reasons.contains(&reason), "the reason is {reason}");
    }
    neighbour.was_served().await;
}

#[tokio::test]
async fn a_head_in_endless_pieces_ends_the_connection() {
    let mut bytes = frame(HEADERS, 0, 1, GET);
    let field = b"\x00\x01x\x01y";
    bytes.extend(frame(CONTINUATION, 0, 1, field).repeat(100_000));
    told_to_go(&[bytes], &[ENHANCE_YOUR_CALM]).await;
}

#[tokio::test]
async fn a_head_in_endless_empty_pieces_ends_the_connection() {
    let mut bytes = frame(HEADERS, 0, 1, GET);
    bytes.extend(frame(CONTINUATION, 0, 1, b"").repeat(100_000));
    told_to_go(&[bytes], &[ENHANCE_YOUR_CALM]).await;
}

#[tokio::test]
async fn a_body_in_pieces_of_one_byte_that_nobody_reads_ends_the_connection() {
    let mut fields = vec![0x83, 0x86, 0x04, 6];
    fields.extend(b"/never");
    fields.extend([0x01, 1, b'a']);
    let mut bytes = frame(HEADERS, END_HEADERS, 1, &fields);
    bytes.extend(frame(DATA, 0, 1, b"x").repeat(100_000));
    told_to_go(&[bytes], &[ENHANCE_YOUR_CALM]).await;
}

#[tokio::test]
async fn frames_that_break_the_rules_end_their_connection_only() {
    // PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR: which of them is the library's choice.
    const BROKEN: &[u32] = &[1, 3, 6];
    let largest = i32::MAX.unsigned_abs().to_be_bytes();
    let attacks = [
        frame(DATA, 0, 0, b"x"),
        frame(DATA, 0, 1, b"x"),
        frame(CONTINUATION, 0, 1, b""),
        frame(PING, 0, 0, b"short"),
        frame(WINDOW_UPDATE, 0, 0, &[0; 4]),
        frame(WINDOW_UPDATE, 0, 0, &largest),
        frame(HEADERS, END_HEADERS, 2, GET),
        frame(DATA, 0, 1, &[0; 20_000]),
    ];
    told_to_go(&attacks, BROKEN).await;
}
