//! The gate of one adapter: submissions of all tenants wait here, few are on the GPU, and one thread watches those. It
//! never waits for a device, and looks only at devices that have something under way. Whose turn is next, `fair` says.
//! A submission that is not over at its deadline loses its device; its place goes to others, though the GPU may still be at
//! it: nothing but the end of the process takes it back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::bill::{Billed, nanos};
use crate::error::LostReason;
use crate::fair::{Fair, Ticket};
use crate::ledger::Credit;
use crate::objects::{DeviceCore, InFlight};

/// Submissions that are on the GPU at a time: one runs, one waits behind it, so that the GPU is never idle.
const IN_FLIGHT: usize = 2;
/// The thread looks again after this part of the time that the youngest has taken: answers come at most that much late, and
/// a short submission does not wait for the next look after a long one.
const PATIENCE: u32 = 64;
/// So long after a submission the thread does not sleep: many are over by then, and to be woken takes as long.
const AWAKE: Duration = Duration::from_micros(100);
const SHORTEST: Duration = Duration::from_micros(20);
const LONGEST: Duration = Duration::from_millis(1);
/// An adapter that has been at a lost submission for so long will not come back: new workloads go elsewhere.
const HOPELESS: Duration = Duration::from_secs(10);
/// With nothing to watch, the thread looks this often whether the gate is still wanted.
const IDLE: Duration = Duration::from_millis(100);

/// A submission on the GPU.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) ticket: Ticket,
    /// Its place was given to others.
    pub(crate) late: bool,
    /// The adapter is still at it long after that.
    pub(crate) hopeless: bool,
    pub(crate) since: Instant,
    pub(crate) done: Arc<AtomicBool>,
    /// What that said when the gate looked.
    pub(crate) over: bool,
    /// What it uses, until it is over.
    pub(crate) _holds: (InFlight, Vec<Credit>, Option<Credit>),
}

/// The gate of one adapter.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    /// The thread has something to watch.
    woken: Condvar,
    /// A submission is over.
    freed: Notify,
    /// What this adapter is called, for the log.
    name: String,
    /// So long after its deadline a submission is hopeless.
    hopeless: Duration,
    /// Hopeless submissions that the adapter is still at.
    stuck: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    /// By the account of the tenant.
    fair: Fair<usize, Arc<DeviceCore>>,
    flights: Vec<Flight>,
    /// When the last one was over: what comes after it did not run before.
    over: Option<Instant>,
    /// When the next of those comes that wait because their share of the GPU's time is used up.
    opens: Option<Instant>,
    /// Devices of which somebody waits for an answer that only a poll brings.
    watched: Vec<Arc<DeviceCore>>,
}

impl Gate {
    /// A gate and the thread that watches it, which ends with the last lease.
    ///
    /// # Errors
    ///
    /// The machine has no thread for it.
    pub fn start(name: &str) -> std::io::Result<Arc<Self>> {
        Self::start_with(name, HOPELESS)
    }

    /// The same with another patience for submissions that passed their deadline.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn start_with(name: &str, hopeless: Duration) -> std::io::Result<Arc<Self>> {
        let gate = Arc::new(Self {
            name: name.to_owned(),
            hopeless,
            ..Self::default()
        });
        let watched = Arc::downgrade(&gate);
        std::thread::Builder::new()
            .name(format!("gpu {name}"))
            .spawn(move || {
                while let Some(gate) = watched.upgrade() {
                    gate.look();
                }
            })?;
        Ok(gate)
    }

    /// Whether the adapter does not come back from a submission.
    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) > 0
    }

    /// Is ready when a submission is over, from now on.
    pub(crate) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }

    /// A submission waits in the timeline of this device.
    pub(crate) fn enqueue(&self, device: &Arc<DeviceCore>) {
        let tenant = Arc::as_ptr(device.lease.account().payer()) as usize;
        let weight = device.lease.quota().weight;
        self.state()
            .fair
            .enqueue(tenant, weight, Arc::clone(device));
        self.pump();
    }

    /// Somebody waits for an answer that a poll of this device brings. If nothing of it runs, that is now.
    pub(crate) fn watch(&self, device: &Arc<DeviceCore>) {
        if device.poll() {
            return;
        }
        let mut state = self.state();
        if !state
            .watched
            .iter()
            .any(|watched| Arc::ptr_eq(watched, device))
        {
            state.watched.push(Arc::clone(device));
        }
        drop(state);
        self.woken.notify_one();
    }

    /// Gives turns as long as there are places.
    fn pump(&self) {
        loop {
            let mut state = self.state();
            if state.fair.flying() >= IN_FLIGHT {
                return;
            }
            let (now, mut opens) = (Instant::now(), None::<Instant>);
            let next = state.fair.next(|device| {
                let closed = device.account.opens(now);
                opens = opens.into_iter().chain(closed).min();
                closed.is_none()
            });
            state.opens = opens;
            let Some((ticket, device)) = next else {
                drop(state);
                if opens.is_some() {
                    self.woken.notify_one();
                }
                return;
            };
            drop(state);
            let flight = device.turn(ticket);
            let mut state = self.state();
            match flight {
                Some(flight) => state.flights.push(flight),
                None => state.fair.finished(ticket, 0),
            }
            drop(state);
            self.woken.notify_one();
        }
    }

    /// One round of the thread.
    fn look(&self) {
        let mut state = self.state();
        if state.flights.is_empty() && state.watched.is_empty() {
            // Wakes now and then to see whether the gate is still wanted.
            let opens = state.opens.map_or(IDLE, |opens| {
                opens.saturating_duration_since(Instant::now()).min(IDLE)
            });
            let waited = self.woken.wait_timeout(state, opens);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            self.reopen();
            return;
        }
        let watched = std::mem::take(&mut state.watched);
        let flying: Vec<_> = state
            .flights
            .iter()
            .map(|flight| Arc::clone(&flight.device))
            .collect();
        drop(state);
        for device in flying
            .iter()
            .filter(|device| !watched.iter().any(|watched| Arc::ptr_eq(watched, device)))
        {
            device.poll();
        }
        for device in watched {
            if !device.poll() {
                self.state().watched.push(device);
            }
        }
        if self.settle() {
            self.pump();
        } else {
            self.reopen();
            self.pause();
        }
    }

    /// Waits a little, or until something new is on the GPU.
    fn pause(&self) {
        let state = self.state();
        let on_time = state.flights.iter().filter(|flight| !flight.late);
        let youngest = on_time.map(|flight| flight.since).max();
        let age = youngest.map(|since| since.elapsed());
        if age.is_some_and(|age| age < AWAKE) {
            drop(state);
            std::thread::yield_now();
            return;
        }
        let pause = age.map_or(LONGEST, |age| age / PATIENCE);
        let waited = self
            .woken
            .wait_timeout(state, pause.clamp(SHORTEST, LONGEST));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets those in whose share of the GPU's time has filled again.
    fn reopen(&self) {
        let opens = self.state().opens;
        if opens.is_some_and(|opens| opens <= Instant::now()) {
            self.pump();
        }
    }

    /// Ends the flights that are over, and gives up those that are too late: whether there was one.
    fn settle(&self) -> bool {
        let mut state = self.state();
        let State {
            fair,
            flights,
            over: last,
            ..
        } = &mut *state;
        let now = Instant::now();
        let mut freed = false;
        for flight in &mut *flights {
            // Asked once: it may change while this looks.
            flight.over = flight.done.load(Ordering::Acquire);
            if flight.late {
                continue;
            }
            // Of two that are seen to be over at once, the time was used once. A deadline is no matter of what was used:
            // whatever others do meanwhile, it comes.
            let since = last.map_or(flight.since, |last| flight.since.max(last));
            let took = now.saturating_duration_since(since);
            let age = now.saturating_duration_since(flight.since);
            let deadline = flight.device.lease.quota().submission_deadline;
            if flight.over || age > deadline {
                fair.finished(flight.ticket, nanos(took));
                flight.device.account.worked(nanos(took), now);
                flight.late = !flight.over;
                *last = Some(now);
                freed = true;
            }
            if flight.late {
                flight.device.bill(Billed::Overdue, 1);
                flight.device.errors.lose(
                    LostReason::Unknown,
                    format!("a submission was not over after {deadline:?}, the submission-deadline of the workload"),
                );
            }
        }
        let hopeless = flights.iter_mut().filter(|flight| {
            let beyond = flight.device.lease.quota().submission_deadline + self.hopeless;
            flight.late && !flight.hopeless && flight.since.elapsed() > beyond
        });
        for flight in hopeless {
            flight.hopeless = true;
            self.give_up();
        }
        let over: Vec<_> = flights.extract_if(.., |flight| flight.over).collect();
        freed |= !over.is_empty();
        let back = over.iter().filter(|flight| flight.hopeless).count();
        self.stuck.fetch_sub(back, Ordering::Relaxed);
        drop(state);
        // Here, and not under the lock: with the last flight a device may end.
        drop(over);
        if freed {
            self.freed.notify_waiters();
        }
        freed
    }

    fn give_up(&self) {
        self.stuck.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            target: "weft::gpu",
            adapter = self.name,
            "the GPU does not come back from a submission that lost its device {:?} ago; workloads that start from now on get another adapter, and those on this one are slower; only a restart of the host frees it",
            self.hopeless
        );
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
