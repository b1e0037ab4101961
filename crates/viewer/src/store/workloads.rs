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

/// All that was said.
#[derive(Debug, Default)]
pub(crate) struct Workloads(BTreeMap<Source, Said>);

#[derive(Debug)]
struct Said {
    report: Report,
    at: Instant,
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
        if size > REPORT_MAX {
            report.workloads.clear();
        }
        self.0.retain(|_, said| said.at.elapsed() < FORGOTTEN);
        if self.0.len() >= SOURCES_MAX && !self.0.contains_key(&report.source) {
            let silent = self.0.iter().min_by_key(|(_, said)| said.at);
            let silent = silent.map(|(source, _)| source.clone());
            silent.and_then(|source| self.0.remove(&source));
        }
        let source = report.source.clone();
        let at = Instant::now();
        let before = self.0.get(&source);
        let is_new = before.is_none_or(|said| said.report != report || said.at.elapsed() >= SILENT);
        self.0.insert(source, Said { report, at });
        is_new
    }

    /// What was said, and whether who said it still runs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Report, bool)> {
        let reports = self.0.values();
        reports.map(|said| (&said.report, said.at.elapsed() < SILENT))
    }
}
