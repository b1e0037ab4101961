//! Data points of metrics, in the one form that is kept, and what is drawn of them.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogramDataPoint, HistogramDataPoint, Metric,
    NumberDataPoint, SummaryDataPoint, exponential_histogram_data_point::Buckets, metric::Data,
    number_data_point,
};

/// Boundaries of a histogram that are kept.
const BOUNDS_MAX: usize = 256;

/// What an instrument measures, and so how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value at a time.
    Gauge,
    /// A sum that may fall, as a number of connections.
    Sum,
    /// A sum that only grows: what is drawn is how fast.
    Counter,
    /// A distribution: what is drawn are percentiles.
    Histogram,
}

impl Kind {
    /// A stable word for the page.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Sum => "sum",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// What was measured at one time, or up to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) value: f64,
    pub(crate) histogram: Option<Box<Histogram>>,
}

/// Counts by size. `counts` has one more than `bounds`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) count: u64,
    pub(crate) bounds: Vec<f64>,
    pub(crate) counts: Vec<u64>,
}

/// A point as it arrives: of which series, and whether it counts from the beginning or from the point before.
pub(crate) struct Arrived {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) point: Point,
    pub(crate) is_delta: bool,
}

/// The points of an instrument.
pub(crate) fn points(metric: Metric) -> (Kind, Vec<Arrived>) {
    let delta = AggregationTemporality::Delta as i32;
    match metric.data {
        None => (Kind::Gauge, Vec::new()),
        Some(Data::Gauge(gauge)) => {
            let points = gauge.data_points.into_iter();
            let points = points.filter_map(|point| number(point, false));
            (Kind::Gauge, points.collect())
        }
        Some(Data::Sum(sum)) => {
            let kind = if sum.is_monotonic {
                Kind::Counter
            } else {
                Kind::Sum
            };
            let is_delta = sum.aggregation_temporality == delta;
            let points = sum.data_points.into_iter();
            let points = points.filter_map(|point| number(point, is_delta));
            (kind, points.collect())
        }
        Some(Data::Histogram(histogram)) => {
            let is_delta = histogram.aggregation_temporality == delta;
            let points = histogram.data_points.into_iter();
            let points = points.map(|point| explicit(point, is_delta));
            (Kind::Histogram, points.collect())
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let is_delta = histogram.aggregation_temporality == delta;
            let points = histogram.data_points.into_iter();
            let points = points.map(|point| exponential(&point, is_delta));
            (Kind::Histogram, points.collect())
        }
        Some(Data::Summary(summary)) => {
            let points = summary.data_points.into_iter().map(counted);
            (Kind::Counter, points.collect())
        }
    }
}

fn number(point: NumberDataPoint, is_delta: bool) -> Option<Arrived> {
    let value = match point.value? {
        number_data_point::Value::AsDouble(value) => value,
        #[expect(clippy::cast_precision_loss, reason = "for a drawing")]
        number_data_point::Value::AsInt(value) => value as f64,
    };
    let point_kept = Point {
        time: point.time_unix_nano,
        value,
        histogram: None,
    };
    value.is_finite().then_some(Arrived {
        attributes: point.attributes,
        point: point_kept,
        is_delta,
    })
}

fn explicit(point: HistogramDataPoint, is_delta: bool) -> Arrived {
    let mut bounds = point.explicit_bounds;
    let mut counts = point.bucket_counts;
    bounds.truncate(BOUNDS_MAX);
    counts.truncate(bounds.len() + 1);
    counts.resize(bounds.len() + 1, 0);
    histogram(
        point.attributes,
        point.time_unix_nano,
        is_delta,
        Histogram {
            count: point.count,
            bounds,
            counts,
        },
    )
}

/// Buckets of an exponential histogram lie between powers of a base that the scale gives.
fn exponential(point: &ExponentialHistogramDataPoint, is_delta: bool) -> Arrived {
    let base = 2_f64.powf(2_f64.powi(-point.scale.clamp(-10, 20)));
    let edge = |sign: f64, offset: i32, index: usize| {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        sign * base.powi(offset.saturating_add(index))
    };
    let none = Buckets::default();
    let negative = point.negative.as_ref().unwrap_or(&none);
    let positive = point.positive.as_ref().unwrap_or(&none);
    let mut bounds = Vec::new();
    let mut counts = Vec::new();
    let below = negative.bucket_counts.iter().enumerate().take(BOUNDS_MAX);
    for (index, count) in below.rev() {
        counts.push(*count);
        bounds.push(edge(-1.0, negative.offset, index));
    }
    counts.push(point.zero_count);
    bounds.push(edge(1.0, positive.offset, 0));
    for (index, count) in positive.bucket_counts.iter().enumerate().take(BOUNDS_MAX) {
        counts.push(*count);
        bounds.push(edge(1.0, positive.offset, index + 1));
    }
    counts.push(0);
    histogram(
        point.attributes.clone(),
        point.time_unix_nano,
        is_delta,
        Histogram {
            count: point.count,
            bounds,
            counts,
        },
    )
}

fn counted(point: SummaryDataPoint) -> Arrived {
    #[expect(clippy::cast_precision_loss, reason = "for a drawing")]
    let value = point.count as f64;
    Arrived {
        attributes: point.attributes,
        point: Point {
            time: point.time_unix_nano,
            value,
            histogram: None,
        },
        is_delta: false,
    }
}

fn histogram(
    attributes: Vec<KeyValue>,
    time: u64,
    is_delta: bool,
    mut histogram: Histogram,
) -> Arrived {
    if histogram.bounds.iter().any(|bound| !bound.is_finite()) {
        (histogram.bounds, histogram.counts) = (Vec::new(), vec![histogram.count]);
    }
    #[expect(clippy::cast_precision_loss, reason = "for a drawing")]
    let value = histogram.count as f64;
    Arrived {
        attributes,
        point: Point {
            time,
            value,
            histogram: Some(Box::new(histogram)),
        },
        is_delta,
    }
}

impl Point {
    /// Adds what was counted since, if the two can be added.
    pub(crate) fn add(&mut self, delta: &Self) {
        self.time = delta.time;
        self.value += delta.value;
        match (&mut self.histogram, &delta.histogram) {
            (Some(sum), Some(delta)) if sum.bounds == delta.bounds => {
                sum.count = sum.count.saturating_add(delta.count);
                for (sum, delta) in sum.counts.iter_mut().zip(&delta.counts) {
                    *sum = sum.saturating_add(*delta);
                }
            }
            (sum, Some(delta)) => *sum = Some(delta.clone()),
            (_, None) => {}
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let histogram = self.histogram.as_ref();
        let histogram = histogram.map_or(0, |one| 64 + 16 * one.counts.len());
        size_of::<Self>() + histogram
    }
}

impl Histogram {
    /// What was counted since an earlier state of the same; all of it, if counting began anew.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        if earlier.bounds != self.bounds || earlier.count > self.count {
            return self.clone();
        }
        let counts = self.counts.iter().zip(&earlier.counts);
        Self {
            count: self.count - earlier.count,
            bounds: self.bounds.clone(),
            counts: counts
                .map(|(now, then)| now.saturating_sub(*then))
                .collect(),
        }
    }

    /// The value below which a part of the counted lies, between the boundaries of its bucket; none if nothing was
    /// counted or nothing is known of the sizes.
    #[expect(clippy::cast_precision_loss, reason = "for a drawing")]
    pub(crate) fn quantile(&self, part: f64) -> Option<f64> {
        let total: u64 = self
            .counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count));
        if total == 0 || self.bounds.is_empty() {
            return None;
        }
        let wanted = part * total as f64;
        let mut below = 0.0;
        let mut last = None;
        for (index, count) in self.counts.iter().enumerate() {
            let count = *count as f64;
            let upper = self.bounds.get(index).copied();
            let lower = index
                .checked_sub(1)
                .and_then(|index| self.bounds.get(index));
            if below + count >= wanted && count > 0.0 {
                // The outermost buckets have one boundary each.
                let upper = upper.or(lower.copied())?;
                let lower = lower.copied().unwrap_or(upper.min(0.0));
                return Some(lower + (upper - lower) * (wanted - below) / count);
            }
            below += count;
            last = upper.or(last);
        }
        last
    }
}

#[cfg(test)]
mod tests;
