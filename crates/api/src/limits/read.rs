//! Limits out of a document: the fields of wasmCloud's wire, and the keys among the values of `config`.

use std::collections::BTreeMap;

use super::{CPU_MAX, Limits, MEMORY_MAX_MIB, MIB, PREFIX, Refusal, name};
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problem, Problems, shown};

/// What a mapping `config` holds.
#[derive(Default)]
pub(crate) struct Config<'t> {
    /// Values for the guest.
    pub(crate) values: BTreeMap<String, String>,
    /// What the keys of limits say.
    pub(crate) limits: Limits,
    /// The values of these keys that could be read.
    places: BTreeMap<&'t str, At<'t>>,
}

impl<'t> Config<'t> {
    /// Reads the field `config`, if it is there.
    pub(crate) fn read(fields: &mut Fields<'t>, problems: &mut Problems) -> Self {
        let mut config = Self::default();
        let Some(at) = fields.optional("config") else {
            return config;
        };
        for (key, key_span, value) in at.entries_with_keys(problems) {
            let Some(text) = value.text(problems) else {
                continue;
            };
            if name(key).is_none() {
                config.values.insert(key.to_owned(), text.to_owned());
                continue;
            }
            match config.limits.set(key, text) {
                Ok(()) => drop(config.places.insert(key, value)),
                Err(Refusal { key, message, help }) => {
                    let span = if key { key_span } else { value.span() };
                    let problem = Problem::at(span, message).path(value.path());
                    problems.push(problem.maybe_help(help));
                }
            }
        }
        config
    }

    /// Adds `memoryLimitMb` (MiB) and `cpuLimit` (milli-cores), where 0 means not set, as on wasmCloud's wire.
    pub(crate) fn read_wire_fields(&mut self, fields: &mut Fields<'t>, problems: &mut Problems) {
        let mut number = |name, max| {
            let number = fields.optional(name)?.number(0, max, problems)?;
            (number > 0).then_some(number)
        };
        let memory = number("memoryLimitMb", MEMORY_MAX_MIB).map(|mib| (u64::from(mib) * MIB, mib));
        let cpu = number("cpuLimit", CPU_MAX);
        if let Some((bytes, mib)) = memory
            && self.limits.memory.is_some_and(|other| other != bytes)
        {
            self.differ("memory", "memoryLimitMb", &format!("{mib} MiB"), problems);
        }
        if let Some(milli) = cpu
            && self.limits.cpu.is_some_and(|other| other != milli)
        {
            self.differ("cpu", "cpuLimit", &format!("{milli}m"), problems);
        }
        self.limits.memory = self.limits.memory.or(memory.map(|(bytes, _)| bytes));
        self.limits.cpu = self.limits.cpu.or(cpu);
    }

    /// Which of two limits was meant cannot be told.
    fn differ(&self, name: &str, field: &str, value: &str, problems: &mut Problems) {
        let key = format!("{PREFIX}{name}");
        let Some(at) = self.places.get(key.as_str()) else {
            return;
        };
        let text = at.text(problems).map(shown).unwrap_or_default();
        let message = format!("`{key}` is `{text}`, but `{field}` says {value}");
        problems.push(at.problem(message).help("remove one of the two"));
    }
}
