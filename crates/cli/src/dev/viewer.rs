//! The page with traces, logs, metrics and workloads: of this process, or of another `weft dev` on this machine to which
//! this one reports.
//!
//! It is on a thread of its own: neither do guests delay the page, nor does the page delay health and metrics.

mod flag;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::{oneshot, watch};
use weft_host::Host;
use weft_telemetry::Receiver;
use weft_telemetry::proto::collector::logs::v1::ExportLogsServiceRequest;
use weft_telemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use weft_telemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use weft_viewer::{Duty, Place, Refused, Report, Source};

pub(crate) use self::flag::Choice;
use super::tell::Tell;

/// A page that is open, and not served yet.
pub(super) struct Viewer {
    place: Place,
    duty: Duty,
    /// What was wanted and could not be had, in words.
    note: Option<String>,
}

/// A page that is served. It ends when this is dropped.
pub(super) struct Shown {
    _end: oneshot::Sender<()>,
}

/// What is told of this process.
pub(super) struct Subject {
    pub(super) host: Host,
    /// What is developed.
    pub(super) name: String,
    /// Where it is served.
    pub(super) url: String,
}

impl Viewer {
    /// Opens the page, or finds it; none if it is not wanted.
    ///
    /// # Errors
    /// When it cannot be at the address that was asked for.
    pub(super) async fn open(choice: Choice) -> anyhow::Result<Option<Self>> {
        let (addr, asked_for) = match choice {
            Choice::Off => return Ok(None),
            Choice::Usual => (Choice::USUAL, false),
            Choice::At(addr) => (addr, true),
        };
        let opened = match Place::open(addr).await {
            Err(Refused::Listen(..)) if !asked_for => {
                let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let opened = Place::open(free).await;
                opened.map(|opened| (opened, Some(addr)))
            }
            opened => opened.map(|opened| (opened, None)),
        };
        let ((place, duty), taken) = opened.map_err(|refused| {
            anyhow::anyhow!("{refused}; choose another address with --viewer, or --viewer off")
        })?;
        let note = taken.map(|taken| {
            let addr = place.addr();
            format!("something else listens on {taken}; other programs have to be told to report to {addr}")
        });
        Ok(Some(Self { place, duty, note }))
    }

    /// What takes the telemetry of this process.
    pub(super) fn receiver(&self) -> Arc<dyn Receiver> {
        Arc::new(Eyes(self.place.clone()))
    }

    /// Shows a session from now on, and says where.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(super) fn show(self, subject: Subject, tell: &Tell) -> anyhow::Result<Shown> {
        tell.viewer(self.place.addr(), self.place.is_elsewhere());
        self.note.iter().for_each(|note| tell.note(note));
        let (end, ended) = oneshot::channel();
        let work = work(self.duty, subject, tell.clone());
        let advice = "no thread for the viewer; --viewer off does without";
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context(advice)?;
        std::thread::Builder::new()
            .name("weft-viewer".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = ended => {}
                        () = work => {}
                    }
                });
            })
            .context(advice)?;
        Ok(Shown { _end: end })
    }
}

/// Telemetry of this process, on its way to the page.
struct Eyes(Place);

impl Receiver for Eyes {
    fn spans(&self, request: ExportTraceServiceRequest) {
        self.0.spans(request);
    }

    fn metrics(&self, request: ExportMetricsServiceRequest) {
        self.0.metrics(request);
    }

    fn logs(&self, request: ExportLogsServiceRequest) {
        self.0.logs(request);
    }
}

async fn work(duty: Duty, subject: Subject, tell: Tell) {
    // Tells this process from all others, and from earlier ones.
    let identity = RandomState::new().build_hasher().finish();
    let source = Source {
        id: format!("{identity:016x}"),
        name: subject.name,
        url: subject.url,
    };
    let state: watch::Receiver<&'static str> = tell.state();
    let look = || Report {
        source: source.clone(),
        state: (*state.borrow()).to_owned(),
        workloads: subject.host.workloads(),
    };
    duty.run(look, |place| tell.viewer(place.addr(), false))
        .await;
}
