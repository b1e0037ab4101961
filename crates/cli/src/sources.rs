//! What the files on the command line mean: a component, or manifests with workloads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use weft_api::ids::{ComponentName, Tenant, WorkloadName};
use weft_api::spec::{
    ComponentSpec, Image, Limits, Resources, Reuse, Volume, VolumeMount, VolumeSource, WorkloadSpec,
};
use zeroize::Zeroizing;

/// What one file holds.
pub(crate) enum Source {
    /// A component.
    Component(PathBuf),
    /// The workloads of a manifest, and its text.
    Manifest {
        specs: Vec<WorkloadSpec>,
        text: Zeroizing<String>,
    },
}

/// What a component that has no manifest is given; the flags of `weft run`.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Given {
    /// A variable of the component's environment (component only)
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) environment: Vec<(String, String)>,
    /// A value of wasi:config, or a limit such as weft.dev/memory=64Mi (component only)
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) config: Vec<(String, String)>,
    /// A host that the component may reach; `*` for all (component only)
    #[arg(long = "allow-host", value_name = "HOST")]
    pub(crate) allowed_hosts: Vec<String>,
    /// A name that the component may look up for sockets of its own; `*` for all (component only)
    #[arg(long = "allow-lookup", value_name = "NAME")]
    pub(crate) allowed_lookups: Vec<String>,
    /// A port of this machine's own loopback that the component may reach as host.weft.internal; needs
    /// --allow-host-loopback (component only)
    #[arg(long = "allow-host-port", value_name = "PORT[/udp]")]
    pub(crate) allowed_host_ports: Vec<String>,
    /// A directory that the component sees, `:ro` for reading only (component only)
    #[arg(long = "dir", value_name = "HOST[::GUEST][:ro]")]
    pub(crate) dirs: Vec<String>,
    /// Warm instances kept for reuse; 0 = a fresh one for each request (component only)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) pool_size: u32,
    /// Requests after which a warm instance is retired; 0 = never (component only)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_invocations: u32,
    /// Requests that one warm instance serves at once (component only)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_concurrency: u32,
}

impl Given {
    /// Whether any flag was used.
    fn any(&self) -> bool {
        !(self.environment.is_empty()
            && self.config.is_empty()
            && self.allowed_hosts.is_empty()
            && self.allowed_lookups.is_empty()
            && self.allowed_host_ports.is_empty()
            && self.dirs.is_empty())
            || self.pool_size > 0
            || self.max_invocations > 0
            || self.max_concurrency > 1
    }
}

/// Tells what a file is, by its content rather than its name.
pub(crate) fn read(path: &Path) -> anyhow::Result<Source> {
    let name = path.display().to_string();
    if path.is_dir() {
        bail!(
            "`{name}` is a directory; `weft run` takes components and manifests, `weft dev {name}` a project"
        );
    }
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read `{name}`"))?;
    if !metadata.is_file() {
        bail!("`{name}` is not a regular file; give a component or a manifest");
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
    let is_wasm_file = path
        .extension()
        .is_some_and(|extension| extension == "wasm" || extension == "wat");
    if is_wasm_file || weft_host::looks_like_wasm(&bytes) {
        return Ok(Source::Component(path.to_owned()));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            // Not text, so not a manifest; `inspect` says what it is instead.
            weft_host::inspect(error.as_bytes()).with_context(|| format!("`{name}`"))?;
            return Ok(Source::Component(path.to_owned()));
        }
    };
    let is_yaml_file = path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    if !is_yaml_file && !text.lines().any(|line| line.starts_with("apiVersion:")) {
        bail!(
            "`{name}` is neither a WebAssembly component nor a manifest (no `apiVersion:`); give a .wasm or a .yaml file"
        );
    }
    let base = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // The manifest may hold Secrets.
    let text = Zeroizing::new(text);
    let specs = weft_api::manifest::parse(&name, base, &text)?;
    if specs.is_empty() {
        bail!("`{name}` has no workload; weft needs a `WorkloadDeployment` or a `Workload`");
    }
    Ok(Source::Manifest { specs, text })
}

/// Refuses flags that a manifest would have to answer.
pub(crate) fn only_for_components(given: &Given) -> anyhow::Result<()> {
    if given.any() {
        bail!(
            "--env, --config, --allow-host, --allow-lookup, --allow-host-port, --dir and the reuse flags are for a component; a manifest says these itself"
        );
    }
    Ok(())
}

/// The workload of a component that has no manifest, and the directories that its owner lets it see.
pub(crate) fn lone_component(
    path: &Path,
    given: &Given,
) -> anyhow::Result<(WorkloadSpec, Vec<PathBuf>)> {
    let name = dns_name(path);
    let dirs = given
        .dirs
        .iter()
        .map(|dir| Dir::parse(dir))
        .collect::<anyhow::Result<Vec<_>>>()?;
    for (index, dir) in dirs.iter().enumerate() {
        if dirs
            .iter()
            .take(index)
            .any(|other| other.guest == dir.guest)
        {
            bail!(
                "`--dir` gives `{}` twice; the component sees one directory there",
                dir.guest
            );
        }
    }
    let volume_name = |index: usize| format!("dir-{index}");
    let mut config = given.config.iter().cloned().collect::<BTreeMap<_, _>>();
    let limits =
        Limits::take_from(&mut config).map_err(|why| anyhow::anyhow!("`--config`: {why}"))?;
    let resources = Resources {
        environment: given.environment.iter().cloned().collect(),
        config: config.into(),
        limits,
        allowed_hosts: given.allowed_hosts.clone(),
        allowed_ip_name_lookups: given.allowed_lookups.clone(),
        allowed_host_loopback_ports: given.allowed_host_ports.clone(),
        volume_mounts: dirs
            .iter()
            .enumerate()
            .map(|(index, dir)| VolumeMount {
                volume: volume_name(index),
                mount_path: dir.guest.clone(),
                read_only: dir.read_only,
            })
            .collect(),
        ..Resources::default()
    };
    let volumes = dirs.iter().enumerate().map(|(index, dir)| Volume {
        name: volume_name(index),
        source: VolumeSource::HostPath(dir.host.clone()),
    });
    let reuse = Reuse {
        pool_size: given.pool_size,
        max_invocations: given.max_invocations,
        max_concurrency: given.max_concurrency,
    };
    let spec = WorkloadSpec {
        tenant: Tenant::parse("default")?,
        name: WorkloadName::parse(&name)?,
        replicas: 1,
        components: vec![ComponentSpec {
            name: ComponentName::parse(&name)?,
            image: Image::File(path.to_owned()),
            reuse,
            resources,
        }],
        service: None,
        host_interfaces: Vec::new(),
        volumes: volumes.collect(),
    };
    Ok((spec, dirs.into_iter().map(|dir| dir.host).collect()))
}

struct Dir {
    host: PathBuf,
    guest: String,
    read_only: bool,
}

impl Dir {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (paths, read_only) = match (text.strip_suffix(":ro"), text.strip_suffix(":rw")) {
            (Some(paths), _) => (paths, true),
            (None, Some(paths)) => (paths, false),
            (None, None) => (text, false),
        };
        let (host, guest) = paths.split_once("::").unwrap_or((paths, paths));
        if host.is_empty() || guest.is_empty() {
            bail!(
                "`--dir {text}` names no directory; write `--dir ./data::/data` or `--dir ./data::/data:ro`"
            );
        }
        Ok(Self {
            host: PathBuf::from(host),
            guest: guest.to_owned(),
            read_only,
        })
    }
}

/// A name that a workload may have, made from a file's.
fn dns_name(path: &Path) -> String {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(60)
        .collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() {
        "component".to_owned()
    } else {
        name
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
