//! The few figures that are made of many: median, percentile, and the straight line through a series.

/// The value in the middle; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50.0)
}

/// The value that `percent` of all do not exceed (nearest rank); 0 of nothing.
pub(crate) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    let value = sorted.get(rank.saturating_sub(1)).or(sorted.last());
    value.copied().unwrap_or_default()
}

/// The arithmetic mean; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<f64>() / values.len() as f64
}

/// The straight line that fits points best, by least squares.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    /// Rise for each unit of x.
    pub(crate) slope: f64,
    /// How far points lie from the line: the standard deviation of what is left.
    pub(crate) noise: f64,
}

impl Line {
    /// The line through `points`; flat when there are fewer than three, or all have the same x.
    pub(crate) fn through(points: &[(f64, f64)]) -> Self {
        let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (x, y) = (mean(&xs), mean(&ys));
        let spread: f64 = xs.iter().map(|value| (value - x).powi(2)).sum();
        if points.len() < 3 || spread == 0.0 {
            return Self {
                slope: 0.0,
                noise: 0.0,
            };
        }
        let slope = points
            .iter()
            .map(|(px, py)| (px - x) * (py - y))
            .sum::<f64>()
            / spread;
        let left = points
            .iter()
            .map(|(px, py)| (py - y - slope * (px - x)).powi(2))
            .sum::<f64>();
        Self {
            slope,
            noise: (left / (points.len() as f64 - 2.0)).sqrt(),
        }
    }
}

/// A series as one line of eight heights, the lowest value to the highest.
pub(crate) fn spark(values: &[f64]) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = |value: &f64| {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.0
        };
        let index = (share * 7.0).round() as usize;
        HEIGHTS.get(index).copied().unwrap_or('?')
    };
    values.iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_value_that_was_there() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn a_percentile_is_by_nearest_rank() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&values, 99.0), 198.0);
        assert_eq!(percentile(&values, 100.0), 200.0);
        assert_eq!(percentile(&values, 0.0), 1.0);
    }

    #[test]
    fn a_rising_series_has_a_slope_and_its_noise_does_not_count_for_it() {
        let points: Vec<(f64, f64)> = (0..100)
            .map(|x| {
                let noise = if x % 2 == 0 { 1.0 } else { -1.0 };
                (f64::from(x), 10.0 + 0.5 * f64::from(x) + noise)
            })
            .collect();
        let line = Line::through(&points);
        assert!((line.slope - 0.5).abs() < 0.01, "{line:?}");
        assert!((line.noise - 1.0).abs() < 0.05, "{line:?}");
    }

    #[test]
    fn too_few_points_make_a_flat_line() {
        let flat = Line {
            slope: 0.0,
            noise: 0.0,
        };
        assert_eq!(Line::through(&[(0.0, 1.0), (1.0, 5.0)]), flat);
        assert_eq!(Line::through(&[(1.0, 1.0), (1.0, 5.0), (1.0, 2.0)]), flat);
    }

    #[test]
    fn a_spark_line_goes_from_low_to_high() {
        assert_eq!(spark(&[1.0, 2.0, 8.0]), "▁▂█");
        assert_eq!(spark(&[5.0, 5.0]), "▁▁");
        assert_eq!(spark(&[]), "");
    }
}
