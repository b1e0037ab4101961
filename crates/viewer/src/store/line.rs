//! What is drawn of a series: lines of points in time.

use super::metrics::Series;
use super::points::{Kind, Point};

/// A line of a drawing: milliseconds since 1970, and a value.
pub(crate) type Line = Vec<(f64, f64)>;

/// The percentiles that are drawn of a histogram.
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

impl Series {
    /// The lines, each with a name that tells it from others of the same series.
    pub(crate) fn lines(&self) -> Vec<(&'static str, Line)> {
        match self.kind {
            Kind::Gauge | Kind::Sum => {
                let points = self.points.iter();
                vec![(
                    "",
                    points.map(|point| (millis(point), point.value)).collect(),
                )]
            }
            Kind::Counter => vec![("", self.pairs().filter_map(rate).collect())],
            Kind::Histogram => PERCENTILES
                .iter()
                .map(|(name, part)| {
                    let line = self.pairs().filter_map(|(before, point)| {
                        let now = point.histogram.as_ref()?;
                        let then = before.histogram.as_ref();
                        let since = then.map_or_else(|| (**now).clone(), |then| now.since(then));
                        Some((millis(point), since.quantile(*part)?))
                    });
                    (*name, line.collect())
                })
                .collect(),
        }
    }

    /// What is said in words: the last value of a gauge, all that was counted.
    pub(crate) fn last(&self) -> f64 {
        self.points.back().map_or(0.0, |point| point.value)
    }

    fn pairs(&self) -> impl Iterator<Item = (&Point, &Point)> {
        self.points.iter().zip(self.points.iter().skip(1))
    }
}

/// How much was counted in a second.
#[expect(clippy::cast_precision_loss, reason = "for a drawing")]
fn rate((before, point): (&Point, &Point)) -> Option<(f64, f64)> {
    let seconds = point.time.checked_sub(before.time)? as f64 / 1e9;
    let grown = point.value - before.value;
    // A counter that fell began anew.
    let grown = if grown < 0.0 { point.value } else { grown };
    (seconds > 0.0).then(|| (millis(point), grown / seconds))
}

#[expect(clippy::cast_precision_loss, reason = "for a drawing")]
fn millis(point: &Point) -> f64 {
    (point.time / 1_000) as f64 / 1e3
}

#[cfg(test)]
mod tests;
