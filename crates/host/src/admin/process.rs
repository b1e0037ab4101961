//! What the system says about this process, under the names that exporters of all languages use for it.

use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::metrics::catalog;
use super::metrics::{Encoder, Value};

/// Asks the system on each scrape.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        self.write(&mut Encoder::Text(encoder))
    }
}

impl Process {
    /// Writes all that the system says.
    pub(super) fn write(&self, encoder: &mut Encoder<'_>) -> std::fmt::Result {
        let pid = Pid::from_u32(std::process::id());
        // A system that does not say costs these metrics only.
        let Ok(mut system) = System::new() else {
            return Ok(());
        };
        let what = ProcessRefreshKind::nothing().with_memory().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, what);
        let Some(process) = system.process(pid) else {
            return Ok(());
        };
        for (metric, value) in [
            (&catalog::RESIDENT, Some(process.memory())),
            (&catalog::VIRTUAL, Some(process.virtual_memory())),
            (&catalog::START_TIME, Some(process.start_time())),
            (&catalog::OPEN_FDS, process.open_files().and_then(wide)),
            (&catalog::MAX_FDS, process.open_files_limit().and_then(wide)),
        ] {
            if let Some(value) = value {
                encoder.single(metric, Value::Whole(value))?;
            }
        }
        let cpu = Duration::from_millis(process.accumulated_cpu_time());
        encoder.single(&catalog::PROCESS_CPU, Value::Real(cpu.as_secs_f64()))
    }
}

fn wide(count: usize) -> Option<u64> {
    u64::try_from(count).ok()
}
