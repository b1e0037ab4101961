//! The page with traces, logs, metrics and workloads: of this process, or of another `weft dev` on this machine to which
//! this one reports.
//!
//! The first `weft dev` finds the address free and serves the page. Another one finds a viewer there and sends to it what
//! it has to show, as OTLP and a report of its workloads. When the first one ends, one of the others takes its place.
//!
//! All of this is on a thread of its own: neither do guests delay the page, nor does the page delay health and metrics.

mod client;
mod flag;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{oneshot, watch};
use weft_host::Host;
use weft_viewer::{Refused, Report, Source, Store};

pub(crate) use self::flag::Choice;
use self::client::Client;
use super::tell::Tell;

/// How often the state of workloads is looked at. It is told when it has changed, and every other second as a sign of
/// life.
const PERIOD: Duration = Duration::from_millis(500);
const ALIVE: u32 = 4;

/// Where what there is to show goes to.
#[derive(Clone)]
enum Role {
    /// The page is here.
    Own(Arc<Store>),
    /// It is elsewhere on this machine.
    Guest(Client),
}

/// What shows this session. It ends when it is dropped.
pub(super) struct Viewer {
    /// Where the page is.
    pub(super) addr: SocketAddr,
    /// Whether another process shows it.
    pub(super) is_guest: bool,
    /// Something that is wanted could not be had, in words.
    pub(super) note: Option<String>,
    _end: oneshot::Sender<()>,
}

/// What is told of this process.
pub(super) struct Subject {
    pub(super) host: Host,
    pub(super) name: String,
    pub(super) url: String,
    /// What the session does, in a word.
    pub(super) state: watch::Receiver<&'static str>,
    pub(super) tell: Tell,
}

/// How the page came to be where it is.
struct Opened {
    role: Role,
    listening: Option<weft_viewer::Viewer>,
    addr: SocketAddr,
    note: Option<String>,
}

impl Viewer {
    /// Opens the page, or finds it; none if it is not wanted.
    ///
    /// # Errors
    /// When an address was asked for that cannot be had, or there is no thread.
    pub(super) async fn open(choice: Choice, subject: Subject) -> anyhow::Result<Option<Self>> {
        let Some(opened) = open(choice).await? else {
            return Ok(None);
        };
        let (end, ended) = oneshot::channel();
        let viewer = Self {
            addr: opened.addr,
            is_guest: matches!(opened.role, Role::Guest(_)),
            note: opened.note.clone(),
            _end: end,
        };
        let work = show(opened, subject);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no thread for the viewer; --viewer off does without")?;
        std::thread::Builder::new()
            .name("weft-viewer".to_owned())
            .spawn(move || runtime.block_on(until(ended, work)))
            .context("no thread for the viewer; --viewer off does without")?;
        Ok(Some(viewer))
    }
}

async fn until(ended: oneshot::Receiver<()>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = ended => {}
        () = work => {}
    }
}

async fn open(choice: Choice) -> anyhow::Result<Option<Opened>> {
    let (addr, asked_for) = match choice {
        Choice::Off => return Ok(None),
        Choice::Usual => (Choice::USUAL, false),
        Choice::At(addr) => (addr, true),
    };
    let refused = match weft_viewer::Viewer::open(addr) {
        Ok(viewer) => return Ok(Some(Opened::own(viewer, None))),
        Err(refused) => refused,
    };
    if let Refused::Listen(..) = refused
        && client::is_viewer(addr).await
    {
        return Ok(Some(Opened {
            role: Role::Guest(Client::start(addr)),
            listening: None,
            addr,
            note: None,
        }));
    }
    if asked_for {
        return Err(anyhow::anyhow!(
            "{refused}; choose another address with --viewer, or --viewer off"
        ));
    }
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    match weft_viewer::Viewer::open(free) {
        Ok(viewer) => {
            let note = format!(
                "something else listens on {addr}, so other programs have to be told to report to {}",
                viewer.addr
            );
            Ok(Some(Opened::own(viewer, Some(note))))
        }
        Err(refused) => Err(anyhow::anyhow!("{refused}; --viewer off does without")),
    }
}

impl Opened {
    fn own(viewer: weft_viewer::Viewer, note: Option<String>) -> Self {
        Self {
            role: Role::Own(Arc::default()),
            addr: viewer.addr,
            listening: Some(viewer),
            note,
        }
    }
}

/// Serves the page, if it is here, and tells of the workloads. Does not end.
async fn show(opened: Opened, subject: Subject) {
    let place = Place {
        role: Mutex::new(opened.role),
        addr: opened.addr,
    };
    if let Some(listening) = opened.listening {
        place.serve(listening);
    }
    let source = Source {
        id: format!("{:016x}", identity()),
        name: subject.name,
        url: subject.url,
    };
    let mut told = None;
    let mut beats = 0_u32;
    loop {
        let report = Report {
            source: source.clone(),
            state: (*subject.state.borrow()).to_owned(),
            workloads: subject.host.workloads(),
        };
        beats = beats.wrapping_add(1);
        if beats % ALIVE == 0 || told.as_ref() != Some(&report) {
            if !place.report(&report).await && place.take_over() {
                subject.tell.viewer(place.addr, false);
                continue;
            }
            told = Some(report);
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Where the page is.
struct Place {
    role: Mutex<Role>,
    addr: SocketAddr,
}

impl Place {
    /// Tells of workloads. False if nobody listens.
    async fn report(&self, report: &Report) -> bool {
        let role = self.role().clone();
        match role {
            Role::Own(store) => {
                store.report(report.clone());
                true
            }
            Role::Guest(client) => client.report(report).await,
        }
    }

    /// Serves the page here, after whoever did has ended. False if somebody else does.
    fn take_over(&self) -> bool {
        let Ok(listening) = weft_viewer::Viewer::open(self.addr) else {
            return false;
        };
        *self.role() = Role::Own(Arc::default());
        self.serve(listening);
        true
    }

    fn serve(&self, listening: weft_viewer::Viewer) {
        let Role::Own(store) = self.role().clone() else {
            return;
        };
        tokio::spawn(async move {
            if let Err(error) = weft_viewer::serve(listening, store).await {
                tracing::warn!(%error, "the viewer ended");
            }
        });
    }

    fn role(&self) -> MutexGuard<'_, Role> {
        self.role.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells this process from all others, and from earlier ones.
fn identity() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
