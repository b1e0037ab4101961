//! Clients that mean harm, each beside one that does not: the second is served all the time, and the first costs a
//! bounded amount.

pub(crate) mod crowds;
mod floods;
mod resets;
mod slowness;
mod smuggling;

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;
use weft_ingress::{Body, BoxError, Config, Limits, RouteGuard, Stats, Tls};

use crate::support::{Answer, DropSignal, Server, ok, target, text};

/// A server whose target says hello at `/`, sends without end at `/endless`, and never answers at `/never`.
struct Scene {
    server: Server,
    stats: Arc<Stats>,
    /// `called` when a request for one of the other paths came, `dropped` when it is over.
    events: mpsc::UnboundedReceiver<&'static str>,
    _route: RouteGuard,
}

impl Scene {
    async fn with(limits: Limits) -> Self {
        Self::over(limits, None).await
    }

    async fn over(limits: Limits, tls: Option<Tls>) -> Self {
        let stats = Arc::new(Stats::default());
        let config = Config {
            limits,
            tls,
            stats: Arc::clone(&stats),
            ..Config::default()
        };
        let (sender, events) = mpsc::unbounded_channel();
        let target = target(move |request| answer(request, sender.clone()));
        let (server, route) = Server::with_config(target, config).await;
        Self {
            server,
            stats,
            events,
            _route: route,
        }
    }
}

async fn answer(request: Request<Body>, events: mpsc::UnboundedSender<&'static str>) -> Answer {
    if request.uri().path() == "/" {
        return ok(text("hello"));
    }
    let _ = events.send("called");
    let signal = DropSignal(events);
    if request.uri().path() == "/never" {
        return std::future::pending().await;
    }
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let frames = stream::unfold(signal, move |signal| {
        let frame = Ok::<_, BoxError>(Frame::data(chunk.clone()));
        async { Some((frame, signal)) }
    });
    Ok(Response::new(StreamBody::new(frames).boxed_unsync()))
}
