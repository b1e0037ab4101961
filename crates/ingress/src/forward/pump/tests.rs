//! How two ends that are joined end, with ends in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::sync::oneshot;

use super::*;

const SILENCE: Silence = Silence {
    idle: Duration::from_millis(300),
    quiet: Duration::from_millis(500),
};

/// An end that notes whether it was reset.
struct Watchful {
    stream: DuplexStream,
    is_reset: Arc<AtomicBool>,
}

impl Cord for Watchful {
    fn reset(&mut self) {
        self.is_reset.store(true, Ordering::Relaxed);
    }
}

impl AsyncRead for Watchful {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watchful {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Two joined ends with whoever holds the other sides of them.
struct Joined {
    near: DuplexStream,
    far: DuplexStream,
    resets: [Arc<AtomicBool>; 2],
    stop: Option<oneshot::Sender<()>>,
    end: tokio::task::JoinHandle<End>,
}

fn join() -> Joined {
    let (near, near_end) = duplex(1024);
    let (far, far_end) = duplex(1024);
    let resets: [Arc<AtomicBool>; 2] = Default::default();
    let ends = [near_end, far_end].into_iter().zip(&resets);
    let mut ends = ends.map(|(stream, is_reset)| Watchful {
        stream,
        is_reset: Arc::clone(is_reset),
    });
    let (one, other) = (ends.next().unwrap(), ends.next().unwrap());
    let (stop, stopped) = oneshot::channel();
    let stop_signal = async {
        let _ = stopped.await;
    };
    Joined {
        near,
        far,
        stop: Some(stop),
        end: tokio::spawn(async move {
            let stats = ForwardStats::default();
            pump(one, other, &stats, SILENCE, stop_signal).await
        }),
        resets,
    }
}

impl Joined {
    fn resets(&self) -> [bool; 2] {
        self.resets
            .each_ref()
            .map(|one| one.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn an_end_that_said_all_still_hears_the_other() {
    let mut joined = join();
    joined.near.write_all(b"question").await.unwrap();
    joined.near.shutdown().await.unwrap();
    let mut text = String::new();
    joined.far.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "question");
    joined.far.write_all(b"answer").await.unwrap();
    joined.far.shutdown().await.unwrap();
    text.clear();
    joined.near.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "answer");
    assert!(matches!((&mut joined.end).await, Ok(End::Finished)));
    assert_eq!(joined.resets(), [false, false]);
}

#[tokio::test]
async fn silence_has_an_end_and_a_byte_begins_it_anew() {
    let mut joined = join();
    let begun = Instant::now();
    tokio::time::sleep(SILENCE.idle / 2).await;
    joined.far.write_all(b"x").await.unwrap();
    joined.near.read_u8().await.unwrap();
    assert!(matches!((&mut joined.end).await, Ok(End::Idle)));
    assert!(begun.elapsed() >= SILENCE.idle * 3 / 2);
    assert_eq!(joined.resets(), [true, true]);
}

#[tokio::test]
async fn after_the_stop_a_silent_connection_is_closed_soon_and_a_busy_one_is_not() {
    let mut joined = join();
    let begun = Instant::now();
    joined.stop.take().unwrap().send(()).unwrap();
    while begun.elapsed() < SILENCE.quiet * 2 {
        joined.near.write_all(b"x").await.unwrap();
        joined.far.read_u8().await.unwrap();
    }
    assert!(matches!((&mut joined.end).await, Ok(End::Stopped)));
    assert!(begun.elapsed() >= SILENCE.quiet * 3);
    assert_eq!(joined.resets(), [false, false]);
}

#[tokio::test]
async fn an_end_that_breaks_resets_the_other() {
    let mut joined = join();
    drop(joined.near);
    joined.far.write_all(b"nobody reads this").await.unwrap();
    assert!(matches!((&mut joined.end).await, Ok(End::Broken(_))));
    let resets = joined.resets.map(|one| one.load(Ordering::Relaxed));
    assert_eq!(resets, [true, true]);
}

#[tokio::test]
async fn what_is_cut_in_the_midst_is_reset() {
    let joined = join();
    tokio::task::yield_now().await;
    joined.end.abort();
    settled(&joined).await;
    assert_eq!(joined.resets(), [true, true]);
}

async fn settled(joined: &Joined) {
    while !joined.end.is_finished() {
        tokio::task::yield_now().await;
    }
}
