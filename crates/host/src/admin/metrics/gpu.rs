//! What workloads use of GPUs. A workload that never had one shows nothing.

use super::{Encoder, Labelled, Present, Snapshot, Value, catalog};
use weft_engine::gpu::Statement;

/// A metric, and how it is read from a bill.
type Billed = (&'static catalog::Metric, fn(&Statement) -> Value<'static>);

impl Snapshot {
    pub(super) fn gpu(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let all = self.labelled();
        let bills = || {
            let bills = all.iter().map(|one| (one, &one.totals.spent.gpu));
            bills.filter(|(one, bill)| {
                let memory = one.present.map_or(0, |now: &Present| now.gpu_memory);
                memory > 0 || bill.byte_seconds > 0.0 || bill.submissions > 0
            })
        };
        encoder.family(
            &catalog::GPU_MEMORY,
            bills()
                .filter_map(|(one, _)| Some((one.labels(), Value::Whole(one.present?.gpu_memory)))),
        )?;
        let counters: [Billed; 6] = [
            (&catalog::GPU_TIME, |bill| {
                Value::Real(bill.gpu_time.as_secs_f64())
            }),
            (&catalog::GPU_QUEUE_WAIT, |bill| {
                Value::Real(bill.queue_wait.as_secs_f64())
            }),
            (&catalog::GPU_BYTE_SECONDS, |bill| {
                Value::Real(bill.byte_seconds)
            }),
            (&catalog::GPU_SUBMISSIONS, |bill| {
                Value::Whole(bill.submissions)
            }),
            (&catalog::GPU_DISPATCHES, |bill| {
                Value::Whole(bill.dispatches)
            }),
            (&catalog::GPU_OVERDUE, |bill| Value::Whole(bill.overdue)),
        ];
        for (metric, value) in counters {
            encoder.family(
                metric,
                bills().map(|(one, bill)| (one.labels(), value(bill))),
            )?;
        }
        encoder.family(
            &catalog::GPU_TRANSFERRED,
            bills().flat_map(|(one, bill): (&Labelled<'_>, _)| {
                [("up", bill.uploaded), ("down", bill.downloaded)]
                    .map(|(way, bytes)| (one.with("direction", way), Value::Whole(bytes)))
            }),
        )
    }
}
