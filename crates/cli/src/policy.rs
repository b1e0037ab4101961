//! `weft policy`: the smallest policy that covers what guests were seen to reach, from a host that learns it.

use std::fmt::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::bail;
use weft_host::{ComponentPolicy, Learned};

use crate::admin;
use crate::limits::address;
use crate::printer::Global;
use crate::runtime;

/// Show what guests were seen to reach, as entries for their manifests
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// One workload, as TENANT/NAME; all, if not given
    #[arg(value_name = "WORKLOAD")]
    workload: Option<String>,
    /// The admin listener of a host that was started with `--egress learn`
    #[arg(long, value_name = "ADDR", env = "WEFT_ADMIN_ADDR", value_parser = address)]
    admin_addr: SocketAddr,
}

const EXAMPLES: &str = "Examples:
  weft run --egress learn --admin-addr 127.0.0.1:8001 manifest.yaml
  weft policy --admin-addr 127.0.0.1:8001
  weft policy --admin-addr 127.0.0.1:8001 default/hello --output json

Exit codes: 0 done; 1 the host does not answer, learns nothing, or has no such workload.";

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let mut learned = runtime::block_on(admin::ask::<Learned>(args.admin_addr, "/policy"))?;
    if !learned.learning {
        bail!(
            "the host at {} learns nothing: it denies what manifests do not allow; start it with --egress learn",
            args.admin_addr
        );
    }
    if let Some(wanted) = &args.workload {
        let is_wanted =
            |one: &ComponentPolicy| format!("{}/{}", one.tenant, one.workload) == *wanted;
        learned.components.retain(is_wanted);
        if learned.components.is_empty() {
            bail!(
                "the host at {} runs no workload `{wanted}`; without a name, all of them are shown",
                args.admin_addr
            );
        }
    }
    global.object(&learned);
    show(&learned, global);
    Ok(ExitCode::SUCCESS)
}

/// Prints a policy for people to copy.
pub(crate) fn show(learned: &Learned, global: &Global) {
    for component in &learned.components {
        global.line(yaml(component).trim_end());
    }
}

/// What belongs under a component, or the service, of a manifest.
fn yaml(component: &ComponentPolicy) -> String {
    let ComponentPolicy {
        tenant,
        workload,
        component,
        allowed_hosts,
        allowed_ip_name_lookups,
        allowed_host_loopback_ports,
        left_out,
    } = component;
    let mut text = format!("# {tenant}/{workload}: {component}\n");
    if *left_out > 0 {
        text += &format!("# not complete: there was no room for {left_out} more\n");
    }
    let lists = [
        ("allowedHosts", allowed_hosts),
        ("allowedIpNameLookups", allowed_ip_name_lookups),
        ("allowedHostLoopbackPorts", allowed_host_loopback_ports),
    ];
    if lists.iter().all(|(_, entries)| entries.is_empty()) {
        text += "# nothing was reached\n";
        return text;
    }
    text += "localResources:\n";
    for (name, entries) in lists.iter().filter(|(_, entries)| !entries.is_empty()) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name}:");
        for entry in *entries {
            let _ = writeln!(text, "    - {entry:?}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> ComponentPolicy {
        ComponentPolicy {
            tenant: "default".to_owned(),
            workload: "hello".to_owned(),
            component: "main".to_owned(),
            allowed_hosts: vec!["https://api.example.com".to_owned()],
            allowed_ip_name_lookups: Vec::new(),
            allowed_host_loopback_ports: vec!["5432/tcp".to_owned()],
            left_out: 0,
        }
    }

    #[test]
    fn lists_are_entries_of_a_manifest() {
        insta::assert_snapshot!(yaml(&policy()), @r#"
        # default/hello: main
        localResources:
          allowedHosts:
            - "https://api.example.com"
          allowedHostLoopbackPorts:
            - "5432/tcp"
        "#);
    }

    #[test]
    fn a_component_that_reached_nothing_needs_nothing() {
        let quiet = ComponentPolicy {
            allowed_hosts: Vec::new(),
            allowed_host_loopback_ports: Vec::new(),
            ..policy()
        };
        insta::assert_snapshot!(yaml(&quiet), @r"
        # default/hello: main
        # nothing was reached
        ");
    }

    #[test]
    fn what_there_was_no_room_for_is_said() {
        let full = ComponentPolicy {
            left_out: 3,
            ..policy()
        };
        assert!(yaml(&full).contains("# not complete: there was no room for 3 more\n"));
    }
}
