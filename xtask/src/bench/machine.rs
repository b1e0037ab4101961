//! Where and when something was measured, in the words of the page: enough to judge figures by, nothing that tells
//! whose machine it was.

use crate::sh::Sh;
use crate::workspace;
use anyhow::Result;
use std::fs;

/// The line below each table.
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    /// GiB.
    memory: u64,
    kernel: String,
    date: String,
    /// Short hash of the commit, and whether files differ from it.
    commit: (String, bool),
    /// Processes that wanted to run in the minute before, apart from ours.
    load: String,
}

impl Machine {
    /// Looks at this machine. Call it before the load starts.
    pub(crate) fn look() -> Result<Self> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let changed = git(&["status", "--porcelain"])?
            .lines()
            .any(|line| !line.ends_with("docs/src/benchmarks.md"));
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: field(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            memory: memory(&read("/proc/meminfo")),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            date: Sh::new("date")
                .args(["-u", "+%F"])
                .read()?
                .trim()
                .to_owned(),
            commit: (
                git(&["rev-parse", "--short", "HEAD"])?.trim().to_owned(),
                changed,
            ),
            load: read("/proc/loadavg")
                .split(' ')
                .next()
                .unwrap_or("unknown")
                .to_owned(),
        })
    }

    /// One sentence of Markdown.
    pub(crate) fn line(&self) -> String {
        let Self {
            cores,
            processor,
            memory,
            kernel,
            date,
            commit: (commit, changed),
            load,
        } = self;
        let changed = if *changed { " with changes" } else { "" };
        format!(
            "Measured on {date} at commit `{commit}`{changed}: {cores} cores of {processor}, {memory} GiB of memory, \
             Linux {kernel}, load of {load} before the run."
        )
    }
}

/// The first value of a field of a file with `name : value` lines.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn memory(text: &str) -> u64 {
    let kib = field(text, "MemTotal").and_then(|value| {
        let number = value.split(' ').next()?;
        number.parse::<u64>().ok()
    });
    // The kernel keeps a little for itself, so that the size of the machine is the next number up.
    kib.unwrap_or_default().div_ceil(1 << 20)
}

fn git(args: &[&str]) -> Result<String> {
    Sh::new("git").args(args).dir(&workspace::root()).read()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_kernel_writes_them() {
        let text = "processor\t: 0\nmodel name\t: A Processor\nmodel name\t: another\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A Processor"));
        assert_eq!(field(text, "missing"), None);
        assert_eq!(memory("MemTotal:       24576000 kB\nMemFree: 1 kB\n"), 24);
    }

    #[test]
    fn the_line_has_everything_to_judge_by_and_no_path() {
        let line = Machine::look().unwrap().line();
        assert!(line.contains("Measured on 2"), "{line}");
        assert!(line.contains("at commit `"), "{line}");
        assert!(line.contains("GiB of memory, Linux "), "{line}");
        assert!(!line.contains(&workspace::root().display().to_string()));
    }
}
