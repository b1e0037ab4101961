//! Metrics: for each instrument of each service its series, with their last points.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric;

use super::Limits;
use super::points::{Arrived, Kind, Point, points};
use super::resource::{Resource, Resources};
use super::value::{Attributes, NAME_MAX, cut};

/// Two points of one series are at least so far apart; of those that are closer the last one is kept.
const APART: u64 = 500_000_000;
/// Bytes of attributes of one series.
const ATTRIBUTES_MAX: usize = 4 << 10;
/// Bytes of all points.
const BYTES_MAX: usize = 48 << 20;
/// What a series costs beside its points and texts.
const SERIES_BYTES: usize = 300;

/// All series.
#[derive(Debug)]
pub(crate) struct Metrics {
    limits: Limits,
    known: HashMap<Key, Series>,
    arrivals: u64,
    bytes: usize,
    /// Series that are not kept any more, or never were.
    pub(crate) dropped: u64,
}

/// What makes a series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) resource: Arc<Resource>,
    pub(crate) name: Arc<str>,
    pub(crate) attributes: Attributes,
}

/// The points of one set of attributes.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) kind: Kind,
    pub(crate) unit: Arc<str>,
    pub(crate) description: Arc<str>,
    pub(crate) points: VecDeque<Point>,
    /// When the last point came, in arrivals.
    arrival: u64,
    bytes: usize,
}

impl Metrics {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            known: HashMap::new(),
            arrivals: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    pub(super) fn take(&mut self, request: ExportMetricsServiceRequest, resources: &mut Resources) {
        for batch in request.resource_metrics {
            let resource = resources.intern(batch.resource);
            for metric in batch
                .scope_metrics
                .into_iter()
                .flat_map(|scoped| scoped.metrics)
            {
                self.add(metric, &resource);
            }
        }
    }

    fn add(&mut self, mut metric: Metric, resource: &Arc<Resource>) {
        let name: Arc<str> = cut(std::mem::take(&mut metric.name), NAME_MAX).into();
        let unit: Arc<str> = cut(std::mem::take(&mut metric.unit), 64).into();
        let description = cut(std::mem::take(&mut metric.description), NAME_MAX);
        let description: Arc<str> = description.into();
        let (kind, points) = points(metric);
        for arrived in points {
            let mut attributes = Attributes::new(arrived.attributes);
            attributes.sort();
            if attributes.bytes() > ATTRIBUTES_MAX {
                self.dropped += 1;
                continue;
            }
            let key = Key {
                resource: Arc::clone(resource),
                name: Arc::clone(&name),
                attributes,
            };
            let arrived = Arrived {
                attributes: Vec::new(),
                ..arrived
            };
            let new = || Series {
                kind,
                unit: Arc::clone(&unit),
                description: Arc::clone(&description),
                points: VecDeque::new(),
                arrival: 0,
                bytes: 0,
            };
            self.push(&key, arrived, new);
        }
    }

    fn push(&mut self, key: &Key, arrived: Arrived, new: impl FnOnce() -> Series) {
        self.arrivals += 1;
        if !self.known.contains_key(key) {
            if self.known.len() >= self.limits.series {
                self.forget_silent();
            }
            let mut series = new();
            series.bytes = SERIES_BYTES
                + key.name.len()
                + key.attributes.bytes()
                + series.unit.len()
                + series.description.len();
            self.bytes += series.bytes;
            self.known.insert(key.clone(), series);
        }
        let Some(series) = self.known.get_mut(key) else {
            return;
        };
        series.arrival = self.arrivals;
        let before = series.bytes;
        series.push(arrived, self.limits.points);
        self.bytes = self.bytes + series.bytes - before;
        while self.bytes > BYTES_MAX {
            self.forget_silent();
        }
    }

    /// Forgets the tenth of the series that were silent for longest.
    fn forget_silent(&mut self) {
        let mut arrivals: Vec<u64> = self.known.values().map(|series| series.arrival).collect();
        arrivals.sort_unstable();
        let Some(&last) = arrivals.get(arrivals.len() / 10) else {
            return;
        };
        let (bytes, dropped) = (&mut self.bytes, &mut self.dropped);
        self.known.retain(|_, series| {
            let keep = series.arrival > last;
            if !keep {
                *bytes -= series.bytes;
                *dropped += 1;
            }
            keep
        });
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limits);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Series)> {
        self.known.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

impl Series {
    /// Points are kept as sums from the beginning, so that one that was missed changes nothing.
    fn push(&mut self, arrived: Arrived, points_max: usize) {
        let mut point = arrived.point;
        if arrived.is_delta
            && let Some(last) = self.points.back()
        {
            let mut sum = last.clone();
            sum.add(&point);
            point = sum;
        }
        let count = self.points.len();
        let before = count
            .checked_sub(2)
            .and_then(|index| self.points.get(index));
        let is_close = before.is_some_and(|before| point.time < before.time.saturating_add(APART));
        if is_close && let Some(replaced) = self.points.pop_back() {
            self.bytes -= replaced.bytes();
        }
        self.bytes += point.bytes();
        self.points.push_back(point);
        while self.points.len() > points_max {
            if let Some(oldest) = self.points.pop_front() {
                self.bytes -= oldest.bytes();
            }
        }
    }
}

#[cfg(test)]
impl Series {
    pub(crate) fn for_tests(kind: Kind, points: VecDeque<Point>) -> Self {
        Self {
            kind,
            unit: "".into(),
            description: "".into(),
            points,
            arrival: 0,
            bytes: 0,
        }
    }
}
