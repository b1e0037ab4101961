//! How a service fares, for those who watch it.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

/// A service at one moment.
#[derive(Clone, Debug)]
pub struct ServiceStatus {
    /// What it does.
    pub state: ServiceState,
    /// Since when it is in its state.
    pub since: SystemTime,
    /// How often it was started again so far.
    pub restarts: u64,
    /// How often it may still be, unless it stays healthy for a while.
    pub restarts_left: u32,
    /// How its last incarnation ended.
    pub last_end: Option<End>,
    /// Addresses of the virtual network that it listens on.
    pub listening: Vec<SocketAddr>,
}

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// It runs, and neither listens nor has said that it is ready.
    Starting,
    /// It runs and is ready.
    Running,
    /// It failed and will be started again.
    Waiting,
    /// It has done its work.
    Completed,
    /// It failed and is not started again.
    Failed,
    /// Its workload was stopped.
    Stopped,
}

/// How an incarnation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned, or exited with this code.
    Exit(u8),
    /// It trapped. The cause is a short stable word; the detail is for the log.
    Trap {
        /// As that of a fault.
        cause: &'static str,
        /// Everything known.
        detail: String,
    },
    /// There was no instance of it.
    NotStarted(String),
    /// It did not end within its grace.
    Forced(Duration),
}

impl ServiceState {
    /// A stable word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// Whether it is not yet known whether it works.
    pub(super) fn is_starting(self) -> bool {
        matches!(self, Self::Starting | Self::Waiting)
    }

    /// Whether nothing will run again.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Stopped)
    }
}

impl End {
    /// Whether it has done its work.
    pub(super) fn is_success(&self) -> bool {
        *self == Self::Exit(0)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(0) => f.write_str("it returned"),
            Self::Exit(code) => write!(f, "it exited with code {code}"),
            Self::Trap { detail, .. } => write!(f, "it failed: {detail}"),
            Self::NotStarted(why) => write!(f, "it could not be started: {why}"),
            Self::Forced(grace) => write!(f, "it was ended by force after {grace:?}"),
        }
    }
}

impl ServiceStatus {
    pub(super) fn new(max_restarts: u32) -> Self {
        Self {
            state: ServiceState::Starting,
            since: SystemTime::now(),
            restarts: 0,
            restarts_left: max_restarts,
            last_end: None,
            listening: Vec::new(),
        }
    }

    /// How its last incarnation ended, in words; nothing if none has ended.
    pub fn reason(&self) -> Option<String> {
        let end = self.last_end.as_ref()?;
        Some(match self.restarts {
            0 => end.to_string(),
            1 => format!("{end} (restarted once)"),
            restarts => format!("{end} (restarted {restarts} times)"),
        })
    }

    /// A new incarnation begins.
    pub(super) fn starting(&mut self) {
        if self.last_end.is_some() {
            self.restarts = self.restarts.saturating_add(1);
        }
        self.enter(ServiceState::Starting);
    }

    /// An incarnation has ended, and there will be another one.
    pub(super) fn waiting(&mut self, end: End, left: u32) {
        self.restarts_left = left;
        self.ended(ServiceState::Waiting, end);
    }

    /// An incarnation has ended.
    pub(super) fn ended(&mut self, state: ServiceState, end: End) {
        self.last_end = Some(end);
        self.enter(state);
    }

    pub(super) fn enter(&mut self, state: ServiceState) {
        self.state = state;
        self.since = SystemTime::now();
    }
}
