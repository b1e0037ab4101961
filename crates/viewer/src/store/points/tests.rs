//! Points of all kinds, and percentiles.

use opentelemetry_proto::tonic::metrics::v1::{ExponentialHistogram, Gauge, Sum};

use super::*;

fn metric(data: Data) -> Metric {
    Metric {
        data: Some(data),
        ..Metric::default()
    }
}

fn counted(bounds: &[f64], counts: &[u64]) -> Histogram {
    Histogram {
        count: counts.iter().sum(),
        bounds: bounds.to_vec(),
        counts: counts.to_vec(),
    }
}

#[test]
fn a_percentile_lies_between_the_boundaries_of_its_bucket() {
    let histogram = counted(&[10.0, 20.0], &[10, 10, 0]);
    assert_eq!(histogram.quantile(0.5), Some(10.0));
    assert_eq!(histogram.quantile(0.75), Some(15.0));
    assert_eq!(histogram.quantile(1.0), Some(20.0));
    // The last bucket has no end; its beginning is what is known.
    assert_eq!(counted(&[10.0], &[0, 5]).quantile(0.99), Some(10.0));
    assert_eq!(counted(&[10.0], &[0, 0]).quantile(0.5), None);
    assert_eq!(counted(&[], &[7]).quantile(0.5), None);
}

#[test]
fn what_came_since_is_told_from_what_was_there() {
    let then = counted(&[1.0], &[1, 1]);
    assert_eq!(
        counted(&[1.0], &[4, 1]).since(&then),
        counted(&[1.0], &[3, 0])
    );
    // A process that began anew, or changed its boundaries.
    assert_eq!(
        counted(&[1.0], &[1, 0]).since(&then),
        counted(&[1.0], &[1, 0])
    );
    assert_eq!(
        counted(&[2.0], &[9, 0]).since(&then),
        counted(&[2.0], &[9, 0])
    );
}

#[test]
fn an_exponential_histogram_becomes_boundaries() {
    let point = ExponentialHistogramDataPoint {
        count: 7,
        scale: 0,
        zero_count: 1,
        positive: Some(Buckets {
            offset: 1,
            bucket_counts: vec![2, 4],
        }),
        ..ExponentialHistogramDataPoint::default()
    };
    let data = Data::ExponentialHistogram(ExponentialHistogram {
        data_points: vec![point],
        aggregation_temporality: 2,
    });
    let (kind, points) = points(metric(data));
    assert_eq!(kind, Kind::Histogram);
    let histogram = points[0].point.histogram.as_deref().unwrap();
    assert_eq!(histogram.bounds, [2.0, 4.0, 8.0]);
    assert_eq!(histogram.counts, [1, 2, 4, 0]);
}

#[test]
fn hostile_numbers_are_left_out() {
    let number = |value| NumberDataPoint {
        value,
        ..NumberDataPoint::default()
    };
    let gauge = Data::Gauge(Gauge {
        data_points: vec![
            number(Some(number_data_point::Value::AsDouble(f64::NAN))),
            number(Some(number_data_point::Value::AsDouble(f64::INFINITY))),
            number(None),
            number(Some(number_data_point::Value::AsInt(3))),
        ],
    });
    let (_, found) = points(metric(gauge));
    assert_eq!(found.len(), 1);
    let wild = ExponentialHistogramDataPoint {
        count: u64::MAX,
        scale: i32::MIN,
        zero_count: u64::MAX,
        positive: Some(Buckets {
            offset: i32::MAX,
            bucket_counts: vec![u64::MAX; 1000],
        }),
        ..ExponentialHistogramDataPoint::default()
    };
    let data = Data::ExponentialHistogram(ExponentialHistogram {
        data_points: vec![wild.clone(), wild],
        aggregation_temporality: 1,
    });
    let (_, mut found) = points(metric(data));
    let more = found.pop().unwrap().point;
    let first = &mut found[0].point;
    first.add(&more);
    assert_eq!(
        first.histogram.as_deref().unwrap().quantile(0.5),
        None,
        "infinite boundaries"
    );
    assert_eq!(points(Metric::default()).1.len(), 0);
}

#[test]
fn sums_that_only_grow_are_told_from_others() {
    let sum = |is_monotonic| {
        metric(Data::Sum(Sum {
            is_monotonic,
            ..Sum::default()
        }))
    };
    assert_eq!(points(sum(true)).0, Kind::Counter);
    assert_eq!(points(sum(false)).0, Kind::Sum);
}
