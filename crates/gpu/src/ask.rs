//! What a workload asks for: the `config` of its `hostInterfaces` entry for `wasi:webgpu`. Everything that cannot be had is
//! refused here, before the workload starts, with the key, what was written, and what may be written instead.

use std::fmt;
use std::time::Duration;

use crate::budget::{NoShare, Share};
use crate::quota::Quota;

/// The keys that may be written, for messages.
const KEYS: [&str; 7] = [
    "adapter",
    "memory",
    "weight",
    "max-in-flight",
    "submission-deadline",
    "gpu-time",
    "exact-timestamps",
];

/// What a workload asks for; what it does not say is the host's to decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// Which adapter, in the words of `--gpu`; which of them it means is said by the inventory.
    pub adapter: Option<String>,
    /// Bytes of GPU memory.
    pub memory: Option<u64>,
    /// Its share beside others, 1 to 1000.
    pub weight: Option<u32>,
    /// Submissions that wait or run.
    pub max_in_flight: Option<u64>,
    /// How long one submission may take.
    pub submission_deadline: Option<Duration>,
    /// The part of the GPU's time that it has at most.
    pub gpu_time: Option<Share>,
    /// The feature timestamp-query, with timestamps as exact as the GPU gives them.
    pub exact_timestamps: Option<bool>,
}

/// What a host allows a tenant, and each of its workloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowed {
    /// Bytes of GPU memory of all workloads of a tenant.
    pub memory: u64,
    /// The longest deadline of a submission.
    pub submission_deadline: Duration,
    /// The largest weight.
    pub weight: u32,
    /// The most submissions in flight.
    pub max_in_flight: u64,
    /// The part of the GPU's time that all workloads of a tenant have together at most; none is all of it.
    pub gpu_time: Option<Share>,
    /// Whether workloads may have exact timestamps: with them one can watch the others.
    pub exact_timestamps: bool,
}

/// One thing that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The key.
    pub key: String,
    /// Why, and what to write.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.reason)
    }
}

impl Default for Allowed {
    fn default() -> Self {
        Self {
            memory: 512 << 20,
            submission_deadline: Duration::from_secs(10),
            weight: 1000,
            max_in_flight: 64,
            gpu_time: None,
            exact_timestamps: false,
        }
    }
}

impl Ask {
    /// Reads the entry's `config`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the keys given.
    pub fn read<'a>(
        config: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<Refusal>> {
        let mut ask = Self::default();
        let mut refusals = Vec::new();
        for (key, value) in config {
            if let Err(reason) = ask.set(key, value.trim()) {
                refusals.push(Refusal {
                    key: key.to_owned(),
                    reason,
                });
            }
        }
        if refusals.is_empty() {
            Ok(ask)
        } else {
            Err(refusals)
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "adapter" => self.adapter = Some(value.to_owned()),
            "memory" => self.memory = Some(bytes(value)?),
            "weight" => self.weight = Some(whole(value, 1, 1000)?),
            "max-in-flight" => self.max_in_flight = Some(whole(value, 1, 1024)?.into()),
            "submission-deadline" => self.submission_deadline = Some(duration(value)?),
            "gpu-time" => {
                let share = value.parse().map_err(|no: NoShare| no.to_string())?;
                self.gpu_time = Some(share);
            }
            "exact-timestamps" => self.exact_timestamps = Some(truth(value)?),
            _ => {
                return Err(format!(
                    "no such key; `wasi:webgpu` has {}",
                    KEYS.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// What the workload gets.
    ///
    /// # Errors
    ///
    /// It asks for more than it may have.
    pub fn within(&self, allowed: &Allowed) -> Result<Quota, Vec<Refusal>> {
        let usual = Quota::default();
        let mut refusals = Vec::new();
        let mut refuse = |key: &str, asked: String, most: String| {
            let reason = format!("{asked} is asked for, and this host allows {most} at most");
            refusals.push(Refusal {
                key: key.to_owned(),
                reason,
            });
        };
        let memory = self
            .memory
            .unwrap_or_else(|| usual.memory.min(allowed.memory));
        if memory > allowed.memory {
            refuse(
                "memory",
                format!("{memory} bytes"),
                format!("{} bytes for a tenant", allowed.memory),
            );
        }
        let submission_deadline = self
            .submission_deadline
            .unwrap_or_else(|| usual.submission_deadline.min(allowed.submission_deadline));
        if submission_deadline > allowed.submission_deadline {
            let most = format!("{:?}", allowed.submission_deadline);
            refuse(
                "submission-deadline",
                format!("{submission_deadline:?}"),
                most,
            );
        }
        let weight = self
            .weight
            .unwrap_or_else(|| usual.weight.min(allowed.weight));
        if weight > allowed.weight {
            refuse("weight", weight.to_string(), allowed.weight.to_string());
        }
        let submissions = self
            .max_in_flight
            .unwrap_or_else(|| usual.submissions.min(allowed.max_in_flight));
        if submissions > allowed.max_in_flight {
            refuse(
                "max-in-flight",
                submissions.to_string(),
                allowed.max_in_flight.to_string(),
            );
        }
        let shares = self.gpu_time.zip(allowed.gpu_time);
        if let Some((asked, most)) = shares.filter(|(asked, most)| asked > most) {
            refuse(
                "gpu-time",
                format!("{asked} of the GPU's time"),
                format!("{most} for a tenant"),
            );
        }
        let exact_timestamps = self.exact_timestamps.unwrap_or(false);
        if exact_timestamps && !allowed.exact_timestamps {
            refusals.push(Refusal {
                key: "exact-timestamps".to_owned(),
                reason: "this host has no timestamps for anybody (it was started without --exact-gpu-timestamps); leave it out"
                    .to_owned(),
            });
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(Quota {
            memory,
            // What is on its way to the GPU is no more than what may be there.
            staging: usual.staging.min(memory),
            submissions,
            submission_deadline,
            weight,
            gpu_time: self.gpu_time,
            exact_timestamps,
            ..usual
        })
    }
}

fn bytes(value: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 6] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
    ];
    let (number, unit) = UNITS
        .iter()
        .find_map(|(suffix, unit)| Some((value.strip_suffix(suffix)?, *unit)))
        .unwrap_or((value, 1));
    let amount = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    let amount = amount.filter(|amount| *amount > 0);
    amount.ok_or_else(|| format!("`{value}` is no amount of memory; write 256Mi or 1Gi"))
}

fn whole(value: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("`{value}` is no number from {least} to {most}"))
}

fn duration(value: &str) -> Result<Duration, String> {
    let (number, unit) = match (value.strip_suffix("ms"), value.strip_suffix('s')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1_000),
        (None, None) => ("", 0),
    };
    let millis = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    let millis = millis.filter(|millis| (1..=3_600_000).contains(millis));
    let millis =
        millis.ok_or_else(|| format!("`{value}` is no time up to an hour; write 500ms or 2s"))?;
    Ok(Duration::from_millis(millis))
}

fn truth(value: &str) -> Result<bool, String> {
    value
        .parse()
        .map_err(|_| format!("`{value}` is neither true nor false"))
}

#[cfg(test)]
mod tests;
