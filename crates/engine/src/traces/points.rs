//! Metrics of guests in the form of OTLP.

use weft_caps::otel::metrics as wit;
use weft_telemetry::id::{SpanId, TraceId};
use weft_telemetry::limits::SpanLimits;
use weft_telemetry::proto::metrics::v1 as proto;

use super::guest::nanos;
use super::value::{attributes, text};

/// Data points of one metric, exemplars of one point, and buckets of a histogram, at most.
const POINTS: usize = 500;
const EXEMPLARS: usize = 16;
const BUCKETS: usize = 320;

/// A metric within its limits.
pub(super) fn metric(metric: wit::Metric, limits: &SpanLimits) -> proto::Metric {
    use proto::metric::Data;
    let data = match metric.data {
        wit::MetricData::F64Gauge(of)
        | wit::MetricData::U64Gauge(of)
        | wit::MetricData::S64Gauge(of) => Data::Gauge(gauge(of, limits)),
        wit::MetricData::F64Sum(of) | wit::MetricData::U64Sum(of) | wit::MetricData::S64Sum(of) => {
            Data::Sum(sum(of, limits))
        }
        wit::MetricData::F64Histogram(of)
        | wit::MetricData::U64Histogram(of)
        | wit::MetricData::S64Histogram(of) => Data::Histogram(histogram(of, limits)),
        wit::MetricData::F64ExponentialHistogram(of)
        | wit::MetricData::U64ExponentialHistogram(of)
        | wit::MetricData::S64ExponentialHistogram(of) => {
            Data::ExponentialHistogram(exponential(of, limits))
        }
    };
    proto::Metric {
        name: text(metric.name, limits),
        description: text(metric.description, limits),
        unit: text(metric.unit, limits),
        metadata: Vec::new(),
        data: Some(data),
    }
}

fn gauge(of: wit::Gauge, limits: &SpanLimits) -> proto::Gauge {
    let (start, time) = (of.start_time.map_or(0, nanos), nanos(of.time));
    let points = of
        .data_points
        .into_iter()
        .take(POINTS)
        .map(|point| proto::NumberDataPoint {
            attributes: attributes(point.attributes, limits).0,
            start_time_unix_nano: start,
            time_unix_nano: time,
            exemplars: exemplars(point.exemplars, limits),
            flags: 0,
            value: Some(number(point.value)),
        });
    proto::Gauge {
        data_points: points.collect(),
    }
}

fn sum(of: wit::Sum, limits: &SpanLimits) -> proto::Sum {
    let (start, time) = (nanos(of.start_time), nanos(of.time));
    let points = of
        .data_points
        .into_iter()
        .take(POINTS)
        .map(|point| proto::NumberDataPoint {
            attributes: attributes(point.attributes, limits).0,
            start_time_unix_nano: start,
            time_unix_nano: time,
            exemplars: exemplars(point.exemplars, limits),
            flags: 0,
            value: Some(number(point.value)),
        });
    proto::Sum {
        data_points: points.collect(),
        aggregation_temporality: temporality(of.temporality, !of.is_monotonic).into(),
        is_monotonic: of.is_monotonic,
    }
}

fn histogram(of: wit::Histogram, limits: &SpanLimits) -> proto::Histogram {
    let (start, time) = (nanos(of.start_time), nanos(of.time));
    let points = of
        .data_points
        .into_iter()
        .take(POINTS)
        .map(|point| proto::HistogramDataPoint {
            attributes: attributes(point.attributes, limits).0,
            start_time_unix_nano: start,
            time_unix_nano: time,
            count: point.count,
            sum: Some(real(point.sum)),
            bucket_counts: first(point.bucket_counts, BUCKETS.saturating_add(1)),
            explicit_bounds: first(point.bounds, BUCKETS),
            exemplars: exemplars(point.exemplars, limits),
            flags: 0,
            min: point.min.map(real),
            max: point.max.map(real),
        });
    proto::Histogram {
        data_points: points.collect(),
        aggregation_temporality: temporality(of.temporality, false).into(),
    }
}

fn exponential(of: wit::ExponentialHistogram, limits: &SpanLimits) -> proto::ExponentialHistogram {
    let (start, time) = (nanos(of.start_time), nanos(of.time));
    let buckets =
        |bucket: wit::ExponentialBucket| proto::exponential_histogram_data_point::Buckets {
            offset: bucket.offset,
            bucket_counts: first(bucket.counts, BUCKETS),
        };
    let points = of.data_points.into_iter().take(POINTS);
    let points = points.map(|point| proto::ExponentialHistogramDataPoint {
        attributes: attributes(point.attributes, limits).0,
        start_time_unix_nano: start,
        time_unix_nano: time,
        count: point.count,
        sum: Some(real(point.sum)),
        scale: i32::from(point.scale),
        zero_count: point.zero_count,
        positive: Some(buckets(point.positive_bucket)),
        negative: Some(buckets(point.negative_bucket)),
        flags: 0,
        exemplars: exemplars(point.exemplars, limits),
        min: point.min.map(real),
        max: point.max.map(real),
        zero_threshold: point.zero_threshold,
    });
    proto::ExponentialHistogram {
        data_points: points.collect(),
        aggregation_temporality: temporality(of.temporality, false).into(),
    }
}

/// `low-memory` is cumulative for what may fall, and delta for all else: what takes the guest less memory.
fn temporality(of: wit::Temporality, may_fall: bool) -> proto::AggregationTemporality {
    match of {
        wit::Temporality::Cumulative => proto::AggregationTemporality::Cumulative,
        wit::Temporality::Delta => proto::AggregationTemporality::Delta,
        wit::Temporality::LowMemory if may_fall => proto::AggregationTemporality::Cumulative,
        wit::Temporality::LowMemory => proto::AggregationTemporality::Delta,
    }
}

fn exemplars(of: Vec<wit::Exemplar>, limits: &SpanLimits) -> Vec<proto::Exemplar> {
    let kept = of.into_iter().take(EXEMPLARS);
    let kept = kept.map(|exemplar| proto::Exemplar {
        filtered_attributes: attributes(exemplar.filtered_attributes, limits).0,
        time_unix_nano: nanos(exemplar.time),
        span_id: SpanId::parse(&exemplar.span_id)
            .map(|span| span.to_bytes().to_vec())
            .unwrap_or_default(),
        trace_id: TraceId::parse(&exemplar.trace_id)
            .map(|trace| trace.to_bytes().to_vec())
            .unwrap_or_default(),
        value: Some(match number(exemplar.value) {
            proto::number_data_point::Value::AsInt(whole) => proto::exemplar::Value::AsInt(whole),
            proto::number_data_point::Value::AsDouble(real) => {
                proto::exemplar::Value::AsDouble(real)
            }
        }),
    });
    kept.collect()
}

fn number(of: wit::MetricNumber) -> proto::number_data_point::Value {
    use proto::number_data_point::Value;
    match of {
        wit::MetricNumber::F64(real) => Value::AsDouble(real),
        wit::MetricNumber::S64(whole) => Value::AsInt(whole),
        // OTLP has no larger numbers.
        wit::MetricNumber::U64(whole) => Value::AsInt(i64::try_from(whole).unwrap_or(i64::MAX)),
    }
}

fn real(of: wit::MetricNumber) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "OTLP has real numbers here")]
    match of {
        wit::MetricNumber::F64(real) => real,
        wit::MetricNumber::S64(whole) => whole as f64,
        wit::MetricNumber::U64(whole) => whole as f64,
    }
}

fn first<T>(mut of: Vec<T>, most: usize) -> Vec<T> {
    of.truncate(most);
    of.shrink_to_fit();
    of
}
