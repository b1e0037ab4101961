//! Writes metrics: in the text format, by the encoder of `prometheus_client`, or in that of OpenTelemetry.

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::catalog::Metric;
use super::otlp::Otlp;
use crate::series::Distribution;

/// Writes one metric after the other.
#[derive(Debug)]
pub(in crate::admin) enum Encoder<'a> {
    /// As text.
    Text(DescriptorEncoder<'a>),
    /// For a collector.
    Otlp(&'a mut Otlp),
}

/// Labels of a metric, which has few.
pub(in crate::admin) trait Labels<'l>:
    EncodeLabelSet + AsRef<[(&'static str, &'l str)]>
{
}

impl<'l, T: EncodeLabelSet + AsRef<[(&'static str, &'l str)]>> Labels<'l> for T {}

/// What a metric has for one set of labels.
#[derive(Clone, Copy, Debug)]
pub(in crate::admin) enum Value<'a> {
    Whole(u64),
    Real(f64),
    Times(&'a Distribution),
}

impl Encoder<'_> {
    /// A metric without labels.
    pub(in crate::admin) fn single(
        &mut self,
        metric: &Metric,
        value: Value<'_>,
    ) -> std::fmt::Result {
        match self {
            Self::Text(text) => {
                let mut encoder = descriptor(text, metric)?;
                value.encode(&mut encoder, metric.kind)
            }
            Self::Otlp(otlp) => {
                otlp.begin(metric);
                otlp.add(&[], value);
                Ok(())
            }
        }
    }

    /// A metric with labels.
    pub(in crate::admin) fn family<'v, 'l, L: Labels<'l>>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = (L, Value<'v>)>,
    ) -> std::fmt::Result {
        match self {
            Self::Text(text) => {
                let mut encoder = descriptor(text, metric)?;
                for (labels, value) in samples {
                    value.encode(&mut encoder.encode_family(&labels)?, metric.kind)?;
                }
            }
            Self::Otlp(otlp) => {
                otlp.begin(metric);
                for (labels, value) in samples {
                    otlp.add(labels.as_ref(), value);
                }
            }
        }
        Ok(())
    }

    /// A metric that says what its labels say.
    pub(in crate::admin) fn info<'l>(
        &mut self,
        metric: &Metric,
        labels: &impl Labels<'l>,
    ) -> std::fmt::Result {
        match self {
            Self::Text(text) => descriptor(text, metric)?.encode_info(labels),
            // The resource says it.
            Self::Otlp(_) => Ok(()),
        }
    }
}

fn descriptor<'m>(
    text: &'m mut DescriptorEncoder<'_>,
    metric: &'m Metric,
) -> Result<MetricEncoder<'m>, std::fmt::Error> {
    let unit = metric.unit.as_ref();
    text.encode_descriptor(metric.name, metric.help, unit, metric.kind)
}

impl Value<'_> {
    fn encode(self, encoder: &mut MetricEncoder<'_>, kind: MetricType) -> std::fmt::Result {
        match (self, kind) {
            (Self::Whole(value), MetricType::Counter) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
            }
            (Self::Real(value), MetricType::Counter) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
            }
            (Self::Times(times), _) => {
                let buckets: Vec<(f64, u64)> = times.buckets().collect();
                let sum = times.sum().as_secs_f64();
                encoder.encode_histogram::<NoLabelSet>(sum, times.count(), &buckets, None)
            }
            (Self::Whole(value), _) => encoder.encode_gauge(&value),
            (Self::Real(value), _) => encoder.encode_gauge(&value),
        }
    }
}
