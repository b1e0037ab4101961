//! Every error code of `wasi:sockets`, and what a guest does to see it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::io::Errno;
use weft_engine::workload::Workload;
use weft_net::loopback::{Ledger, Network};

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

/// What guests see that the test has to arrange beforehand.
// tidy: table
const ARRANGED: &[(&str, &str, &str)] = &[
    (
        "create a socket when the memory of the tenant is spent",
        "out-of-memory",
        "out-of-memory",
    ),
    (
        "look up a name that the servers refuse to answer",
        "permanent-resolver-failure",
        "permanent-resolver-failure",
    ),
];

/// What guests see where the machine fails: what it says, and the codes.
#[cfg(target_os = "linux")]
// tidy: table
const MACHINE: &[(Errno, &str, &str)] = &[
    (Errno::AFNOSUPPORT, "not-supported", "not-supported"),
    (Errno::NOMEM, "out-of-memory", "out-of-memory"),
    (Errno::NOSYS, "unknown", "other"),
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

/// A tenant that has nothing left.
#[derive(Debug)]
struct Spent;

impl Ledger for Spent {
    fn take(&self, _: u64) -> bool {
        false
    }

    fn give_back(&self, _: u64) {}
}

#[tokio::test]
async fn a_tenant_without_memory_and_a_server_that_refuses_have_their_codes() {
    for (version, guest) in GUESTS.into_iter().enumerate() {
        let mut rig = rig();
        rig.network = Arc::new(Network::charged(Default::default(), Arc::new(Spent)));
        let workload: Workload = rig.start("sock-arranged", guest).await;
        let seen = [
            text(&workload, "/create").await,
            text(&workload, "/lookup?refused.test").await,
        ];
        let wanted = ARRANGED.iter().map(|row| [row.1, row.2][version]);
        assert!(
            seen.iter().map(String::as_str).eq(wanted),
            "{guest}: {seen:?}"
        );
    }
}

/// A machine that refuses to make a socket: the kernel answers this thread so, as it does under a sandbox.
#[cfg(target_os = "linux")]
#[test]
fn what_the_machine_says_has_its_code() {
    for (errno, old, new) in MACHINE {
        let told = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut rig = rig();
                rig.hosts = vec!["1.1.1.1:80".to_owned()];
                let workloads = [
                    rig.start("sock-machine", GUESTS[0]).await,
                    rig.start("sock-machine-p3", GUESTS[1]).await,
                ];
                no_ipv4_sockets(*errno);
                let [old, new] = workloads.each_ref();
                let ask = |workload| text(workload, "/connect?1.1.1.1:80");
                [ask(old).await, ask(new).await]
            })
        });
        let [said_old, said_new] = told.join().unwrap();
        assert_eq!(said_old, *old, "{errno}");
        // `other` may have words with it.
        assert_eq!(said_new.split('(').next(), Some(*new), "{errno}");
    }
}

/// From now on the kernel refuses this thread each socket of IPv4 with this error.
#[cfg(target_os = "linux")]
fn no_ipv4_sockets(errno: Errno) {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, apply_filter,
    };
    const SOCKET: i64 = if cfg!(target_arch = "x86_64") {
        41
    } else {
        198
    };
    const AF_INET: u64 = 2;
    let ipv4 = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, AF_INET);
    let rule = SeccompRule::new(vec![ipv4.unwrap()]).unwrap();
    let refuse = SeccompAction::Errno(errno.raw_os_error().unsigned_abs());
    let filter = SeccompFilter::new(
        [(SOCKET, vec![rule])].into(),
        SeccompAction::Allow,
        refuse,
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
}

#[test]
fn every_code_is_seen() {
    let wit = [
        include_str!("../../../../../wit/wasi-0.2/deps/sockets.wit"),
        include_str!("../../../../../wit/wasi-0.3/deps/sockets.wit"),
    ];
    for (version, wit) in wit.into_iter().enumerate() {
        let named: BTreeSet<&str> = codes(wit).collect();
        let mut told: BTreeSet<&str> = expected(version).map(|(_, code)| code).collect();
        told.extend(ARRANGED.iter().map(|row| [row.1, row.2][version]));
        #[cfg(target_os = "linux")]
        told.extend(MACHINE.iter().map(|row| [row.1, row.2][version]));
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
