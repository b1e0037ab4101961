//! Lines follow the kind of what was measured.

use std::collections::VecDeque;

use super::super::points::Histogram;
use super::*;

const SECOND: u64 = 1_000_000_000;

fn series(kind: Kind, values: &[f64]) -> Series {
    let points = values.iter().zip(1..).map(|(value, second)| Point {
        time: second * SECOND,
        value: *value,
        histogram: None,
    });
    Series::for_tests(kind, points.collect::<VecDeque<_>>())
}

#[test]
fn a_gauge_is_drawn_as_it_is_and_a_counter_by_its_growth() {
    let gauge = series(Kind::Gauge, &[3.0, 1.0]).lines();
    assert_eq!(gauge, [("", vec![(1000.0, 3.0), (2000.0, 1.0)])]);
    // It began anew at the third point.
    let counter = series(Kind::Counter, &[5.0, 15.0, 2.0]).lines();
    assert_eq!(counter, [("", vec![(2000.0, 10.0), (3000.0, 2.0)])]);
}

#[test]
fn points_at_the_same_time_have_no_rate() {
    let mut counter = series(Kind::Counter, &[5.0, 15.0]);
    for point in &mut counter.points {
        point.time = SECOND;
    }
    assert_eq!(counter.lines(), [("", vec![])]);
}

#[test]
fn percentiles_are_of_what_came_between_two_points() {
    let mut histogram = series(Kind::Histogram, &[1.0, 11.0]);
    let counts = [vec![1, 0, 0], vec![1, 10, 0]];
    for (point, counts) in histogram.points.iter_mut().zip(counts) {
        point.histogram = Some(Box::new(Histogram {
            count: counts.iter().sum(),
            bounds: vec![1.0, 2.0],
            counts,
        }));
    }
    let lines = histogram.lines();
    assert_eq!(lines[0], ("p50", vec![(2000.0, 1.5)]));
    assert_eq!(lines[2], ("p99", vec![(2000.0, 1.99)]));
}
