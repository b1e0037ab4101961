//! What the host provides: one row for each package and version line. The file to open to see what a guest can import.
//!
//! `Base` rows are WASI itself and need no permission of their own (what they reach is limited by env, mounts and the
//! egress policy). `Capability` rows need an entry in the workload's `hostInterfaces`.

use weft_api::interface::InterfaceName;

/// How an interface of the host is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Every component may import it.
    Base,
    /// The workload has to ask for it in `hostInterfaces`.
    Capability,
}

/// One package that the host serves.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `wasi:http`, for instance.
    pub package: &'static str,
    /// The compatible version line: `0.2`, `0.3`, or a full pre-release version.
    pub track: &'static str,
    /// Its interfaces.
    pub interfaces: &'static [&'static str],
    /// How it is granted.
    pub grant: Grant,
}

const fn base(
    package: &'static str,
    track: &'static str,
    interfaces: &'static [&'static str],
) -> Row {
    Row {
        package,
        track,
        interfaces,
        grant: Grant::Base,
    }
}

const fn capability(
    package: &'static str,
    track: &'static str,
    interfaces: &'static [&'static str],
) -> Row {
    Row {
        package,
        track,
        interfaces,
        grant: Grant::Capability,
    }
}

/// `wasi:cli` of 0.2; 0.3 has the same and `types`.
const CLI: &[&str] = &[
    "environment",
    "exit",
    "stdin",
    "stdout",
    "stderr",
    "terminal-input",
    "terminal-output",
    "terminal-stdin",
    "terminal-stdout",
    "terminal-stderr",
];
const CLI_3: &[&str] = &[
    "types",
    "environment",
    "exit",
    "stdin",
    "stdout",
    "stderr",
    "terminal-input",
    "terminal-output",
    "terminal-stdin",
    "terminal-stdout",
    "terminal-stderr",
];

/// The version line of `wasmcloud:secrets`.
const SECRETS: &str = "2";

/// Everything that the host serves.
pub const ROWS: &[Row] = &[
    base("wasi:io", "0.2", &["error", "poll", "streams"]),
    base("wasi:clocks", "0.2", &["monotonic-clock", "wall-clock"]),
    base(
        "wasi:random",
        "0.2",
        &["random", "insecure", "insecure-seed"],
    ),
    base("wasi:cli", "0.2", CLI),
    base("wasi:filesystem", "0.2", &["types", "preopens"]),
    base(
        "wasi:sockets",
        "0.2",
        &[
            "network",
            "instance-network",
            "ip-name-lookup",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
    base("wasi:http", "0.2", &["types", "outgoing-handler"]),
    base(
        "wasi:clocks",
        "0.3",
        &["types", "monotonic-clock", "system-clock"],
    ),
    base(
        "wasi:random",
        "0.3",
        &["random", "insecure", "insecure-seed"],
    ),
    base("wasi:cli", "0.3", CLI_3),
    base("wasi:filesystem", "0.3", &["types", "preopens"]),
    base("wasi:sockets", "0.3", &["types", "ip-name-lookup"]),
    base("wasi:http", "0.3", &["types", "client"]),
    capability("wasi:config", "0.2.0-rc.1", &["store"]),
    capability("wasi:logging", "0.1.0-draft", &["logging"]),
    capability(
        "wasi:otel",
        "0.2.0-rc.2",
        &["types", "tracing", "metrics", "logs"],
    ),
    capability("wasi:webgpu", "0.3.0-rc.2", &["webgpu"]),
    capability("wasi:webgpu", "0.0.1", &["webgpu"]),
    // Frames of a device: without one, which only `wasi:webgpu` gives, it can do nothing.
    base("wasi:graphics-context", "0.0.1", &["graphics-context"]),
    capability("wasmcloud:secrets", SECRETS, &["store", "reveal", "secret"]),
];

/// Whether an interface stands for one thing of many, which the label of the import names.
pub fn needs_label(name: &InterfaceName) -> bool {
    let path = (
        name.namespace.as_str(),
        name.package.as_str(),
        name.interface.as_str(),
    );
    path == ("wasmcloud", "secrets", "secret")
}

/// The row that serves an import, if there is one.
pub fn serving(import: &InterfaceName) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        row.matches_package(import)
            && row.interfaces.contains(&import.interface.as_str())
            && import.track().is_none_or(|track| track == row.track)
    })
}

/// All rows of the import's package, whatever the version: what a message can offer instead.
pub fn same_package(import: &InterfaceName) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.matches_package(import))
}

impl Row {
    fn matches_package(&self, name: &InterfaceName) -> bool {
        self.package
            .split_once(':')
            .is_some_and(|(namespace, package)| {
                namespace == name.namespace && package == name.package
            })
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}/{{{}}}@{}",
            self.package,
            self.interfaces.join(","),
            self.track
        )?;
        if self.track.split('.').count() <= 2 {
            write!(f, ".x")
        } else {
            Ok(())
        }
    }
}

/// Whether a component must have an interface for itself even when it shares a store with others: what these return
/// or do depends on who asks. `compose` gives each linked component its own copy, `link` binds each to its owner.
pub fn bears_identity(name: &InterfaceName) -> bool {
    let interface = name.interface.as_str();
    match (name.namespace.as_str(), name.package.as_str()) {
        ("wasi", "cli") => matches!(interface, "environment" | "stdin" | "stdout" | "stderr"),
        ("wasi", "filesystem") => interface == "preopens",
        ("wasi", "http") => matches!(interface, "outgoing-handler" | "client"),
        ("wasi", "sockets") => name
            .track()
            .is_some_and(|track| weft_net::sockets::bears_identity(interface, &track)),
        ("wasi", "config" | "logging") | ("wasmcloud", "secrets") => true,
        // Its types have no functions and are the same for all.
        ("wasi", "otel") => interface != "types",
        _ => false,
    }
}

#[cfg(test)]
mod tests;
