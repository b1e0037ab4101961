//! What is compared with the peer, and how each side is told to run it.

use super::cores::Cores;
use super::server::{Server, free_address};
use super::workloads::{Reuse, Workload};
use crate::sh::Sh;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// The host name that requests ask for.
pub(crate) const HOST: &str = "bench.test";

/// A component, and how its instances are used.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// For the table.
    pub(crate) title: &'static str,
    pub(crate) guest: &'static str,
    pub(crate) path: &'static str,
    /// Whether JSON is posted.
    pub(crate) posts: bool,
    /// Requests that one instance serves, one after the other.
    pub(crate) reuse: u32,
    /// Requests that one instance serves at the same time.
    pub(crate) concurrent: u32,
}

/// All cases, in the order of the table.
pub(crate) const CASES: [Case; 5] = [
    Case {
        name: "hello-fresh",
        title: "0.2 hello, a fresh instance each",
        guest: "bench_hello",
        path: "/",
        posts: false,
        reuse: 1,
        concurrent: 1,
    },
    Case {
        name: "hello-reuse",
        title: "0.2 hello, instances used 128 times",
        guest: "bench_hello",
        path: "/",
        posts: false,
        reuse: 128,
        concurrent: 1,
    },
    Case {
        name: "hello-p3",
        title: "0.3 hello, instances used 128 times, 16 at once",
        guest: "bench_hello_p3",
        path: "/",
        posts: false,
        reuse: 128,
        concurrent: 16,
    },
    Case {
        name: "stream",
        title: "0.2, 1 MiB streamed, a fresh instance each",
        guest: "bench_stream",
        path: "/?1048576",
        posts: false,
        reuse: 1,
        concurrent: 1,
    },
    Case {
        name: "json",
        title: "0.2, 64 kB of JSON there and back, a fresh instance each",
        guest: "bench_json",
        path: "/",
        posts: true,
        reuse: 1,
        concurrent: 1,
    },
];

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// weft as people run it: one log line for each request.
    Weft,
    /// weft without a line for requests that went well, which is what the peer logs.
    Quiet,
    Peer,
}

impl Side {
    pub(crate) const ALL: [Self; 3] = [Self::Weft, Self::Quiet, Self::Peer];

    /// For the lines on the terminal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Weft => "weft",
            Self::Quiet => "weft --quiet",
            Self::Peer => "wasmtime serve",
        }
    }
}

/// How servers are started.
pub(crate) struct Servers<'a> {
    pub(crate) weft: &'a Path,
    pub(crate) wasmtime: &'a Path,
    pub(crate) cores: &'a Cores,
    /// For manifests and compiled code.
    pub(crate) scratch: &'a Path,
}

impl Servers<'_> {
    /// Starts one side of a case.
    pub(crate) fn start(&self, case: &Case, component: &Path, side: Side) -> Result<Server> {
        let addr = free_address()?;
        let listen = addr.to_string();
        let command = match side {
            Side::Weft | Side::Quiet => {
                let manifest = self.scratch.join(format!("{}.yaml", case.name));
                fs::write(&manifest, self::manifest(case, component))?;
                let cache = self.scratch.join("cache");
                let quiet = (side == Side::Quiet).then_some("--quiet");
                let weft = self.cores.server(self.weft).args(quiet);
                let weft = weft.args(["run", "--addr", &listen]).arg("--cache-dir");
                weft.arg(cache).arg(manifest)
            }
            Side::Peer => peer(self.cores.server(self.wasmtime), case)
                .args(["--addr", &listen])
                .arg(component),
        };
        Server::start(command, addr)
    }
}

/// Instances that weft keeps warm at most: more than there are connections.
const WARM: u32 = 256;

/// The manifest of a case.
pub(crate) fn manifest(case: &Case, component: &Path) -> String {
    let reuse = if case.reuse > 1 {
        Reuse {
            pool_size: WARM,
            max_invocations: case.reuse,
            max_concurrency: case.concurrent,
        }
    } else {
        Reuse::NONE
    };
    let workload = Workload {
        name: case.name,
        host: HOST,
        component,
        reuse,
        capabilities: false,
    };
    workload.document()
}

/// The peer with what it has of weft's limits, and with weft's settings of the pool.
fn peer(wasmtime: Sh, case: &Case) -> Sh {
    let reuse = case.reuse.to_string();
    let concurrent = case.concurrent.to_string();
    wasmtime
        .args(["serve", "-S", "cli=y"])
        // Epochs on, and an end to each request.
        .args(["-W", "timeout=30s"])
        .args(["-W", "max-memory-size=268435456"])
        .args(["-O", "pooling-allocator=y"])
        .args(["-O", "pooling-memory-keep-resident=65536"])
        .args(["-O", "pooling-table-keep-resident=8192"])
        .args(["-O", "pooling-async-stack-keep-resident=8192"])
        .args(["--idle-instance-timeout", "60s"])
        .args(["--max-instance-reuse-count", &reuse])
        .args(["--max-instance-concurrent-reuse-count", &concurrent])
}

/// JSON of about 64 kB: an array of small objects, like an answer of an API.
pub(crate) fn json() -> Vec<u8> {
    let mut items = Vec::new();
    let mut size = 0;
    while size < 64_000 {
        let id = items.len();
        let item = serde_json::json!({
            "id": id,
            "name": format!("item {id}"),
            "price": id as f64 * 1.25,
            "tags": ["a", "b \u{e9}", "c\n"],
            "ready": id.is_multiple_of(2),
            "owner": null,
        });
        size += item.to_string().len() + 1;
        items.push(item);
    }
    serde_json::Value::Array(items).to_string().into_bytes()
}

/// Writes the JSON into a file for the load generator.
pub(crate) fn write_json(scratch: &Path) -> Result<PathBuf> {
    let file = scratch.join("body.json");
    fs::write(&file, json())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn cases_have_names_of_their_own() {
        let names: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
    }

    #[test]
    fn the_json_is_about_64_kb_and_is_what_the_guest_writes_again() {
        let json = json();
        assert!((64_000..66_000).contains(&json.len()), "{}", json.len());
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(value.to_string().into_bytes(), json);
    }

    #[test]
    fn a_manifest_says_how_instances_are_used() {
        let [fresh, reused, ..] = &CASES;
        let component = Path::new("/a.wasm");
        let text = manifest(fresh, component);
        assert!(text.contains("poolSize: 0\n"), "{text}");
        let text = manifest(reused, component);
        assert!(
            text.contains("poolSize: 256\n      maxInvocations: 128\n      maxConcurrency: 1\n"),
            "{text}"
        );
    }
}
