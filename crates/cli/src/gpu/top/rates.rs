//! What was used between two looks at a host, by tenant and by workload. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What `/workloads` says; only what is of use here.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct List {
    pub(super) workloads: Vec<Workload>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Workload {
    tenant: String,
    workload: String,
    gpu: Option<Gpu>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gpu {
    adapter: String,
    memory_bytes: u64,
    memory_limit_bytes: u64,
    gpu_seconds: f64,
    queue_wait_seconds: f64,
    submissions: u64,
    dispatches: u64,
    uploaded_bytes: u64,
    downloaded_bytes: u64,
    overdue_devices: u64,
}

/// What somebody used. Rates are for each second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) tenant: String,
    /// None for all workloads of the tenant together.
    pub(super) workload: Option<String>,
    pub(super) adapter: String,
    /// The part of the time for which the GPU worked for it, 1 being all of it.
    pub(super) gpu_share: f64,
    /// What a submission waited for its turn on average, in seconds.
    pub(super) queue_wait_seconds: f64,
    pub(super) submissions_per_second: f64,
    pub(super) dispatches_per_second: f64,
    pub(super) uploaded_bytes_per_second: f64,
    pub(super) downloaded_bytes_per_second: f64,
    pub(super) memory_bytes: u64,
    /// None where only its workloads have a limit of their own.
    pub(super) memory_limit_bytes: Option<u64>,
    /// Devices that were lost at a deadline, since the workload is known.
    pub(super) overdue_devices: u64,
}

impl Gpu {
    /// What came since `earlier`; everything, if the counters began again.
    fn since(&self, earlier: Option<&Self>) -> Self {
        let none = Self::default();
        let earlier = earlier
            .filter(|earlier| earlier.submissions <= self.submissions)
            .unwrap_or(&none);
        Self {
            adapter: self.adapter.clone(),
            gpu_seconds: (self.gpu_seconds - earlier.gpu_seconds).max(0.0),
            queue_wait_seconds: (self.queue_wait_seconds - earlier.queue_wait_seconds).max(0.0),
            submissions: self.submissions - earlier.submissions,
            dispatches: self.dispatches.saturating_sub(earlier.dispatches),
            uploaded_bytes: self.uploaded_bytes.saturating_sub(earlier.uploaded_bytes),
            downloaded_bytes: self
                .downloaded_bytes
                .saturating_sub(earlier.downloaded_bytes),
            ..self.clone()
        }
    }

    fn add(&mut self, other: &Self) {
        if !self.adapter.is_empty() && self.adapter != other.adapter {
            "several".clone_into(&mut self.adapter);
        } else {
            self.adapter.clone_from(&other.adapter);
        }
        self.memory_bytes += other.memory_bytes;
        self.gpu_seconds += other.gpu_seconds;
        self.queue_wait_seconds += other.queue_wait_seconds;
        self.submissions += other.submissions;
        self.dispatches += other.dispatches;
        self.uploaded_bytes += other.uploaded_bytes;
        self.downloaded_bytes += other.downloaded_bytes;
        self.overdue_devices += other.overdue_devices;
    }

    fn row(&self, tenant: &str, workload: Option<&str>, seconds: f64) -> Row {
        let rate = |amount: u64| amount as f64 / seconds;
        Row {
            tenant: tenant.to_owned(),
            workload: workload.map(str::to_owned),
            adapter: self.adapter.clone(),
            gpu_share: self.gpu_seconds / seconds,
            queue_wait_seconds: self.queue_wait_seconds / (self.submissions.max(1) as f64),
            submissions_per_second: rate(self.submissions),
            dispatches_per_second: rate(self.dispatches),
            uploaded_bytes_per_second: rate(self.uploaded_bytes),
            downloaded_bytes_per_second: rate(self.downloaded_bytes),
            memory_bytes: self.memory_bytes,
            memory_limit_bytes: workload.map(|_| self.memory_limit_bytes),
            overdue_devices: self.overdue_devices,
        }
    }
}

/// Tenants in the order of what they used, each followed by its workloads in theirs. Who may have no GPU is not there.
pub(super) fn rows(before: &List, now: &List, seconds: f64) -> Vec<Row> {
    let seconds = seconds.max(1e-3);
    let earlier: BTreeMap<_, _> = before
        .workloads
        .iter()
        .map(|one| (one.name(), one))
        .collect();
    let mut tenants: BTreeMap<&str, (Gpu, Vec<Row>)> = BTreeMap::new();
    for workload in &now.workloads {
        let Some(gpu) = &workload.gpu else { continue };
        let earlier = earlier.get(&workload.name());
        // A workload that was not there at the first look began since.
        let used = gpu.since(earlier.and_then(|earlier| earlier.gpu.as_ref()));
        let (sum, rows) = tenants.entry(&workload.tenant).or_default();
        sum.add(&used);
        rows.push(used.row(&workload.tenant, Some(&workload.workload), seconds));
    }
    let mut tenants: Vec<_> = tenants.into_iter().collect();
    tenants.sort_by(|(_, (one, _)), (_, (other, _))| other.gpu_seconds.total_cmp(&one.gpu_seconds));
    let sorted = tenants.into_iter().flat_map(|(tenant, (sum, mut rows))| {
        rows.sort_by(|one, other| other.gpu_share.total_cmp(&one.gpu_share));
        std::iter::once(sum.row(tenant, None, seconds)).chain(rows)
    });
    sorted.collect()
}

impl Workload {
    fn name(&self) -> (&str, &str) {
        (&self.tenant, &self.workload)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Gpu, List, Workload, rows};

    pub(in super::super) fn workload(
        tenant: &str,
        name: &str,
        gpu_seconds: f64,
        count: u64,
    ) -> Workload {
        Workload {
            tenant: tenant.to_owned(),
            workload: name.to_owned(),
            gpu: Some(Gpu {
                adapter: "llvmpipe".to_owned(),
                memory_bytes: 64 << 20,
                memory_limit_bytes: 256 << 20,
                gpu_seconds,
                queue_wait_seconds: gpu_seconds / 10.0,
                submissions: count,
                dispatches: 2 * count,
                uploaded_bytes: 1000 * count,
                downloaded_bytes: 10 * count,
                overdue_devices: 0,
            }),
        }
    }

    #[test]
    fn rates_are_what_came_between_two_looks() {
        let before = List {
            workloads: vec![workload("acme", "one", 1.0, 100)],
        };
        let now = List {
            workloads: vec![workload("acme", "one", 1.5, 150)],
        };
        let rows = rows(&before, &now, 2.0);
        let [tenant, one] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!((one.gpu_share, one.submissions_per_second), (0.25, 25.0));
        assert!((one.queue_wait_seconds - 0.001).abs() < 1e-9);
        assert_eq!(tenant.dispatches_per_second, 50.0);
        assert_eq!((&*tenant.tenant, &tenant.workload), ("acme", &None));
    }

    #[test]
    fn who_used_most_is_first_with_its_workloads_below_it() {
        let none = List {
            workloads: Vec::new(),
        };
        let now = List {
            workloads: vec![
                workload("acme", "one", 0.1, 1),
                workload("globex", "small", 0.2, 1),
                workload("globex", "large", 0.3, 1),
            ],
        };
        let names: Vec<_> = rows(&none, &now, 1.0)
            .into_iter()
            .map(|row| row.workload.unwrap_or(row.tenant))
            .collect();
        assert_eq!(names, ["globex", "large", "small", "acme", "one"]);
    }

    #[test]
    fn a_workload_that_was_started_again_counts_from_nothing() {
        let before = List {
            workloads: vec![workload("acme", "one", 5.0, 100)],
        };
        let now = List {
            workloads: vec![workload("acme", "one", 0.5, 10)],
        };
        let rows = rows(&before, &now, 1.0);
        assert_eq!(rows[1].submissions_per_second, 10.0);
        assert_eq!(rows[1].gpu_share, 0.5);
    }
}
