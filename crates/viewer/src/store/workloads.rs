//! What processes say of their workloads. Each says all of it again every few seconds; one that is silent is gone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::value::{NAME_MAX, cut};

/// A process that has said nothing for so long is not running any more. It reports every two seconds.
pub(crate) const SILENT: Duration = Duration::from_secs(7);
/// A process that has said nothing for so long is not shown any more.
const FORGOTTEN: Duration = Duration::from_mins(10);
/// Processes that are kept.
const SOURCES_MAX: usize = 64;
/// Bytes of what one says of its workloads.
pub(crate) const REPORT_MAX: usize = 256 << 10;
/// What that may take in memory, where an empty mapping of a few characters takes hundreds of bytes.
const REPORT_BYTES_MAX: usize = 4 << 20;
/// What all reports may take in memory.
const BYTES_MAX: usize = 32 << 20;

/// Who reports.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Tells this process from all others, also from an earlier one in the same folder.
    pub id: String,
    /// What is developed, in words.
    pub name: String,
    /// Where it is served.
    pub url: String,
}

/// What a process says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Who says it.
    #[serde(flatten)]
    pub source: Source,
    /// A word for what the process does, as `building` or `serving`.
    pub state: String,
    /// Workloads in the form of `/workloads` of the admin listener.
    pub workloads: Vec<Value>,
}

/// What a value takes in memory, estimated from above. Its depth is bounded by who decoded it.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 64,
        Value::String(text) => 64 + text.len(),
        Value::Array(values) => 64 + values.iter().map(bytes).sum::<usize>(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| 128 + name.len() + bytes(value));
            700 + fields.sum::<usize>()
        }
    }
}

/// All that was said.
#[derive(Debug, Default)]
pub(crate) struct Workloads(BTreeMap<Source, Said>);

#[derive(Debug)]
struct Said {
    report: Report,
    at: Instant,
    bytes: usize,
}

impl Workloads {
    /// Whether that is something new.
    pub(super) fn take(&mut self, mut report: Report) -> bool {
        let source = &mut report.source;
        for text in [
            &mut source.id,
            &mut source.name,
            &mut source.url,
            &mut report.state,
        ] {
            *text = cut(std::mem::take(text), NAME_MAX);
        }
        let size: usize = report
            .workloads
            .iter()
            .map(|one| one.to_string().len())
            .sum();
        let mut bytes = report.workloads.iter().map(bytes).sum();
        if size > REPORT_MAX || bytes > REPORT_BYTES_MAX {
            report.workloads.clear();
            bytes = 0;
        }
        self.0.retain(|_, said| said.at.elapsed() < FORGOTTEN);
        let source = report.source.clone();
        let before = self.0.remove(&source);
        let is_new = before.is_none_or(|said| said.report != report || said.at.elapsed() >= SILENT);
        while self.0.len() >= SOURCES_MAX || self.bytes() + bytes > BYTES_MAX {
            let silent = self.0.iter().min_by_key(|(_, said)| said.at);
            let Some(silent) = silent.map(|(source, _)| source.clone()) else {
                break;
            };
            self.0.remove(&silent);
        }
        let at = Instant::now();
        self.0.insert(source, Said { report, at, bytes });
        is_new
    }

    fn bytes(&self) -> usize {
        self.0.values().map(|said| said.bytes).sum()
    }

    /// What was said, and whether who said it still runs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Report, bool)> {
        let reports = self.0.values();
        reports.map(|said| (&said.report, said.at.elapsed() < SILENT))
    }
}
