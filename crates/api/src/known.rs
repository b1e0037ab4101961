//! Names that `hostInterfaces` is known to hold, so that a slip of the pen is told from a name that is only new here.
//!
//! What is in no list is not refused for that: a manifest may ask for what another host serves. Whether this host
//! serves it is the business of whoever plans the workload.

use crate::document::problem::nearest;

/// A package with its interfaces, of all versions; none listed = any may exist.
struct Package {
    namespace: &'static str,
    package: &'static str,
    interfaces: &'static [&'static str],
}

const fn package(
    namespace: &'static str,
    package: &'static str,
    interfaces: &'static [&'static str],
) -> Package {
    Package {
        namespace,
        package,
        interfaces,
    }
}

/// Packages that this host or wasmCloud's serves.
const PACKAGES: &[Package] = &[
    package("wasi", "io", &["error", "poll", "streams"]),
    package(
        "wasi",
        "clocks",
        &[
            "types",
            "monotonic-clock",
            "wall-clock",
            "system-clock",
            "timezone",
        ],
    ),
    package("wasi", "random", &["random", "insecure", "insecure-seed"]),
    package(
        "wasi",
        "cli",
        &[
            "types",
            "environment",
            "exit",
            "run",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    package("wasi", "filesystem", &["types", "preopens"]),
    package(
        "wasi",
        "sockets",
        &[
            "types",
            "network",
            "instance-network",
            "ip-name-lookup",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
    package(
        "wasi",
        "http",
        &[
            "types",
            "incoming-handler",
            "outgoing-handler",
            "handler",
            "client",
        ],
    ),
    package("wasi", "config", &["store", "runtime"]),
    package("wasi", "logging", &["logging"]),
    package("wasi", "keyvalue", &[]),
    package("wasi", "blobstore", &[]),
    package("wasi", "messaging", &[]),
    package("wasi", "otel", &["types", "tracing", "logs", "metrics"]),
    package("wasi", "webgpu", &["webgpu"]),
    package("wasi", "graphics-context", &["graphics-context"]),
    package("wasi", "tls", &[]),
    package("wasi", "nn", &[]),
    package("wasmcloud", "keyvalue", &[]),
    package("wasmcloud", "blobstore", &[]),
    package("wasmcloud", "messaging", &[]),
    package("wasmcloud", "postgres", &[]),
    package("wasmcloud", "secrets", &["store", "reveal", "secret"]),
    package("wasmcloud", "host", &[]),
];

/// Keys of a `wasi:http` entry.
const HTTP_KEYS: [&str; 3] = ["host", "host-aliases", "path"];

/// Whether this interface of this package is in the list. For a test of the engine, which has the list of what is
/// served: everything in that must be in this, or a right name could be taken for a wrong one.
pub fn is_known_interface(namespace: &str, package: &str, interface: &str) -> bool {
    find(namespace, package).is_some_and(|found| found.interfaces.contains(&interface))
}

/// Whether this package is in the list.
pub fn is_known_package(namespace: &str, package: &str) -> bool {
    find(namespace, package).is_some()
}

/// The known package of this namespace that was probably meant instead of this one.
pub(crate) fn meant_package(namespace: &str, package: &str) -> Option<&'static str> {
    if find(namespace, package).is_some() {
        return None;
    }
    let of_namespace = PACKAGES.iter().filter(|known| known.namespace == namespace);
    let names: Vec<&str> = of_namespace.map(|known| known.package).collect();
    nearest(package, &names)
}

/// The known interface of a known package that was probably meant instead of this one.
pub(crate) fn meant_interface(
    namespace: &str,
    package: &str,
    interface: &str,
) -> Option<&'static str> {
    let known = find(namespace, package)?.interfaces;
    if known.contains(&interface) {
        return None;
    }
    nearest(interface, known)
}

/// The key of a `wasi:http` entry that was probably meant instead of this one.
pub(crate) fn meant_http_key(key: &str) -> Option<&'static str> {
    if HTTP_KEYS.contains(&key) {
        return None;
    }
    nearest(key, &HTTP_KEYS)
}

fn find(namespace: &str, package: &str) -> Option<&'static Package> {
    PACKAGES
        .iter()
        .find(|known| known.namespace == namespace && known.package == package)
}

#[cfg(test)]
mod tests;
