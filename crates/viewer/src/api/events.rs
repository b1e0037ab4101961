//! Server-sent events. They say what has changed and not how, so a page that is slow, or not looked at, costs nothing: it
//! hears of many changes at once, and asks when it can.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::time::{sleep, timeout};

use crate::server::Answer;
use crate::store::Store;

/// Between two events at least.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two signs of life.
const ALIVE: Duration = Duration::from_secs(10);

pub(super) fn answer(store: &Arc<Store>) -> Answer {
    let mut changes = store.changes();
    // The first event comes at once, and says where things stand.
    changes.mark_changed();
    let events = stream::unfold((changes, true), |(mut changes, first)| async move {
        if !first {
            sleep(PAUSE).await;
        }
        let text = match timeout(ALIVE, changes.changed()).await {
            Ok(Ok(())) => {
                let versions = *changes.borrow_and_update();
                let versions = serde_json::to_string(&versions).unwrap_or_default();
                format!("data: {versions}\n\n")
            }
            // The store is gone.
            Ok(Err(_)) => return None,
            Err(_) => ": alive\n\n".to_owned(),
        };
        let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(text)));
        Some((frame, (changes, false)))
    });
    let mut response = Response::new(StreamBody::new(events).boxed_unsync());
    let events = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, events);
    response
}
