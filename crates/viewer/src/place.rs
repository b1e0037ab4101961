//! Where the page is: in this process, or in another one of this machine, to which this one then sends all that it has to
//! show. The first process finds the address free and serves the page; when it ends, one of the others takes its place.

mod elsewhere;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::time::sleep;

use crate::server::{Refused, Viewer, serve};
use crate::store::Store;
use crate::store::workloads::Report;
use elsewhere::{Queue, Sender, is_viewer};

/// How often the state of workloads is looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// After so many periods it is told also if it is the same, as a sign of life.
const ALIVE: u32 = 4;

/// Where the page is. Clones are the same place.
#[derive(Clone, Debug)]
pub struct Place(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    addr: SocketAddr,
    role: Mutex<Role>,
}

#[derive(Clone, Debug)]
enum Role {
    Own(Arc<Store>),
    Elsewhere(Sender),
}

/// What has to be done for the page to be there.
#[derive(Debug)]
pub struct Duty {
    place: Place,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Serve(Viewer),
    Send(Queue),
}

impl Place {
    /// Opens the page at an address, or finds it there. Nothing is served or sent before the duty is done.
    ///
    /// # Errors
    /// When the address is not of the loopback, or something else listens there.
    pub async fn open(addr: SocketAddr) -> Result<(Self, Duty), Refused> {
        match Viewer::open(addr) {
            Ok(viewer) => Ok(Self::new(
                viewer.addr,
                Role::Own(Arc::default()),
                Work::Serve(viewer),
            )),
            Err(Refused::Listen(_, error))
                if error.kind() == io::ErrorKind::AddrInUse && is_viewer(addr).await =>
            {
                let (sender, queue) = elsewhere::channel(addr);
                Ok(Self::new(addr, Role::Elsewhere(sender), Work::Send(queue)))
            }
            Err(refused) => Err(refused),
        }
    }

    fn new(addr: SocketAddr, role: Role, work: Work) -> (Self, Duty) {
        let role = Mutex::new(role);
        let place = Self(Arc::new(Inner { addr, role }));
        let duty = Duty {
            place: place.clone(),
            work,
        };
        (place, duty)
    }

    /// Where the page is.
    pub fn addr(&self) -> SocketAddr {
        self.0.addr
    }

    /// Whether another process serves it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(*self.role(), Role::Elsewhere(_))
    }

    /// Shows spans. Never waits: what there is no room for on the way to another process is lost.
    pub fn spans(&self, request: ExportTraceServiceRequest) {
        let role = self.role().clone();
        match role {
            Role::Own(store) => store.spans(request),
            Role::Elsewhere(sender) => sender.send("/v1/traces", &request),
        }
    }

    /// Shows log records. Never waits.
    pub fn logs(&self, request: ExportLogsServiceRequest) {
        let role = self.role().clone();
        match role {
            Role::Own(store) => store.logs(request),
            Role::Elsewhere(sender) => sender.send("/v1/logs", &request),
        }
    }

    /// Shows metrics. Never waits.
    pub fn metrics(&self, request: ExportMetricsServiceRequest) {
        let role = self.role().clone();
        match role {
            Role::Own(store) => store.metrics(request),
            Role::Elsewhere(sender) => sender.send("/v1/metrics", &request),
        }
    }

    /// Shows workloads. False if nobody is there to show them.
    async fn report(&self, report: &Report) -> bool {
        let role = self.role().clone();
        match role {
            Role::Own(store) => {
                store.report(report.clone());
                true
            }
            Role::Elsewhere(sender) => sender.report(report).await,
        }
    }

    /// Opens the page here, after whoever served it has ended. None if somebody else does.
    fn take_over(&self) -> Option<Viewer> {
        let viewer = Viewer::open(self.0.addr).ok()?;
        *self.role() = Role::Own(Arc::default());
        Some(viewer)
    }

    fn store(&self) -> Option<Arc<Store>> {
        match &*self.role() {
            Role::Own(store) => Some(Arc::clone(store)),
            Role::Elsewhere(_) => None,
        }
    }

    fn role(&self) -> MutexGuard<'_, Role> {
        self.0.role.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Duty {
    /// Serves the page, or sends to it, and tells of the workloads, which `look` gives. Goes on until it is dropped;
    /// calls `taken_over` when the page has moved into this process.
    pub async fn run(self, mut look: impl FnMut() -> Report, taken_over: impl Fn(&Place)) {
        let place = self.place;
        // Dropped with this future.
        let mut tasks = tokio::task::JoinSet::new();
        match self.work {
            Work::Serve(viewer) => serve_in(&mut tasks, viewer, &place),
            Work::Send(queue) => {
                tasks.spawn(queue.send_all());
            }
        }
        let mut told = None;
        let mut periods = 0_u32;
        loop {
            let report = look();
            periods = periods.wrapping_add(1);
            if periods.is_multiple_of(ALIVE) || told.as_ref() != Some(&report) {
                let heard = place.report(&report).await;
                told = heard.then_some(report);
                if !heard && let Some(viewer) = place.take_over() {
                    tasks.abort_all();
                    serve_in(&mut tasks, viewer, &place);
                    taken_over(&place);
                    continue;
                }
            }
            sleep(PERIOD).await;
        }
    }
}

fn serve_in(tasks: &mut tokio::task::JoinSet<()>, viewer: Viewer, place: &Place) {
    let Some(store) = place.store() else { return };
    tasks.spawn(async move {
        if let Err(error) = serve(viewer, store).await {
            tracing::warn!(%error, "the viewer ended");
        }
    });
}
