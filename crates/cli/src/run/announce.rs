//! What `weft run` says once it serves: where what can be reached.

use std::net::SocketAddr;

use weft_host::Running;

use crate::printer::{GOOD, Global, NAME};

/// Tells where what can be reached.
pub(super) fn announce(origin: &Origin, doors: Doors, running: &[Running], global: &Global) {
    let Doors { admin, names } = doors;
    let workloads: Vec<_> = running
        .iter()
        .map(|workload| {
            let urls: Vec<_> = workload.hosts.iter().map(|host| origin.url(host)).collect();
            let name = format!("{}/{}", workload.spec.tenant, workload.spec.name);
            serde_json::json!({ "name": name, "urls": urls, "ports": workload.ports() })
        })
        .collect();
    global.object(&serde_json::json!({
        "event": "listening", "addr": origin.addr.to_string(), "adminAddr": admin, "tlsForwardAddr": names,
        "workloads": workloads,
    }));
    if let Some(admin) = admin {
        global.status(format_args!(
            "{GOOD}serving{GOOD:#} health and metrics on http://{admin}/"
        ));
    }
    if let Some(names) = names {
        global.status(format_args!(
            "{GOOD}forwarding{GOOD:#} TLS connections by name on {names}"
        ));
    }
    for workload in running {
        let name = format!("{}/{}", workload.spec.tenant, workload.spec.name);
        for port in workload.ports() {
            global.status(format_args!(
                "{GOOD}published{GOOD:#} {NAME}{name}{NAME:#} {port}"
            ));
        }
        if workload.hosts.is_empty() {
            global.status(format_args!(
                "{GOOD}running{GOOD:#} {NAME}{name}{NAME:#}, a service alone"
            ));
        }
        for host in &workload.hosts {
            global.status(format_args!(
                "{GOOD}serving{GOOD:#} {NAME}{name}{NAME:#} on {}",
                origin.url(host)
            ));
        }
    }
}

/// Listeners beside the one for requests.
#[derive(Clone, Copy)]
pub(super) struct Doors {
    pub(super) admin: Option<SocketAddr>,
    pub(super) names: Option<SocketAddr>,
}

/// Where requests are taken.
pub(super) struct Origin {
    pub(super) scheme: &'static str,
    pub(super) addr: SocketAddr,
}

impl Origin {
    /// What to type into a browser for a host name and its path. A workload that answers every name is shown under the
    /// address itself.
    pub(super) fn url(&self, route: &str) -> String {
        let Self { scheme, addr } = self;
        match route.split_once('/').unwrap_or((route, "")) {
            ("*", path) => format!("{scheme}://{addr}/{path}"),
            (host, path) => format!("{scheme}://{host}:{}/{path}", addr.port()),
        }
    }
}
