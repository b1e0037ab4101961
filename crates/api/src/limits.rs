//! What a workload may use: memory, processor, time, and requests at once. The type, and the keys that people write.

mod quantity;
pub(crate) mod read;
mod value;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::document::problem::{nearest, quoted, shown};

/// What every key of a limit begins with.
const PREFIX: &str = "weft.dev/";
/// The known keys, behind the prefix.
const KEYS: [&str; 6] = [
    "memory",
    "cpu",
    "request-timeout",
    "max-in-flight",
    "max-queue",
    "queue-wait",
];

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;
/// One page of WebAssembly, in bytes: no component with a memory runs with less.
const MEMORY_MIN: u64 = 64 * 1024;
/// In MiB: 1 TiB.
const MEMORY_MAX_MIB: u32 = 1024 * 1024;
/// In milli-cores: 1024 cores, more than any machine has. It finds `1500` where `1500m` was meant.
const CPU_MAX: u32 = 1024 * 1000;
const TIME_MAX: Duration = Duration::from_hours(24);
/// Requests in flight and in the queue.
const REQUESTS_MAX: u32 = 1_000_000;

/// What a component or service may use at most. `None` = the default of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories and tables of one store together, in bytes; from 64 KiB to 1 TiB.
    pub memory: Option<u64>,
    /// Processor time, in thousandths of a core; from 1 to 1,024,000.
    pub cpu: Option<u32>,
    /// How long one request may take; from 1 ms to 24 h.
    pub request_timeout: Option<Duration>,
    /// Requests at the same time; from 1 to 1,000,000.
    pub max_in_flight: Option<u32>,
    /// Requests that wait for their turn; from 0 to 1,000,000.
    pub max_queue: Option<u32>,
    /// How long a request may wait for its turn; from 0 to 24 h.
    pub queue_wait: Option<Duration>,
}

/// Why a key with the prefix of limits cannot be used.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    /// Whether the key is at fault, not the value.
    key: bool,
    message: String,
    help: Option<String>,
}

impl Limits {
    /// These limits, and where they say nothing those of `base`.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        Self {
            memory: self.memory.or(base.memory),
            cpu: self.cpu.or(base.cpu),
            request_timeout: self.request_timeout.or(base.request_timeout),
            max_in_flight: self.max_in_flight.or(base.max_in_flight),
            max_queue: self.max_queue.or(base.max_queue),
            queue_wait: self.queue_wait.or(base.queue_wait),
        }
    }

    /// Takes the keys that begin with `weft.dev/` out of configuration values: they are for the host, not the guest.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the first key that is unknown or has a value that cannot be used.
    pub fn take_from(config: &mut BTreeMap<String, String>) -> Result<Self, String> {
        let mut limits = Self::default();
        for (key, text) in config.extract_if(.., |key, _| name(key).is_some()) {
            limits.set(&key, &text).map_err(|refusal| {
                let Refusal { message, help, .. } = refusal;
                help.map_or(message.clone(), |help| format!("{message}; {help}"))
            })?;
        }
        Ok(limits)
    }

    /// Sets the limit that a key with the prefix names.
    fn set(&mut self, key: &str, text: &str) -> Result<(), Refusal> {
        match key.strip_prefix(PREFIX).unwrap_or_default() {
            "memory" => self.memory = Some(value::memory(text)?),
            "cpu" => self.cpu = Some(value::cpu(text)?),
            name @ "request-timeout" => {
                self.request_timeout = Some(value::time(name, text, "1ms")?);
            }
            name @ "max-in-flight" => self.max_in_flight = Some(value::count(name, text, 1)?),
            name @ "max-queue" => self.max_queue = Some(value::count(name, text, 0)?),
            name @ "queue-wait" => self.queue_wait = Some(value::time(name, text, "0s")?),
            _ => return Err(unknown(key)),
        }
        Ok(())
    }
}

/// What stands behind the prefix, if the key has it. In upper case it is no known key, but no value for a guest either.
fn name(key: &str) -> Option<&str> {
    let (prefix, name) = key.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(name)
}

impl Refusal {
    fn value(message: String) -> Self {
        Self {
            key: false,
            message,
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn unknown(key: &str) -> Refusal {
    // The prefix is left out of the comparison: it would make all keys look alike.
    let near = name(key).and_then(|name| nearest(name, &KEYS));
    let help = near.map_or_else(
        || {
            format!(
                "known names: {}",
                quoted(&KEYS.map(|key| format!("{PREFIX}{key}")))
            )
        },
        |near| format!("did you mean `{PREFIX}{near}`?"),
    );
    Refusal {
        key: true,
        message: format!("unknown limit `{}`", shown(key)),
        help: Some(help),
    }
}

#[cfg(test)]
mod tests;
