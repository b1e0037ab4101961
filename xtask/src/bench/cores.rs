//! Which cores the server gets and which the load generator. Apart, so that one does not take time from the other: on
//! shared cores a slower server leaves more to the load generator, which hides a part of the difference.

use crate::sh::Sh;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;

/// A division of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cores {
    /// Everybody everywhere: one core, no `taskset`, or asked for.
    Shared { count: usize },
    /// Core numbers.
    Apart {
        server: Vec<usize>,
        load: Vec<usize>,
    },
}

impl Cores {
    /// Divides the cores that this process may use; `shared` keeps them together.
    pub(crate) fn of_this_machine(shared: bool) -> Result<Self> {
        let status =
            fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let all = parse(allowed.unwrap_or("0").trim()).context("Cpus_allowed_list is no list")?;
        let can_pin = !shared && Sh::new("taskset").arg("--version").read().is_ok();
        Ok(if can_pin {
            Self::divide(all)
        } else {
            Self::Shared { count: all.len() }
        })
    }

    /// A quarter of the cores, at least one, is for the load; the rest is for the server.
    fn divide(mut all: Vec<usize>) -> Self {
        if all.len() < 2 {
            return Self::Shared { count: all.len() };
        }
        let load = all.len().div_ceil(4);
        let load = all.split_off(all.len() - load);
        Self::Apart { server: all, load }
    }

    /// A call of the server's `program`, on its cores.
    pub(crate) fn server(&self, program: impl AsRef<OsStr>) -> Sh {
        match self {
            Self::Shared { .. } => Sh::new(program),
            Self::Apart { server, .. } => pinned(server).arg(program),
        }
    }

    /// A call of the load generator's `program`, on its cores.
    pub(crate) fn load(&self, program: impl AsRef<OsStr>) -> Sh {
        match self {
            Self::Shared { .. } => Sh::new(program),
            Self::Apart { load, .. } => pinned(load).arg(program),
        }
    }

    /// How many cores the server has.
    pub(crate) fn for_server(&self) -> usize {
        match self {
            Self::Shared { count } => *count,
            Self::Apart { server, .. } => server.len(),
        }
    }

    /// How many cores the load generator has.
    pub(crate) fn for_load(&self) -> usize {
        match self {
            Self::Shared { count } => *count,
            Self::Apart { load, .. } => load.len(),
        }
    }

    /// Puts this process, and every thread that it starts from now on, onto the cores of the load.
    pub(crate) fn become_load(&self) -> Result<()> {
        let Self::Apart { load, .. } = self else {
            return Ok(());
        };
        let own = std::process::id().to_string();
        let taskset = Sh::new("taskset").args(["--all-tasks", "--cpu-list", "--pid"]);
        taskset.arg(list(load)).arg(own).read().map(drop)
    }

    /// For the page: who ran where.
    pub(crate) fn describe(&self) -> String {
        let cores = |count: usize| match count {
            1 => "one core".to_owned(),
            count => format!("{count} cores"),
        };
        match self {
            Self::Shared { count } => {
                format!("server and load generator shared {}", cores(*count))
            }
            Self::Apart { server, load } => format!(
                "the server had {} to itself, the load generator {}",
                cores(server.len()),
                cores(load.len())
            ),
        }
    }
}

fn pinned(cores: &[usize]) -> Sh {
    Sh::new("taskset").arg("--cpu-list").arg(list(cores))
}

fn list(cores: &[usize]) -> String {
    let cores: Vec<String> = cores.iter().map(ToString::to_string).collect();
    cores.join(",")
}

/// Reads `0-3,7`.
fn parse(list: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        cores.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(server: &[usize], load: &[usize]) -> Cores {
        Cores::Apart {
            server: server.to_vec(),
            load: load.to_vec(),
        }
    }

    #[test]
    fn a_quarter_of_the_cores_is_for_the_load() {
        assert_eq!(Cores::divide(vec![5]), Cores::Shared { count: 1 });
        assert_eq!(Cores::divide(vec![0, 1]), apart(&[0], &[1]));
        assert_eq!(Cores::divide(vec![0, 1, 2, 3]), apart(&[0, 1, 2], &[3]));
        let eight = Cores::divide((0..8).collect());
        assert_eq!(eight, apart(&[0, 1, 2, 3, 4, 5], &[6, 7]));
    }

    #[test]
    fn lists_of_cores_are_read_as_the_kernel_writes_them() {
        assert_eq!(parse("0-3,7"), Some(vec![0, 1, 2, 3, 7]));
        assert_eq!(parse("1"), Some(vec![1]));
        assert_eq!(parse("a"), None);
    }

    #[test]
    fn the_page_says_who_ran_where() {
        assert_eq!(
            apart(&[0, 1, 2], &[3]).describe(),
            "the server had 3 cores to itself, the load generator one core"
        );
    }
}
