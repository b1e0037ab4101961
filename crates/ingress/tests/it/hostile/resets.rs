//! HTTP/2 requests that are taken back as soon as they are sent, which costs the client nothing.

use tokio::io::AsyncWriteExt;
use weft_ingress::{Cut, Limits};

use super::Scene;
use crate::support::frames::{self, ENHANCE_YOUR_CALM, HEADERS};
use crate::support::{neighbour::Neighbour, within};

/// The stream identifiers of a client.
fn streams() -> impl Iterator<Item = u32> {
    (1..).step_by(2)
}

/// `GET http://a/never`.
fn never(stream: u32) -> Vec<u8> {
    let mut fields = vec![0x82, 0x86, 0x04, 6];
    fields.extend(b"/never");
    fields.extend([0x01, 1, b'a']);
    let flags = frames::END_HEADERS | frames::END_STREAM;
    frames::frame(HEADERS, flags, stream, &fields)
}

#[tokio::test]
async fn a_burst_of_requests_and_resets_ends_the_connection() {
    let scene = Scene::with(Limits::default()).await;
    let neighbour = Neighbour::beside(&scene.server).await;
    let mut stream = frames::connect(&scene.server, &[]).await;
    let burst: Vec<u8> = streams()
        .take(10_000)
        .flat_map(|id| [never(id), frames::cancel(id)].concat())
        .collect();
    // The server may be gone before all of it is sent.
    let _ = within(stream.write_all(&burst)).await;
    assert_eq!(frames::goodbye(&mut stream).await, Some(ENHANCE_YOUR_CALM));
    neighbour.was_served().await;
}

#[tokio::test]
async fn requests_that_are_reset_while_they_run_end_the_connection_after_a_number_of_them() {
    const MAX: u64 = 20;
    let mut scene = Scene::with(Limits {
        max_resets: MAX,
        ..Limits::default()
    })
    .await;
    let neighbour = Neighbour::beside(&scene.server).await;
    let mut stream = frames::connect(&scene.server, &[]).await;
    let mut resets = 0;
    for id in streams() {
        stream.write_all(&never(id)).await.unwrap();
        let event = within(scene.events.recv()).await;
        assert_eq!(
            event,
            Some("called"),
            "each request is running when it is reset"
        );
        if stream.write_all(&frames::cancel(id)).await.is_err() {
            break;
        }
        resets += 1;
        assert_eq!(within(scene.events.recv()).await, Some("dropped"));
        if scene.stats.cut(Cut::Resets) > 0 || resets > MAX {
            break;
        }
    }
    // What the server still said does not matter; that it ends does.
    let _ = stream.write_all(&never(1001)).await;
    frames::goodbye(&mut stream).await;
    assert_eq!(scene.stats.cut(Cut::Resets), 1);
    assert_eq!(resets, MAX + 1);
    neighbour.was_served().await;
}

#[tokio::test]
async fn a_client_that_gives_up_now_and_then_keeps_its_connection() {
    let mut scene = Scene::with(Limits {
        max_resets: 5,
        ..Limits::default()
    })
    .await;
    let mut stream = frames::connect(&scene.server, &[]).await;
    let mut ids = streams();
    for _ in 0..50 {
        let (given_up, answered) = (ids.next().unwrap(), ids.next().unwrap());
        stream.write_all(&never(given_up)).await.unwrap();
        assert_eq!(within(scene.events.recv()).await, Some("called"));
        let bytes = [frames::cancel(given_up), frames::get(answered)].concat();
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(within(scene.events.recv()).await, Some("dropped"));
        loop {
            let frame = frames::read(&mut stream)
                .await
                .expect("the connection goes on");
            if frame.kind == HEADERS && frame.stream == answered {
                break;
            }
        }
    }
    assert_eq!(scene.stats.cut(Cut::Resets), 0);
}
