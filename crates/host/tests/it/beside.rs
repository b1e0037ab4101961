//! An attack on one side, a well-behaved neighbour of another tenant on the other: what the neighbour notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use weft_testkit::client::{Body, post};
use weft_testkit::server::EchoServer;
use weft_testkit::{guest, until};

use crate::attacks::{Attack, Load};
use crate::manifest::Manifest;
use crate::stage::Stage;
use weft_testkit::visitor::Visitor;

/// The neighbour's connection is closed after so many requests, so that new ones are part of what is measured.
const REQUESTS_PER_CONNECTION: usize = 10;

/// How long an attack goes on at least: memory takes a moment to fill.
const ATTACK: Duration = Duration::from_millis(800);

/// How long the neighbour's requests are measured at most: by then it is clear that they are held up.
const ENOUGH: Duration = Duration::from_secs(10);

/// How often a client of the hostile workload begins anew at most, so that the clients leave the processor to the host.
const PAUSE: Duration = Duration::from_millis(1);

/// What the neighbour of an attack noticed.
pub(crate) struct Measured {
    /// Without the attack, in order of length.
    pub(crate) solo: Vec<Duration>,
    /// While it went on, in order of length.
    pub(crate) attacked: Vec<Duration>,
    /// How long health and metrics took meanwhile, in order of length.
    pub(crate) control: Vec<Duration>,
    /// What went wrong for the neighbour.
    pub(crate) failures: Vec<String>,
    /// How many requests the hostile workload was sent.
    pub(crate) hostile_requests: usize,
}

/// Runs an attack beside a neighbour that sends at least `requests` requests, one after the other, before it and while
/// it goes on.
pub(crate) fn beside(attack: &Attack, requests: usize) -> Measured {
    let mut stage = Stage::new();
    let alice = Manifest::new("alice", "neighbour", &guest("http_kitchen"));
    stage.start(&alice);
    let own = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the neighbour");
    let server = stage.clients().block_on(EchoServer::start());
    let mallory = attack.manifest("hostile").allow(&server);
    stage.start(&mallory);
    let mut neighbour = Neighbour {
        visitor: Visitor::new(stage.addr(), &alice.host()),
        control: Visitor::new(stage.admin(), "admin"),
        control_times: Vec::new(),
        sent: 0,
        failures: Vec::new(),
    };
    // The first requests map code and open connections.
    own.block_on(neighbour.requests(20, Duration::ZERO));
    let solo = own.block_on(neighbour.requests(requests, Duration::ZERO));

    let attackers = Attackers::start(&stage, attack, &mallory.host(), &server);
    own.block_on(until(|| attackers.begun() >= attack.clients));
    neighbour.control_times.clear();
    let attacked = own.block_on(neighbour.requests(requests, ATTACK));
    let hostile_requests = attackers.begun();
    stop(attackers, stage.clients());

    neighbour.visitor.hang_up();
    neighbour.control.hang_up();
    let mut control = neighbour.control_times;
    control.sort();
    let mut failures = neighbour.failures;
    own.block_on(async {
        if attack.has_a_good_side {
            let mut visitor = Visitor::new(stage.addr(), &mallory.host());
            match visitor.get("/hello").await {
                Ok(reply) if reply.text == "hello" => {}
                other => failures.push(format!("afterwards the hostile workload: {other:?}")),
            }
        }
        stage.settled().await;
    });
    Measured {
        solo,
        attacked,
        control,
        failures,
        hostile_requests,
    }
}

/// The time that `percent` of the requests took at most.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Duration {
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

struct Neighbour {
    visitor: Visitor,
    /// Whoever watches the host, on the admin listener.
    control: Visitor,
    control_times: Vec<Duration>,
    sent: usize,
    failures: Vec<String>,
}

impl Neighbour {
    /// So many requests at least, for so long at least; their times in order of length.
    async fn requests(&mut self, least: usize, at_least: Duration) -> Vec<Duration> {
        let began = Instant::now();
        let mut times = Vec::with_capacity(least);
        while times.len() < least || began.elapsed() < at_least {
            self.sent += 1;
            if self.sent.is_multiple_of(REQUESTS_PER_CONNECTION) {
                self.visitor.hang_up();
                self.watch().await;
            }
            let asked = Instant::now();
            match self.visitor.get("/hello").await {
                Ok(reply) if reply.status == 200 && reply.text == "hello" => {}
                Ok(reply) => self.failed(&format!("{} {}", reply.status, reply.text)),
                Err(error) => self.failed(&format!("{error} {:?}", error.source())),
            }
            times.push(asked.elapsed());
            // A host that hangs would make each request take its full patience.
            if self.failures.len() >= 3 || began.elapsed() > ENOUGH {
                break;
            }
        }
        times.sort();
        times
    }

    /// Control work goes on, whatever guests do.
    async fn watch(&mut self) {
        for path in ["/healthz", "/readyz", "/metrics", "/workloads"] {
            let asked = Instant::now();
            match self.control.get(path).await {
                Ok(reply) if reply.status == 200 => {}
                Ok(reply) => self.failed(&format!("{path}: {} {}", reply.status, reply.text)),
                Err(error) => self.failed(&format!("{path}: {error}")),
            }
            self.control_times.push(asked.elapsed());
        }
    }

    fn failed(&mut self, how: &str) {
        self.failures
            .push(format!("request {} of the neighbour: {how}", self.sent));
    }
}

struct Attackers {
    clients: JoinSet<()>,
    begun: Arc<AtomicUsize>,
}

impl Attackers {
    fn start(stage: &Stage, attack: &Attack, host: &str, server: &EchoServer) -> Self {
        let begun = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for _ in 0..attack.clients {
            let visitor = Visitor::new(stage.addr(), host);
            let (load, begun) = (attack.load, Arc::clone(&begun));
            let server = server.url("");
            let again = async move { again_and_again(visitor, load, &server, &begun).await };
            clients.spawn_on(again, stage.clients().handle());
        }
        Self { clients, begun }
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }
}

/// Drops all that the attackers hold, their connections too.
fn stop(mut attackers: Attackers, runtime: &Runtime) {
    runtime.block_on(attackers.clients.shutdown());
}

async fn again_and_again(mut visitor: Visitor, load: Load, server: &str, begun: &AtomicUsize) {
    loop {
        begun.fetch_add(1, Ordering::Relaxed);
        once(&mut visitor, load, server).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// One round of an attack. How the hostile workload fares is of no interest here.
async fn once(visitor: &mut Visitor, load: Load, server: &str) {
    let target = |path: &str| path.replace("{server}", server);
    match load {
        Load::Get(path) => {
            let request = weft_testkit::client::get(&target(path));
            if let Ok(response) = visitor.send(request).await {
                drain(response.into_body()).await;
            }
        }
        Load::Hold(path) => {
            let request = weft_testkit::client::get(&target(path));
            if let Ok(response) = visitor.send(request).await {
                let _unread = response;
                std::future::pending::<()>().await;
            }
        }
        Load::Upload(path) => {
            if let Ok(response) = visitor.send(post(path, endless())).await {
                drain(response.into_body()).await;
            }
            visitor.hang_up();
        }
        Load::Leave(path) => {
            let request = weft_testkit::client::get(path);
            let left = tokio::time::timeout(5 * PAUSE, visitor.send(request)).await;
            drop(left);
            visitor.hang_up();
        }
    }
}

/// Reads to the end and keeps nothing.
async fn drain(mut body: hyper::body::Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that goes on for as long as somebody takes it.
fn endless() -> Body {
    let chunk = Bytes::from_static(&[b'u'; 16 << 10]);
    let frames = stream::repeat_with(move || Ok(Frame::data(chunk.clone())));
    StreamBody::new(frames).boxed_unsync()
}
