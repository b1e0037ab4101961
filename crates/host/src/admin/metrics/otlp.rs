//! Metrics in the form of OpenTelemetry. Their names are those of the page with a dot after the prefix and without endings,
//! so that a collector which makes Prometheus metrics of them arrives at the names of the page.

use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use weft_telemetry::proto::common::v1::KeyValue;
use weft_telemetry::proto::metrics::v1::metric::Data;
use weft_telemetry::proto::metrics::v1::number_data_point::Value as Number;
use weft_telemetry::proto::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric as Sent, NumberDataPoint,
    Sum,
};
use weft_telemetry::value::attribute;

use super::catalog::Metric;
use super::exposition::Value;

/// The metrics with one prefix, read at one moment.
#[derive(Debug)]
pub(in crate::admin) struct Otlp {
    all: Vec<Sent>,
    prefix: &'static str,
    /// Since when counters count, and when they were read; nanoseconds since 1970.
    start: u64,
    now: u64,
}

impl Otlp {
    pub(super) fn new(prefix: &'static str, start: u64, now: u64) -> Self {
        Self {
            all: Vec::new(),
            prefix,
            start,
            now,
        }
    }

    /// All metrics that have values.
    pub(super) fn done(self) -> impl Iterator<Item = Sent> {
        self.all.into_iter().filter(|metric| match &metric.data {
            Some(Data::Gauge(gauge)) => !gauge.data_points.is_empty(),
            Some(Data::Sum(sum)) => !sum.data_points.is_empty(),
            Some(Data::Histogram(histogram)) => !histogram.data_points.is_empty(),
            _ => false,
        })
    }

    /// What is added from now on is of this metric.
    pub(super) fn begin(&mut self, metric: &Metric) {
        let cumulative = AggregationTemporality::Cumulative.into();
        let data = match metric.kind {
            MetricType::Counter => Data::Sum(Sum {
                data_points: Vec::new(),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            }),
            MetricType::Histogram => Data::Histogram(Histogram {
                data_points: Vec::new(),
                aggregation_temporality: cumulative,
            }),
            _ => Data::Gauge(Gauge::default()),
        };
        let unit = match &metric.unit {
            Some(Unit::Seconds) => "s",
            Some(Unit::Bytes) => "By",
            _ => "1",
        };
        self.all.push(Sent {
            name: format!("{}{}", self.prefix, metric.name),
            description: metric.help.to_owned(),
            unit: unit.to_owned(),
            metadata: Vec::new(),
            data: Some(data),
        });
    }

    /// A value of it.
    pub(super) fn add(&mut self, labels: &[(&'static str, &str)], value: Value<'_>) {
        let labels = labels.iter();
        let attributes = labels
            .map(|(key, value)| attribute(*key, (*value).to_owned()))
            .collect();
        let (start, now) = (self.start, self.now);
        let data = self.all.last_mut().and_then(|metric| metric.data.as_mut());
        match (data, value) {
            (Some(Data::Gauge(gauge)), value) => {
                gauge.data_points.extend(point(attributes, value, 0, now));
            }
            (Some(Data::Sum(sum)), value) => {
                sum.data_points.extend(point(attributes, value, start, now));
            }
            (Some(Data::Histogram(histogram)), Value::Times(times)) => {
                let (bounds, counts): (Vec<_>, Vec<_>) = times.buckets().unzip();
                histogram.data_points.push(HistogramDataPoint {
                    attributes,
                    start_time_unix_nano: start,
                    time_unix_nano: now,
                    count: times.count(),
                    sum: Some(times.sum().as_secs_f64()),
                    bucket_counts: counts,
                    // The last bucket has no upper end.
                    explicit_bounds: bounds
                        .into_iter()
                        .filter(|bound| bound.is_finite())
                        .collect(),
                    ..HistogramDataPoint::default()
                });
            }
            _ => {}
        }
    }
}

fn point(
    attributes: Vec<KeyValue>,
    value: Value<'_>,
    start: u64,
    now: u64,
) -> Option<NumberDataPoint> {
    let number = match value {
        Value::Whole(whole) => Number::AsInt(i64::try_from(whole).unwrap_or(i64::MAX)),
        Value::Real(real) => Number::AsDouble(real),
        Value::Times(_) => return None,
    };
    Some(NumberDataPoint {
        attributes,
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(number),
        ..NumberDataPoint::default()
    })
}
