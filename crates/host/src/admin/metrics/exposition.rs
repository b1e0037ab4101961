//! Writes metrics in the text format: a thin layer over the encoder of `prometheus_client`.

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::catalog::Metric;
use crate::series::Distribution;

/// Writes one metric after the other.
#[derive(Debug)]
pub(in crate::admin) struct Encoder<'a>(DescriptorEncoder<'a>);

/// What a metric has for one set of labels.
#[derive(Clone, Copy, Debug)]
pub(in crate::admin) enum Value<'a> {
    Whole(u64),
    Real(f64),
    Times(&'a Distribution),
}

impl<'a> Encoder<'a> {
    /// Writes where `encoder` does.
    pub(in crate::admin) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A metric without labels.
    pub(in crate::admin) fn single(
        &mut self,
        metric: &Metric,
        value: Value<'_>,
    ) -> std::fmt::Result {
        let mut encoder = self.descriptor(metric)?;
        value.encode(&mut encoder, metric.kind)
    }

    /// A metric with labels.
    pub(in crate::admin) fn family<'v, L: EncodeLabelSet>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = (L, Value<'v>)>,
    ) -> std::fmt::Result {
        let mut encoder = self.descriptor(metric)?;
        for (labels, value) in samples {
            value.encode(&mut encoder.encode_family(&labels)?, metric.kind)?;
        }
        Ok(())
    }

    /// A metric that says what its labels say.
    pub(in crate::admin) fn info(
        &mut self,
        metric: &Metric,
        labels: &impl EncodeLabelSet,
    ) -> std::fmt::Result {
        self.descriptor(metric)?.encode_info(labels)
    }

    fn descriptor<'m>(
        &'m mut self,
        metric: &'m Metric,
    ) -> Result<MetricEncoder<'m>, std::fmt::Error> {
        let unit = metric.unit.as_ref();
        self.0
            .encode_descriptor(metric.name, metric.help, unit, metric.kind)
    }
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
