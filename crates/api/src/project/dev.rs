//! `dev`: how the development host runs the project.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;

use super::plugin::{self, Origin};
use super::read::{Reach, Scope, environment, filled, flag, items, path, values};
use super::schema::{Dev, DevComponent, DevVolume, OtelProtocol, TrustRoots, WasmProposal};
use crate::document::Span;
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problems, shown};
use crate::duration;
use crate::host_interface::{
    Parts, check_between, entries, report_http_keys, wrong_routes, wrong_secret,
};
use crate::ids::ComponentName;
use crate::image::beneath;
use crate::limits::read::Config;
use crate::spec::{HostInterface, Reuse, SecretValue};
use crate::values::Secret;

pub(super) fn read(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Dev> {
    let mut fields = at.fields(scope.problems)?;
    let mut dev = Dev {
        command: filled(&mut fields, "command", scope.problems),
        component_path: path(&mut fields, "component_path", scope),
        components: components(&mut fields, scope),
        host_plugins: plugin::plugins(&mut fields, "host_plugins", scope),
        volumes: volumes(&mut fields, scope),
        environment: values(&mut fields, "environment", scope.problems),
        host_interfaces: host_interfaces(&mut fields, scope.problems),
        ..Dev::default()
    };
    if let Some(address) = fields
        .optional("address")
        .and_then(|at| at.checked(scope.problems, socket_address))
    {
        dev.address = address;
    }
    service(&mut dev, &mut fields, scope);
    tls(&mut dev, &mut fields, scope);
    limits(&mut dev, &mut fields, scope.problems);
    engine(&mut dev, &mut fields, scope.problems);
    backends(&mut dev, &mut fields, scope);
    fields.finish(scope.problems);
    Some(dev)
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("`{}` is not an address to serve on; write an IP address and a port, such as `127.0.0.1:8000`", shown(text))
    })
}

fn service(dev: &mut Dev, fields: &mut Fields<'_>, scope: &mut Scope<'_>) {
    let origin = Origin {
        file: "service_file",
        image: "service_image",
        pull_policy: "service_pull_policy",
    };
    dev.service = flag(fields, "service", scope.problems);
    (dev.service_image, dev.service_pull_policy) = origin.read(fields, scope);
    dev.service_ports = plugin::ports(fields, "service_ports", false, scope.problems);
    dev.allow_insecure_registries = flag(fields, "allow_insecure_registries", scope.problems);
}

/// A certificate is of no use without its key, and the other way round.
fn tls(dev: &mut Dev, fields: &mut Fields<'_>, scope: &mut Scope<'_>) {
    let cert = fields.optional("tls_cert_path");
    let key = fields.optional("tls_key_path");
    let alone = match (&cert, &key) {
        (Some(at), None) => Some((at, "tls_key_path")),
        (None, Some(at)) => Some((at, "tls_cert_path")),
        _ => None,
    };
    if let Some((at, other)) = alone {
        let message = format!("`{}` is given, but `dev.{other}` is missing", at.path());
        scope.problems.push(
            at.problem(message)
                .help("TLS needs both the certificate and its key"),
        );
    }
    dev.tls_cert_path = path(fields, "tls_cert_path", scope);
    dev.tls_key_path = path(fields, "tls_key_path", scope);
    dev.tls_ca_path = path(fields, "tls_ca_path", scope);
    for item in items(fields, "http_client_ca_paths", scope.problems) {
        let text = item.filled(scope.problems);
        dev.http_client_ca_paths
            .extend(text.map(|text| beneath(scope.base, Path::new(text))));
    }
    let roots = fields.optional("http_client_trust_roots");
    dev.http_client_trust_roots = roots
        .and_then(|at| at.choice(TrustRoots::WORDS, scope.problems))
        .and_then(TrustRoots::of);
}

fn limits(dev: &mut Dev, fields: &mut Fields<'_>, problems: &mut Problems) {
    let mut limit = |name| {
        fields
            .optional(name)
            .and_then(|at| at.number(1, u32::MAX, problems))
    };
    dev.max_connections = limit("max_connections");
    dev.max_outbound_http_connections_per_workload =
        limit("max_outbound_http_connections_per_workload");
    dev.max_outbound_socket_connections_per_workload =
        limit("max_outbound_socket_connections_per_workload");
    dev.max_inbound_socket_connections_per_workload =
        limit("max_inbound_socket_connections_per_workload");
    let wait = fields.optional("http_connection_wait");
    dev.http_connection_wait = wait.and_then(|at| at.checked(problems, duration::parse));
}

fn engine(dev: &mut Dev, fields: &mut Fields<'_>, problems: &mut Problems) {
    dev.wasi_webgpu = flag(fields, "wasi_webgpu", problems);
    dev.wasi_otel = flag(fields, "wasi_otel", problems);
    for item in items(fields, "wasm_proposals", problems) {
        let word = item.choice(WasmProposal::WORDS, problems);
        dev.wasm_proposals.extend(word.and_then(WasmProposal::of));
    }
    let mut protocol = |name| {
        fields
            .optional(name)
            .and_then(|at| at.choice(OtelProtocol::WORDS, problems))
    };
    dev.otel_host_protocol = protocol("otel_host_protocol").and_then(OtelProtocol::of);
    dev.otel_workload_protocol = protocol("otel_workload_protocol").and_then(OtelProtocol::of);
    dev.otel_host_endpoint = filled(fields, "otel_host_endpoint", problems);
    dev.otel_workload_endpoint = filled(fields, "otel_workload_endpoint", problems);
}

fn backends(dev: &mut Dev, fields: &mut Fields<'_>, scope: &mut Scope<'_>) {
    let nats = ["nats", "tls"];
    let mut url = |name, schemes: &[&str]| {
        let at = fields.optional(name)?;
        let checked = check_scheme(name, at.text(scope.problems)?, schemes);
        checked
            .map_err(|why| scope.problems.push(at.problem(why).secret()))
            .ok()
    };
    dev.postgres_url = url("postgres_url", &["postgres", "postgresql"]);
    dev.data_nats_url = url("data_nats_url", &nats);
    dev.wasi_keyvalue_redis_url = url("wasi_keyvalue_redis_url", &["redis", "rediss"]);
    dev.wasi_keyvalue_nats_url = url("wasi_keyvalue_nats_url", &nats);
    dev.wasi_keyvalue_path = path(fields, "wasi_keyvalue_path", scope);
    dev.wasi_blobstore_path = path(fields, "wasi_blobstore_path", scope);
}

/// Checks the scheme of a URL. The rest may hold a password, so that no message shows it.
fn check_scheme(name: &str, text: &str, schemes: &[&str]) -> Result<Secret, String> {
    let wanted = schemes
        .iter()
        .map(|scheme| format!("`{scheme}://`"))
        .collect::<Vec<_>>()
        .join(" or ");
    match text.split_once("://") {
        Some((scheme, rest)) if schemes.contains(&scheme) && !rest.is_empty() => {
            Ok(Secret::new(text.to_owned()))
        }
        Some((scheme, _)) if !schemes.contains(&scheme) => Err(format!(
            "`dev.{name}` must start with {wanted}, but starts with `{}://`",
            shown(scheme)
        )),
        Some(_) => Err(format!(
            "`dev.{name}` names no host; write one behind the `://`"
        )),
        None => Err(format!(
            "`dev.{name}` must start with {wanted}; write the scheme of the server that is meant"
        )),
    }
}

fn volumes(fields: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<DevVolume> {
    let mut volumes = Vec::new();
    for item in items(fields, "volumes", scope.problems) {
        let Some(mut fields) = item.fields(scope.problems) else {
            continue;
        };
        let host_path = fields
            .required("host_path")
            .and_then(|at| at.filled(scope.problems));
        let guest_path = fields.required("guest_path");
        fields.finish(scope.problems);
        let guest_path = guest_path.and_then(|at| at.checked(scope.problems, guest_path_text));
        let host_path = host_path.map(|text| beneath(scope.base, Path::new(text)));
        if let (Some(host_path), Some(guest_path)) = (host_path, guest_path) {
            volumes.push(DevVolume {
                host_path,
                guest_path,
            });
        }
    }
    volumes
}

fn guest_path_text(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err(format!(
            "the guest path `{}` must be absolute: start it with `/`",
            shown(text)
        ));
    }
    if text.split('/').any(|part| part == "..") {
        return Err(format!(
            "the guest path `{}` must not hold `..`",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

fn components(fields: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<DevComponent> {
    let mut components = Vec::new();
    let mut names: HashMap<ComponentName, Span> = HashMap::new();
    for item in items(fields, "components", scope.problems) {
        let Some(mut fields) = item.fields(scope.problems) else {
            continue;
        };
        let name_at = fields.required("name");
        let name = name_at
            .as_ref()
            .and_then(|at| at.checked(scope.problems, ComponentName::parse));
        if let (Some(name), Some(at)) = (&name, &name_at)
            && let Some(first) = names.insert(name.clone(), at.span())
        {
            let problem = at
                .problem(format!("the component `{name}` is given twice"))
                .also(first);
            scope
                .problems
                .push(problem.help("give each component a name of its own"));
        }
        components.extend(component(name, &mut fields, scope));
        fields.finish(scope.problems);
    }
    components
}

fn component(
    name: Option<ComponentName>,
    fields: &mut Fields<'_>,
    scope: &mut Scope<'_>,
) -> Option<DevComponent> {
    let (image, pull_policy) = Origin::PLAIN.require(fields, scope);
    let environment = fields
        .optional("environment")
        .and_then(|at| environment(&at, scope))
        .unwrap_or_default();
    let Config { values, limits, .. } = Config::read(fields, scope.problems);
    let Reach {
        hosts,
        lookups,
        ports,
    } = Reach::read(fields, scope.problems);
    let reuse = reuse(fields, scope.problems);
    Some(DevComponent {
        name: name?,
        image: image?,
        pull_policy,
        environment,
        config: values.into(),
        limits,
        allowed_hosts: hosts,
        allowed_ip_name_lookups: lookups,
        allowed_host_loopback_ports: ports,
        reuse,
    })
}

fn reuse(fields: &mut Fields<'_>, problems: &mut Problems) -> Reuse {
    let mut count = |name| {
        fields
            .optional(name)
            .and_then(|at| at.number(0, i32::MAX.unsigned_abs(), problems))
    };
    Reuse {
        pool_size: count("poolSize").unwrap_or_default(),
        max_invocations: count("maxInvocations").unwrap_or_default(),
        max_concurrency: count("maxConcurrency").unwrap_or_default().max(1),
    }
}

/// The `config` of a `wasmcloud:secrets` entry: no message shows a value.
fn secrets(at: Option<&At<'_>>, problems: &mut Problems) -> BTreeMap<String, SecretValue> {
    let mut values = BTreeMap::new();
    for (key, at) in at.map(|at| at.secrets(problems)).unwrap_or_default() {
        let Some(text) = at.text(problems) else {
            continue;
        };
        let value = SecretValue::from(text);
        match wrong_secret(key, &value) {
            Some(why) => problems.push(at.problem(why)),
            None => drop(values.insert(key.to_owned(), value)),
        }
    }
    values
}

fn host_interfaces(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<HostInterface> {
    let Some(at) = fields.optional("host_interfaces") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in entries(&at, problems) {
        let Some(mut fields) = item.fields(problems) else {
            continue;
        };
        let parts = Parts::read(&mut fields, problems);
        let config_at = fields.optional("config");
        if let Some(parts) = parts.as_ref().filter(|parts| parts.is_secrets()) {
            let values = secrets(config_at.as_ref(), problems);
            fields.finish(problems);
            found.push((item, parts.clone().with_secrets(values)));
            continue;
        }
        let config = config_at
            .as_ref()
            .map(|at| at.text_map(problems))
            .unwrap_or_default();
        fields.finish(problems);
        let Some(parts) = parts else { continue };
        if let (true, Some(at)) = (parts.is_http(), &config_at) {
            report_http_keys(at, problems);
            let value = |key: &str| config.get(key).map(String::as_str);
            for (key, why) in wrong_routes(value) {
                let given = at
                    .fields(problems)
                    .and_then(|mut fields| fields.optional(key));
                problems.push(given.as_ref().unwrap_or(at).problem(why));
            }
        }
        found.push((item, parts.with_config(config)));
    }
    check_between(&found, problems);
    found.into_iter().map(|(_, entry)| entry).collect()
}
