//! Every error code of `wasi:sockets`, and what a guest does to see it.

use std::collections::BTreeSet;
use std::time::Duration;

use weft_engine::workload::Workload;

use super::rig::Rig;
use crate::support::text;

/// What the guest does, and the codes of 0.2 and 0.3. Empty: not done over this version.
// tidy: table
const ROWS: &[(&str, &str, &str)] = &[
    (
        "connect to an address that is denied",
        "access-denied",
        "access-denied",
    ),
    (
        "connect to no address",
        "invalid-argument",
        "invalid-argument",
    ),
    (
        "connect to a listener that does not accept",
        "timeout",
        "timeout",
    ),
    ("bind twice at once", "concurrency-conflict", ""),
    ("bind twice", "", "invalid-state"),
    ("finish what was not begun", "not-in-progress", ""),
    ("accept nothing", "would-block", ""),
    ("listen without an address", "invalid-state", ""),
    (
        "more sockets than allowed",
        "new-socket-limit",
        "out-of-memory",
    ),
    (
        "bind an address of elsewhere",
        "address-not-bindable",
        "address-not-bindable",
    ),
    (
        "bind the address that means the host",
        "address-not-bindable",
        "",
    ),
    (
        "bind what somebody listens on",
        "address-in-use",
        "address-in-use",
    ),
    (
        "connect to an address that nobody has",
        "remote-unreachable",
        "remote-unreachable",
    ),
    (
        "connect to a port that nobody has",
        "connection-refused",
        "connection-refused",
    ),
    (
        "read from a connection that was given up",
        "connection-reset",
        "connection-reset",
    ),
    (
        "write to a connection that was given up",
        "",
        "connection-broken",
    ),
    (
        "send a datagram that is too long",
        "datagram-too-large",
        "datagram-too-large",
    ),
    (
        "send a datagram to an address that is denied",
        "access-denied",
        "access-denied",
    ),
    (
        "look up a name of the platform that is none",
        "name-unresolvable",
        "name-unresolvable",
    ),
    (
        "look up a name that gets no answer",
        "temporary-resolver-failure",
        "temporary-resolver-failure",
    ),
    (
        "look up a name that is denied",
        "permanent-resolver-failure",
        "access-denied",
    ),
    ("look up what is no name", "", "invalid-argument"),
    (
        "create a socket when the network is gone",
        "connection-aborted",
        "connection-aborted",
    ),
];

/// Codes that nothing leads to: the machine itself would have to fail in a way that no test can bring about, or it
/// means something that a host of this kind never does.
const NEVER: [&[&str]; 2] = [
    &["unknown", "not-supported", "out-of-memory"],
    &["not-supported", "permanent-resolver-failure", "other"],
];

const GUESTS: [&str; 2] = ["sockets_codes", "sockets_p3"];

fn rig() -> Rig {
    let mut rig = Rig::service();
    rig.limits.sockets = 16;
    rig.limits.connect = Duration::from_millis(100);
    rig.lookups = vec!["*.test".to_owned()];
    rig
}

fn expected(version: usize) -> impl Iterator<Item = (&'static str, &'static str)> {
    ROWS.iter()
        .map(move |row| (row.0, [row.1, row.2][version]))
        .filter(|(_, code)| !code.is_empty())
}

#[tokio::test]
async fn each_thing_that_a_guest_does_wrong_has_its_code() {
    for (version, guest) in GUESTS.into_iter().enumerate() {
        let rig = rig();
        let workload: Workload = rig.start("sock-codes", guest).await;
        let mut seen: Vec<_> = text(&workload, "/codes")
            .await
            .lines()
            .map(str::to_owned)
            .collect();
        rig.network.close();
        let code = text(&workload, "/create").await;
        seen.push(format!("create a socket when the network is gone: {code}"));
        seen.sort();
        let mut wanted: Vec<_> = expected(version)
            .map(|(what, code)| format!("{what}: {code}"))
            .collect();
        wanted.sort();
        assert_eq!(seen, wanted, "{guest}");
    }
}

#[test]
fn every_code_is_seen_or_said_to_be_never_given() {
    let wit = [
        include_str!("../../../../../wit/wasi-0.2/deps/sockets.wit"),
        include_str!("../../../../../wit/wasi-0.3/deps/sockets.wit"),
    ];
    for (version, wit) in wit.into_iter().enumerate() {
        let named: BTreeSet<&str> = codes(wit).collect();
        let seen = expected(version).map(|(_, code)| code);
        let told: BTreeSet<&str> = seen.chain(NEVER[version].iter().copied()).collect();
        assert_eq!(told, named);
    }
}

/// The cases of every `error-code` in a file of WIT.
fn codes(wit: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    wit.lines().map(str::trim).filter_map(move |line| {
        if line.ends_with('{') {
            inside = line.contains("error-code");
            return None;
        }
        inside &= line != "}";
        let case = line.trim_end_matches(',').split('(').next()?;
        let is_case =
            inside && !case.is_empty() && !line.starts_with("//") && !line.starts_with('@');
        is_case.then_some(case)
    })
}
