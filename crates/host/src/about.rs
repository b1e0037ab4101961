//! What a host says of itself wherever it is asked who speaks.

use sysinfo::System;
use weft_telemetry::id::TraceId;

/// Attributes of this host, as OpenTelemetry names them. Each call makes up another instance.
pub fn about() -> Vec<(String, String)> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let mut about = vec![
        ("service.name", "weft".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        // As random as any id.
        ("service.instance.id", TraceId::random().to_string()),
        ("host.arch", arch.to_owned()),
        ("os.type", std::env::consts::OS.to_owned()),
        ("process.pid", std::process::id().to_string()),
    ];
    about.extend(System::host_name().map(|name| ("host.name", name)));
    about
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
