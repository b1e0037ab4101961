//! What the components of one instance may use up together, and who said so. Pure.

use serde::Serialize;
use weft_api::places::Step;
use weft_api::spec::{Limits, Reuse};
use weft_host::{EngineConfig, ProgramLimits, ValidWorkload};

use super::line_of;
use crate::examine::component_steps;
use crate::explain::trouble::Within;

/// Components that share an instance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Program {
    /// The one that is called or run is first.
    pub(in crate::explain) components: Vec<String>,
    /// `requests`, `service` or `command`.
    pub(in crate::explain) runs: &'static str,
    pub(in crate::explain) limits: Vec<Limit>,
    /// How instances are used again, in words.
    pub(in crate::explain) instances: String,
}

/// One limit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Limit {
    /// As in the keys of manifests, without `weft.dev/`.
    pub(in crate::explain) name: &'static str,
    pub(in crate::explain) value: String,
    /// The components whose entry in the manifest sets it; empty = the default of the host.
    pub(in crate::explain) set_by: Vec<String>,
    pub(in crate::explain) line: Option<usize>,
}

/// The programs of a workload that would start: what answers requests or is run, and the service.
pub(super) fn all(within: &Within<'_>, valid: Option<&ValidWorkload>) -> Vec<Program> {
    let Some(valid) = valid else {
        return Vec::new();
    };
    let service = valid.service.as_ref().map(|service| {
        let restarts = match service.max_restarts {
            0 => "not started again after a failure".to_owned(),
            1 => "started again once after a failure".to_owned(),
            times => format!("started again up to {times} times after failures"),
        };
        let mut program = program(within, &service.program);
        program.instances = format!("one, for as long as the workload runs; {restarts}");
        program
    });
    let front = valid.program.as_ref().map(|front| program(within, front));
    front.into_iter().chain(service).collect()
}

fn program(within: &Within<'_>, program: &weft_host::Program) -> Program {
    let defaults = EngineConfig::default().limits;
    let settled = ProgramLimits::of(program, &defaults);
    let answers = program.entry.is_http();
    let parts: Vec<_> = program
        .parts
        .iter()
        .map(|part| (part.component.as_str(), &part.limits))
        .collect();
    let all = limits(within, &parts, &settled);
    Program {
        components: parts.iter().map(|(name, _)| (*name).to_owned()).collect(),
        runs: match (answers, program.is_resident()) {
            (true, _) => "requests",
            (false, true) => "service",
            (false, false) => "command",
        },
        // Without requests there is nothing to bound but these two.
        limits: all
            .into_iter()
            .filter(|limit| answers || matches!(limit.name, "memory" | "cpu"))
            .collect(),
        instances: match program.is_resident() {
            true => "one, for as long as the workload runs".to_owned(),
            false if answers => instances(program.reuse),
            false => "one, for this run".to_owned(),
        },
    }
}

fn limits(within: &Within<'_>, parts: &[(&str, &Limits)], settled: &ProgramLimits) -> Vec<Limit> {
    let requests = &settled.requests;
    let limit = |name, value, is_set: fn(&Limits) -> bool| {
        let set_by: Vec<_> = parts
            .iter()
            .filter(|(_, limits)| is_set(limits))
            .map(|(component, _)| (*component).to_owned())
            .collect();
        let line = set_by.first().and_then(|first| line(within, first, name));
        Limit {
            name,
            value,
            set_by,
            line,
        }
    };
    vec![
        limit("memory", size(settled.memory), |limits| {
            limits.memory.is_some()
        }),
        limit(
            "cpu",
            match settled.cpu {
                Some(milli) => format!("{milli}m"),
                None => "a fair share".to_owned(),
            },
            |limits| limits.cpu.is_some(),
        ),
        limit(
            "request-timeout",
            format!("{:?}", settled.request_timeout),
            |limits| limits.request_timeout.is_some(),
        ),
        limit(
            "max-in-flight",
            requests.max_in_flight.to_string(),
            |limits| limits.max_in_flight.is_some(),
        ),
        limit("max-queue", requests.max_queue.to_string(), |limits| {
            limits.max_queue.is_some()
        }),
        limit(
            "queue-wait",
            format!("{:?}", requests.queue_wait),
            |limits| limits.queue_wait.is_some(),
        ),
    ]
}

/// The line of the key, or of the field of wasmCloud's wire.
fn line(within: &Within<'_>, component: &str, name: &str) -> Option<usize> {
    let mut components = within.spec.components.iter();
    let place = components.position(|other| other.name.as_str() == component);
    let mut steps = component_steps(place);
    steps.push(Step::Key("localResources"));
    let key = format!("weft.dev/{name}");
    let of_config = [Step::Key("config"), Step::Key(&key)];
    let of_field = match name {
        "memory" => [Step::Key("memoryLimitMb")].as_slice(),
        "cpu" => [Step::Key("cpuLimit")].as_slice(),
        _ => &[],
    };
    [of_config.as_slice(), of_field]
        .into_iter()
        .filter(|last| !last.is_empty())
        .find_map(|last| {
            let whole: Vec<_> = steps.iter().chain(last).copied().collect();
            line_of(within, &whole)
        })
}

fn instances(reuse: Reuse) -> String {
    let Reuse {
        pool_size,
        max_invocations,
        max_concurrency,
    } = reuse;
    if pool_size == 0 {
        return "a fresh one for each request (poolSize is 0)".to_owned();
    }
    let at_once = match max_concurrency {
        1 => "one request at a time".to_owned(),
        many => format!("up to {many} requests at the same time"),
    };
    let until = match max_invocations {
        0 => String::new(),
        1 => ", retired after 1 request".to_owned(),
        many => format!(", retired after {many} requests"),
    };
    format!("up to {pool_size} kept warm, each for {at_once}{until}")
}

/// Bytes in the largest unit that leaves nothing over.
fn size(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = units
        .into_iter()
        .find(|(_, size)| bytes.is_multiple_of(*size) && bytes > 0);
    match unit {
        Some((unit, size)) => format!("{} {unit}", bytes / size),
        None => format!("{bytes} bytes"),
    }
}
