//! `service.ports`: ports of the service, and where they are to be reached from outside.

use std::collections::HashMap;
use std::num::NonZeroU16;

use crate::document::decode::{At, Fields};
use crate::document::problem::{Problems, shown};
use crate::document::{Span, Value};
use crate::ids::check_label;
use crate::pattern;
use crate::spec::{Protocol, Publish, ServicePort, TlsEnd, host_address};

/// Ports of one service: each may become a listener of the host.
const PORTS_MAX: usize = 64;

/// What two ports of a service cannot both have.
#[derive(Default)]
struct Taken {
    names: HashMap<String, Span>,
    /// By address with its protocol, or by server name.
    places: HashMap<String, Span>,
}

/// Reads the list.
pub(super) fn ports(at: &At<'_>, problems: &mut Problems) -> Vec<ServicePort> {
    let items = at.items(problems);
    if items.len() > PORTS_MAX {
        let problem = at.problem(format!(
            "a service has at most {PORTS_MAX} ports, and this one {}; leave out those that nobody outside uses",
            items.len()
        ));
        problems.push(problem);
        return Vec::new();
    }
    let mut taken = Taken::default();
    items
        .iter()
        .filter_map(|item| port(item, &mut taken, problems))
        .collect()
}

fn port(item: &At<'_>, taken: &mut Taken, problems: &mut Problems) -> Option<ServicePort> {
    let mut fields = item.fields(problems)?;
    let name_at = fields.required("name");
    let port_at = fields.required("port");
    let protocol = protocol(&mut fields, problems);
    let publish_at = fields.optional("publish");
    fields.finish(problems);
    let name = name_at.and_then(|at| {
        let name = at.checked(problems, |text| {
            check_label("port name", text).map(|()| text.to_owned())
        })?;
        if let Some(first) = taken.names.insert(name.clone(), at.span()) {
            let problem = at.problem(format!(
                "the port `{name}` is given twice; give each port a name of its own"
            ));
            problems.push(problem.also(first));
        }
        Some(name)
    });
    let port = port_at
        .and_then(|at| at.number(1, u32::from(u16::MAX), problems))
        .and_then(|port| NonZeroU16::new(u16::try_from(port).ok()?));
    let publish = match &publish_at {
        Some(at) => Some(publish(at, protocol, taken, problems)?),
        None => None,
    };
    Some(ServicePort {
        name: name?,
        port: port?,
        protocol,
        publish,
    })
}

fn protocol(fields: &mut Fields<'_>, problems: &mut Problems) -> Protocol {
    let known = [Protocol::Tcp.as_str(), Protocol::Udp.as_str()];
    let word = fields
        .optional("protocol")
        .and_then(|at| at.choice(&known, problems));
    match word {
        Some("UDP") => Protocol::Udp,
        Some(_) | None => Protocol::Tcp,
    }
}

/// An address as text, or a mapping with `serverName`.
fn publish(
    at: &At<'_>,
    protocol: Protocol,
    taken: &mut Taken,
    problems: &mut Problems,
) -> Option<Publish> {
    let (publish, key) = if matches!(at.value(), Value::Map(_)) {
        let publish = server_name(at, protocol, problems)?;
        let key = publish.to_string();
        (publish, key)
    } else {
        let address = at.checked(problems, host_address)?;
        if address.port() == 0 {
            return Some(Publish::Address(address));
        }
        let key = format!("{} {address}", protocol.as_str());
        (Publish::Address(address), key)
    };
    if let Some(first) = taken.places.insert(key, at.span()) {
        let problem = at.problem(format!(
            "two ports are published at `{publish}`; give each an address or a name of its own"
        ));
        problems.push(problem.also(first));
    }
    Some(publish)
}

fn server_name(at: &At<'_>, protocol: Protocol, problems: &mut Problems) -> Option<Publish> {
    let mut fields = at.fields(problems)?;
    let name = fields.required("serverName");
    let tls = fields
        .optional("tls")
        .and_then(|at| at.choice(&["passthrough", "terminate"], problems));
    fields.finish(problems);
    let name = name?.checked(problems, |text| {
        is_server_name(text).map(|()| text.to_ascii_lowercase())
    })?;
    if protocol == Protocol::Udp {
        let problem = at.problem("a UDP port cannot be published by name");
        problems
            .push(problem.help("write an address of the host, such as `publish: 127.0.0.1:53`"));
        return None;
    }
    let tls = match tls {
        Some("terminate") => TlsEnd::Terminate,
        Some(_) | None => TlsEnd::Passthrough,
    };
    Some(Publish::ServerName { name, tls })
}

/// What TLS can carry as a name: clients do not send addresses (RFC 6066).
fn is_server_name(text: &str) -> Result<(), String> {
    if text.parse::<std::net::Ipv4Addr>().is_ok() || text == "*" {
        return Err(format!(
            "`{}` is not a server name; write a host name such as `db.example.com`, or `*.db.example.com`",
            shown(text)
        ));
    }
    pattern::route_host(text)
}
