//! A wall clock that jumps must change no time limit: everything that waits or measures asks the monotonic clock.
//!
//! No test can set the clock of its machine, so this one reads the code: nothing that a host runs asks what time it is
//! but the log, and whatever is named here with a reason.

use std::path::{Path, PathBuf};

use weft_testkit::guests::repository;

/// Ways to ask for the time of day.
const WALL_CLOCKS: [&str; 4] = ["SystemTime::now", "UNIX_EPOCH", "Utc::now", "Local::now"];

/// Files that may, and why.
const MAY_ASK: [(&str, &str); 6] = [
    (
        "ingress/src/tls/load.rs",
        "whether a certificate has expired, which it only says",
    ),
    ("host/src/admin/metrics.rs", "when the process started"),
    (
        "engine/src/service/status.rs",
        "since when a service is in its state",
    ),
    ("host/src/registry.rs", "since when a workload runs"),
    ("ingress/src/tls/load/tests.rs", "ages of files"),
    (
        "engine/src/traces/guest.rs",
        "when a guest handed something in",
    ),
];

#[test]
fn no_part_of_a_host_takes_the_time_of_day_for_a_time_limit() {
    let crates = ["api", "caps", "engine", "host", "ingress", "net"];
    let folders = crates.map(|name| repository().join("crates").join(name).join("src"));
    let mut found = Vec::new();
    for file in folders.iter().flat_map(|folder| rust_files(folder)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let asks = WALL_CLOCKS.iter().any(|clock| text.contains(clock));
        if asks && !MAY_ASK.iter().any(|(known, _)| file.ends_with(known)) {
            found.push(file);
        }
    }
    assert!(
        found.is_empty(),
        "these ask what time it is; a limit needs `Instant`, anything else a reason here: {found:#?}"
    );
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                rust_files(&path)
            } else if path.extension().is_some_and(|end| end == "rs") {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}
