//! Which requests a workload answers: host names and path prefixes out of its `wasi:http` entries.

use super::{HostInterface, WorkloadSpec};

/// Requests that a workload answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpRoute {
    /// The host name in lower case, with a leading `*.` for all names below it; empty = every name.
    pub host: String,
    /// The prefix of the path, such as `/api`, without `/` at its end; `None` = every path. It covers `/api` itself
    /// and what is below it, not `/apis`.
    pub path: Option<String>,
}

impl WorkloadSpec {
    /// The host names that the workload answers to, in lower case, in the order written and each once: from each
    /// `wasi:http` entry its `host`, then its comma-separated `host-aliases`.
    pub fn http_hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for name in self.http_entries().flat_map(HostInterface::names) {
            if !hosts.contains(&name) {
                hosts.push(name);
            }
        }
        hosts
    }

    /// The requests that the workload answers, in the order written and each once: every name of a `wasi:http` entry
    /// with the `path` of that entry. An entry with a path and no name stands for every name; one with neither adds
    /// nothing, as in [`Self::http_hosts`].
    pub fn http_routes(&self) -> Vec<HttpRoute> {
        let mut routes: Vec<HttpRoute> = Vec::new();
        for entry in self.http_entries() {
            let path = entry.path();
            let mut hosts: Vec<String> = entry.names().collect();
            if hosts.is_empty() && path.is_some() {
                hosts.push(String::new());
            }
            for host in hosts {
                let path = path.clone();
                let route = HttpRoute { host, path };
                if !routes.contains(&route) {
                    routes.push(route);
                }
            }
        }
        routes
    }

    fn http_entries(&self) -> impl Iterator<Item = &HostInterface> {
        self.host_interfaces.iter().filter(|entry| entry.is_http())
    }
}

impl HostInterface {
    /// `host`, then `host-aliases`.
    fn names(&self) -> impl Iterator<Item = String> {
        let host = self.config.get("host").map(String::as_str);
        let aliases = self.config.get("host-aliases").map(String::as_str);
        host.into_iter()
            .chain(aliases.into_iter().flat_map(|aliases| aliases.split(',')))
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty())
    }

    /// `path`, unless it is that of everything.
    fn path(&self) -> Option<String> {
        let path = self.config.get("path")?.trim_end_matches('/');
        (!path.is_empty()).then(|| path.to_owned())
    }
}
