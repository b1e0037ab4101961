//! What runs on this host, for those who watch it. Requests never come here: they count in the `Series` that their
//! target holds.
//!
//! Only so many workloads have labels of their own on the page of metrics; what comes after them is added up under one.
//! Which is which is settled at a workload's start and stays, because a workload that changed sides would make the sum
//! fall. For the same reason the sum keeps what ended workloads have brought to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use weft_api::ids::{Tenant, WorkloadName};
use weft_engine::network::{LearnedPolicy, Learning};
use weft_engine::service::{Service, ServiceState, ServiceStatus};

use crate::publish::PublishedPort;
use crate::series::{Reading, Series, Totals};

/// Ended workloads that wait for somebody to read their last numbers. With more, the oldest are forgotten.
const ENDED_MAX: usize = 1000;

type Key = (Tenant, WorkloadName);

/// All workloads that run, and those that ended since the metrics were read last.
#[derive(Debug)]
pub(crate) struct Registry {
    /// How many workloads have labels of their own.
    labels_max: usize,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    workloads: BTreeMap<Key, Kept>,
    labelled: usize,
    runs: u64,
    /// In the order in which they ended. Some may run again.
    ended: VecDeque<Key>,
    /// What workloads without labels of their own had counted when they were forgotten.
    folded: Totals,
}

#[derive(Debug)]
struct Kept {
    series: Arc<Series>,
    labelled: bool,
    /// What was started under this name and has not ended. One, unless replicas share the host.
    runs: BTreeMap<u64, Run>,
}

#[derive(Clone, Debug)]
struct Run {
    hosts: Vec<String>,
    ports: Vec<PublishedPort>,
    since: SystemTime,
    service: Option<Service>,
    learning: Learning,
}

/// A workload that runs. Dropping it says that it ended.
#[derive(Debug)]
pub(crate) struct Registration {
    registry: Arc<Registry>,
    key: Key,
    run: u64,
    series: Arc<Series>,
}

/// A workload at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) tenant: Tenant,
    pub(crate) workload: WorkloadName,
    pub(crate) state: State,
    /// Since when it is in its state; none where that is not known any more.
    pub(crate) since: Option<SystemTime>,
    /// Host names that lead to it.
    pub(crate) hosts: Vec<String>,
    /// How its service fares, if it has one.
    pub(crate) service: Option<ServiceStatus>,
    /// Ports of its service that can be reached from outside.
    pub(crate) ports: Vec<PublishedPort>,
    pub(crate) reading: Reading,
    /// Whether the metrics have labels for it.
    labelled: bool,
    series: Arc<Series>,
}

/// How far a workload has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It takes requests.
    Running,
    /// Its service has failed for good: no request is answered.
    Failed,
    /// It was a service alone, which has done its work.
    Completed,
    /// It takes no more requests; the last ones are being answered.
    Stopping,
    /// It is gone.
    Ended,
}

/// The workloads as the page of metrics shows them.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Those with labels of their own, in order of their names.
    pub(crate) labelled: Vec<Row>,
    /// All others together; none if there never were any.
    pub(crate) others: Option<Reading>,
    /// How many run.
    pub(crate) running: usize,
}

impl Registry {
    /// Nothing runs. At most `labels_max` workloads will have labels of their own.
    pub(crate) fn new(labels_max: usize) -> Arc<Self> {
        Arc::new(Self {
            labels_max,
            books: Mutex::default(),
        })
    }

    /// How many workloads have labels of their own.
    pub(crate) fn labels_max(&self) -> usize {
        self.labels_max
    }

    /// Notes that a workload runs. One that ran before under the same name goes on with its counters.
    pub(crate) fn register(
        self: &Arc<Self>,
        tenant: &Tenant,
        workload: &WorkloadName,
        hosts: Vec<String>,
        service: Option<Service>,
        learning: Learning,
    ) -> Registration {
        let key = (tenant.clone(), workload.clone());
        let mut guard = self.books();
        let books = &mut *guard;
        let kept = books.workloads.entry(key.clone()).or_insert_with(|| {
            let labelled = books.labelled < self.labels_max;
            books.labelled = books.labelled.saturating_add(usize::from(labelled));
            Kept {
                series: Arc::default(),
                labelled,
                runs: BTreeMap::new(),
            }
        });
        books.runs = books.runs.wrapping_add(1);
        let since = SystemTime::now();
        let run = Run {
            hosts,
            ports: Vec::new(),
            since,
            service,
            learning,
        };
        kept.runs.insert(books.runs, run);
        Registration {
            registry: Arc::clone(self),
            key,
            run: books.runs,
            series: Arc::clone(&kept.series),
        }
    }

    /// All workloads that take requests or answer their last ones, in order of their names.
    pub(crate) fn workloads(&self) -> Vec<Row> {
        let (mut rows, _) = self.rows();
        rows.retain(|row| row.state != State::Ended);
        rows
    }

    /// What the guests of the workloads that run were seen to reach.
    pub(crate) fn learned(&self) -> Vec<(Key, BTreeMap<String, LearnedPolicy>)> {
        let books = self.books();
        let runs = books.workloads.iter();
        let runs: Vec<(Key, Learning)> = runs
            .flat_map(|(key, kept)| {
                let learning = kept.runs.values().map(|run| run.learning.clone());
                learning.map(|learning| (key.clone(), learning))
            })
            .collect();
        drop(books);
        let learned = runs.into_iter();
        learned
            .map(|(key, learning)| (key, learning.policies()))
            .collect()
    }

    /// What the page of metrics shows. Workloads that have ended are shown once more and then forgotten.
    pub(crate) fn scrape(&self) -> Shown {
        let (rows, folded) = self.rows();
        let running = rows
            .iter()
            .filter(|row| row.state == State::Running)
            .count();
        self.forget(rows.iter().filter(|row| row.state == State::Ended));
        let (labelled, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.labelled);
        let mut sum = Reading {
            totals: folded,
            ..Reading::default()
        };
        for row in &others {
            sum.totals.add(&row.reading.totals);
            sum.present.join(&row.reading.present);
        }
        Shown {
            labelled,
            others: Some(sum).filter(|sum| !others.is_empty() || *sum != Reading::default()),
            running,
        }
    }

    /// Every workload that is known, and what those have left that are not any more. The books are not held while the
    /// workloads are read: that takes locks of theirs.
    fn rows(&self) -> (Vec<Row>, Totals) {
        let books = self.books();
        let known: Vec<_> = books
            .workloads
            .iter()
            .map(|(key, kept)| {
                let runs: Vec<Run> = kept.runs.values().cloned().collect();
                (key.clone(), Arc::clone(&kept.series), kept.labelled, runs)
            })
            .collect();
        let folded = books.folded.clone();
        drop(books);
        let row =
            |((tenant, workload), series, labelled, runs): (Key, Arc<Series>, _, Vec<Run>)| {
                let service = runs.iter().find_map(|run| run.service.as_ref());
                let service = service.map(Service::status);
                let state = match (runs.is_empty(), series.is_over()) {
                    (false, _) => State::of_running(service.as_ref(), &runs),
                    (true, false) => State::Stopping,
                    (true, true) => State::Ended,
                };
                let mut hosts: Vec<String> =
                    runs.iter().flat_map(|run| run.hosts.clone()).collect();
                hosts.sort();
                hosts.dedup();
                Row {
                    tenant,
                    workload,
                    state,
                    since: runs.iter().map(|run| run.since).min(),
                    hosts,
                    ports: runs.iter().flat_map(|run| run.ports.clone()).collect(),
                    reading: series.read(),
                    labelled,
                    service,
                    series,
                }
            };
        (known.into_iter().map(row).collect(), folded)
    }

    /// Forgets workloads that are over. What those without labels have counted stays in the sum.
    fn forget<'a>(&self, rows: impl Iterator<Item = &'a Row>) {
        let mut books = self.books();
        for row in rows {
            let key = (row.tenant.clone(), row.workload.clone());
            if let Some(kept) = books.workloads.get(&key)
                && kept.runs.is_empty()
                && Arc::ptr_eq(&kept.series, &row.series)
            {
                books.remove(&key);
                if !row.labelled {
                    books.folded.add(&row.reading.totals);
                }
            }
        }
    }

    /// A run has ended.
    fn end(&self, key: &Key, run: u64, series: &Series) {
        let unused = series.requests.is_empty() && series.is_over();
        let overdue = self.books().end(key, run, unused);
        // Outside the lock: reading takes locks of the engine.
        let Some(overdue) = overdue else { return };
        let totals = overdue.series.read().totals;
        if !overdue.labelled {
            self.books().folded.add(&totals);
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn remove(&mut self, key: &Key) -> Option<Kept> {
        let kept = self.workloads.remove(key)?;
        self.labelled = self.labelled.saturating_sub(usize::from(kept.labelled));
        self.ended.retain(|ended| ended != key);
        Some(kept)
    }

    /// Notes the end of a run. Gives back what had to be forgotten unread, to make room.
    fn end(&mut self, key: &Key, run: u64, unused: bool) -> Option<Kept> {
        let kept = self.workloads.get_mut(key)?;
        kept.runs.remove(&run);
        if !kept.runs.is_empty() {
            return None;
        }
        if unused {
            // A start that failed, or that nobody noticed: there is nothing to tell.
            return self.remove(key);
        }
        self.ended.retain(|ended| ended != key);
        self.ended.push_back(key.clone());
        if self.ended.len() <= ENDED_MAX {
            return None;
        }
        let oldest = self.ended.pop_front()?;
        let ended = self.workloads.get(&oldest)?.runs.is_empty();
        ended.then(|| self.remove(&oldest)).flatten()
    }
}

impl Registration {
    /// Another version has taken its place, with this service.
    pub(crate) fn replace(&self, service: Option<Service>, learning: Learning) {
        let mut books = self.registry.books();
        let kept = books.workloads.get_mut(&self.key);
        if let Some(run) = kept.and_then(|kept| kept.runs.get_mut(&self.run)) {
            run.learning = learning;
            let replaced = std::mem::replace(&mut run.service, service);
            drop(books);
            // Outside the lock: this may be the end of it.
            drop(replaced);
        }
    }

    /// Notes which ports of the service can be reached from outside now.
    pub(crate) fn show_ports(&self, ports: &[PublishedPort]) {
        let mut books = self.registry.books();
        let kept = books.workloads.get_mut(&self.key);
        if let Some(run) = kept.and_then(|kept| kept.runs.get_mut(&self.run)) {
            run.ports = ports.to_vec();
        }
    }

    /// What is counted of the workload.
    pub(crate) fn series(&self) -> &Arc<Series> {
        &self.series
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.end(&self.key, self.run, &self.series);
    }
}

impl State {
    /// What is said of a workload that runs, if it has a service also of that.
    fn of_running(service: Option<&ServiceStatus>, runs: &[Run]) -> Self {
        let is_alone = runs.iter().all(|run| run.hosts.is_empty());
        match service.map(|service| service.state) {
            Some(ServiceState::Failed) => Self::Failed,
            Some(ServiceState::Completed) if is_alone => Self::Completed,
            Some(_) | None => Self::Running,
        }
    }

    /// A stable word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Completed => "completed",
            Self::Stopping => "stopping",
            Self::Ended => "ended",
        }
    }
}

#[cfg(test)]
mod tests;
