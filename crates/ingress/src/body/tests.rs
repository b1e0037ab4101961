//! Limits and time-outs of request bodies.

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{BodyLimits, RequestBodyError, none};
use crate::target::{Body, BoxError};

const LIMITS: BodyLimits = BodyLimits {
    max_bytes: 10,
    idle: Duration::from_millis(500),
};

type Feed = mpsc::UnboundedSender<Result<Frame<Bytes>, BoxError>>;

/// A body of no known length, which a test feeds.
fn fed() -> (Feed, Body) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let body = StreamBody::new(stream::poll_fn(move |cx| receiver.poll_recv(cx)));
    (sender, body.boxed_unsync())
}

fn data(text: &'static str) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

fn broken(error: &BoxError) -> RequestBodyError {
    *error.downcast_ref().unwrap()
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_passes_with_its_trailers_and_is_counted() {
    let (feed, body) = fed();
    let (body, intake) = LIMITS.admit(body).unwrap();
    for frame in [data("12345"), data("67890")] {
        feed.send(frame).unwrap();
    }
    let trailers = http::HeaderMap::from_iter([("x".parse().unwrap(), "y".parse().unwrap())]);
    feed.send(Ok(Frame::trailers(trailers.clone()))).unwrap();
    drop(feed);
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes(), "1234567890");
    assert_eq!(intake.unwrap().bytes(), 10);
}

#[tokio::test]
async fn a_body_that_grows_past_the_limit_ends_with_an_error_and_the_answer_is_413() {
    let (feed, body) = fed();
    let (mut body, intake) = LIMITS.admit(body).unwrap();
    for frame in [data("1234567890"), data("1")] {
        feed.send(frame).unwrap();
    }
    let intake = intake.unwrap();
    let answer = intake.watch(async {
        assert!(body.frame().await.unwrap().is_ok());
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(broken(&error), RequestBodyError::TooLarge { limit: 10 });
        assert!(
            body.frame().await.is_none(),
            "there is one error, and then the end"
        );
        Ok(Response::new(none()))
    });
    let fault = answer.await.unwrap_err();
    assert_eq!(
        (fault.status.as_u16(), fault.code, fault.cause),
        (413, "body-too-large", "body-size")
    );
    assert_eq!(
        intake.bytes(),
        10,
        "what the target did not get does not count"
    );
    assert!(feed.is_closed(), "the rest is not read");
}

#[tokio::test]
async fn a_body_announced_above_the_limit_is_refused_before_the_target_is_called() {
    let body = Full::new(Bytes::from_static(b"12345678901"));
    let fault = LIMITS.admit(body).err().unwrap();
    assert_eq!(fault.code, "body-too-large");
    assert_eq!(
        fault.reason,
        "the body of the request is longer than 10 bytes, which is the limit here"
    );
}

#[tokio::test]
async fn a_request_without_a_body_is_not_watched() {
    let (body, intake) = LIMITS.admit(Empty::<Bytes>::new()).unwrap();
    assert!(intake.is_none());
    assert_eq!(body.collect().await.unwrap().to_bytes(), "");
}

#[tokio::test]
async fn a_client_that_pauses_for_too_long_is_answered_with_408() {
    let (feed, body) = fed();
    let (mut body, intake) = LIMITS.admit(body).unwrap();
    feed.send(data("1")).unwrap();
    let start = Instant::now();
    let intake = intake.unwrap();
    let answer = intake.watch(async {
        assert!(body.frame().await.unwrap().is_ok());
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(
            broken(&error),
            RequestBodyError::Stalled { limit: LIMITS.idle }
        );
        std::future::pending().await
    });
    let fault = answer.await.unwrap_err();
    assert_eq!(
        (fault.status.as_u16(), fault.code, fault.cause),
        (408, "body-timeout", "timeout")
    );
    assert_eq!(
        fault.reason,
        "nothing of the request's body arrived for 500ms"
    );
    assert!(start.elapsed() >= LIMITS.idle);
}

#[tokio::test]
async fn the_time_counts_only_while_the_target_waits() {
    let (feed, body) = fed();
    let (mut body, _) = LIMITS.admit(body).unwrap();
    let waits = async {
        let frame = body.frame().await;
        assert!(frame.unwrap().is_ok());
    };
    tokio::select! {
        biased;
        () = waits => panic!("there is no frame yet"),
        () = tokio::task::yield_now() => {}
    }
    feed.send(data("1")).unwrap();
    assert!(body.frame().await.unwrap().is_ok());
    // The target is busy with something else for longer than the limit.
    tokio::time::sleep(LIMITS.idle * 2).await;
    let start = Instant::now();
    assert!(body.frame().await.unwrap().is_err());
    assert!(start.elapsed() >= LIMITS.idle);
}

#[tokio::test]
async fn a_client_that_reads_the_response_meanwhile_is_not_idle() {
    let (_feed, body) = fed();
    let (mut body, intake) = LIMITS.admit(body).unwrap();
    let intake = intake.unwrap();
    let start = Instant::now();
    let reading = async {
        while start.elapsed() < LIMITS.idle * 2 {
            tokio::time::sleep(LIMITS.idle / 20).await;
            intake.response_moves();
        }
        std::future::pending::<()>().await
    };
    tokio::select! {
        frame = body.frame() => assert!(frame.unwrap().is_err()),
        () = reading => {}
    }
    assert!(start.elapsed() >= LIMITS.idle * 3);
}

#[tokio::test]
async fn a_limit_beyond_all_time_is_no_limit() {
    let limits = BodyLimits {
        idle: Duration::MAX,
        ..LIMITS
    };
    let (_feed, body) = fed();
    let (mut body, _) = limits.admit(body).unwrap();
    let moment = Duration::from_millis(20);
    assert!(tokio::time::timeout(moment, body.frame()).await.is_err());
}

#[tokio::test]
async fn an_error_of_the_connection_reaches_the_target_as_it_is_and_ends_the_request() {
    let (feed, body) = fed();
    let (mut body, intake) = LIMITS.admit(body).unwrap();
    feed.send(Err("reset".into())).unwrap();
    let intake = intake.unwrap();
    let answer = intake.watch(async {
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "reset");
        std::future::pending().await
    });
    let fault = answer.await.unwrap_err();
    assert_eq!((fault.status.as_u16(), fault.code), (400, "body-broken"));
}
