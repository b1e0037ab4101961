//! Where a component of a project file comes from, host plugins, and declared ports.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use super::read::{Reach, Scope, items, layer};
use super::schema::{Exposure, HostPlugin, Port, Protocol, PullPolicy};
use crate::document::Span;
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problems, shown};
use crate::image::beneath;
use crate::spec::Image;

/// The names of the fields that say where a component comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) file: &'static str,
    pub(super) image: &'static str,
    pub(super) pull_policy: &'static str,
}

impl Origin {
    pub(super) const PLAIN: Self = Self {
        file: "file",
        image: "image",
        pull_policy: "pullPolicy",
    };

    /// One of `file` and `image`, or neither, and the pull policy.
    pub(super) fn read(
        self,
        fields: &mut Fields<'_>,
        scope: &mut Scope<'_>,
    ) -> (Option<Image>, Option<PullPolicy>) {
        let file = fields.optional(self.file);
        let image = fields.optional(self.image);
        let policy_at = fields.optional(self.pull_policy);
        let policy = policy_at
            .as_ref()
            .and_then(|at| pull_policy(at, scope.problems));
        if let (Some(at), None) = (&policy_at, &image) {
            let message = format!("`{}` is only for an image from a registry", at.path());
            scope.problems.push(
                at.problem(message)
                    .help(format!("remove it, or give `{}`", self.image)),
            );
        }
        let found = match (file, image) {
            (Some(_), Some(at)) => {
                let problem = at.problem(format!(
                    "`{}` and `{}` can't both be given",
                    self.file, self.image
                ));
                scope.problems.push(problem.help("remove one of the two"));
                None
            }
            (Some(at), None) => at
                .filled(scope.problems)
                .map(|text| Image::File(beneath(scope.base, Path::new(text)))),
            (None, Some(at)) => at.checked(scope.problems, |text| Image::parse(text, scope.base)),
            (None, None) => None,
        };
        (found, policy)
    }

    /// Like [`Origin::read`], but one of the two must be given.
    pub(super) fn require(
        self,
        fields: &mut Fields<'_>,
        scope: &mut Scope<'_>,
    ) -> (Option<Image>, Option<PullPolicy>) {
        let given = fields.optional(self.file).is_some() || fields.optional(self.image).is_some();
        if !given {
            let at = fields.at();
            let message = format!(
                "`{}` does not say where the component comes from",
                at.path()
            );
            let help = format!(
                "give `{}` (a path) or `{}` (a registry reference)",
                self.file, self.image
            );
            scope.problems.push(at.problem(message).help(help));
        }
        self.read(fields, scope)
    }
}

/// `always`, `ifNotPresent` or `never`; manifests write them with a capital, which is accepted here too.
fn pull_policy(at: &At<'_>, problems: &mut Problems) -> Option<PullPolicy> {
    let policy = match at.text(problems)? {
        "Always" => PullPolicy::Always,
        "IfNotPresent" => PullPolicy::IfNotPresent,
        "Never" => PullPolicy::Never,
        _ => PullPolicy::of(at.choice(PullPolicy::WORDS, problems)?)?,
    };
    Some(policy)
}

/// `dev.host_plugins` and `host.hostPlugins`.
pub(super) fn plugins(
    fields: &mut Fields<'_>,
    name: &'static str,
    scope: &mut Scope<'_>,
) -> Vec<HostPlugin> {
    let mut plugins = Vec::new();
    let mut ids: HashMap<String, Span> = HashMap::new();
    for item in items(fields, name, scope.problems) {
        let Some(mut fields) = item.fields(scope.problems) else {
            continue;
        };
        let id_at = fields.required("id");
        let id = id_at.as_ref().and_then(|at| at.filled(scope.problems));
        let (image, pull_policy) = Origin::PLAIN.require(&mut fields, scope);
        let max_restarts = fields
            .optional("maxRestarts")
            .and_then(|at| at.number(0, u32::MAX, scope.problems));
        let expected_digest = fields
            .optional("expectedDigest")
            .and_then(|at| at.checked(scope.problems, digest));
        let settings = layer(&mut fields, scope);
        let Reach { hosts, lookups, .. } = Reach::read(&mut fields, scope.problems);
        let ports = ports(&mut fields, "ports", true, scope.problems);
        fields.finish(scope.problems);
        let (Some(id), Some(at)) = (id, id_at) else {
            continue;
        };
        if let Some(first) = ids.insert(id.to_owned(), at.span()) {
            scope.problems.push(
                at.problem(format!(
                    "the plugin `{}` is given twice; give each an `id` of its own",
                    shown(id)
                ))
                .also(first),
            );
        }
        let Some(image) = image else { continue };
        plugins.push(HostPlugin {
            id: id.to_owned(),
            image,
            pull_policy,
            max_restarts,
            expected_digest,
            settings,
            allowed_hosts: hosts.unwrap_or_default(),
            allowed_ip_name_lookups: lookups.unwrap_or_default(),
            ports,
        });
    }
    plugins
}

fn digest(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    if hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not a digest; write `sha256:` and 64 hexadecimal digits",
        shown(text)
    ))
}

/// Declared ports. `bind` hands out a real address of the machine, which only a host plugin may get.
pub(super) fn ports(
    fields: &mut Fields<'_>,
    name: &'static str,
    may_bind: bool,
    problems: &mut Problems,
) -> Vec<Port> {
    let mut ports = Vec::new();
    for item in items(fields, name, problems) {
        let Some(mut fields) = item.fields(problems) else {
            continue;
        };
        let name = fields.required("name").and_then(|at| at.filled(problems));
        let number = fields.required("port").and_then(|at| port(&at, problems));
        let protocol = fields
            .optional("protocol")
            .and_then(|at| protocol(&at, problems));
        let publish_at = fields.optional("publish");
        let publish = publish_at.as_ref().and_then(|at| port(at, problems));
        let bind_at = if may_bind {
            fields.optional("bind")
        } else {
            None
        };
        let bind = bind_at
            .as_ref()
            .and_then(|at| at.checked(problems, bind_address));
        if let (Some(_), Some(at)) = (&publish_at, &bind_at) {
            problems.push(
                at.problem("`publish` and `bind` can't both be given")
                    .help("remove one of the two"),
            );
        }
        fields.finish(problems);
        let (Some(name), Some(number)) = (name, number) else {
            continue;
        };
        ports.push(Port {
            name: name.to_owned(),
            port: number,
            protocol: protocol.unwrap_or(Protocol::Tcp),
            exposure: publish.map(Exposure::Publish).or(bind.map(Exposure::Bind)),
        });
    }
    ports
}

fn port(at: &At<'_>, problems: &mut Problems) -> Option<u16> {
    at.number(1, u32::from(u16::MAX), problems)
        .and_then(|number| u16::try_from(number).ok())
}

fn protocol(at: &At<'_>, problems: &mut Problems) -> Option<Protocol> {
    match at.text(problems)? {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => Protocol::of(at.choice(Protocol::WORDS, problems)?),
    }
}

fn bind_address(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| {
        format!(
            "`{}` is not an IP address; write one such as `127.0.0.1`",
            shown(text)
        )
    })?;
    if address.is_unspecified() || address.is_loopback() {
        return Err(format!(
            "`{address}` can't be bound; give one address of the machine, or use `publish`"
        ));
    }
    Ok(address)
}
