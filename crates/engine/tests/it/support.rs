//! What the tests share: engines, and workloads out of test guests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use weft_api::spec::{
    ComponentSpec, HostInterface, Image, Limits, Resources, Reuse, ServiceSpec, Volume,
    VolumeMount, VolumeSource, WorkloadSpec,
};
use weft_engine::Engine;
use weft_engine::config::EngineConfig;
use weft_engine::engine::StartError;
use weft_engine::fault::Fault;
use weft_engine::inspect::inspect;
use weft_engine::linked::{Component, Components, LinkedWorkload};
use weft_engine::plan::{Granting, PlanErrors, Purpose, Shapes, ValidWorkload, plan};
use weft_engine::workload::{Body, Workload};
use weft_testkit::client::{self, Incoming, Reply};
use weft_testkit::server::EchoServer;
use weft_testkit::{guest, until, within};

/// The HTTP guest of each version; they have most routes in common.
pub(crate) const KITCHENS: [&str; 2] = ["http_kitchen", "p3_kitchen"];

/// The engine of tests that need nothing special of theirs.
pub(crate) fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE
        .get_or_init(|| engine_with(EngineConfig::default()))
        .clone()
}

/// An engine with settings of its own. It shares compiled code with the others through the disk.
pub(crate) fn engine_with(config: EngineConfig) -> Engine {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests");
    let mut network = config.network;
    network.settings.host_loopback = true;
    Engine::new(EngineConfig {
        cache_dir: Some(config.cache_dir.unwrap_or(cache)),
        network,
        ..config
    })
    .unwrap()
}

/// A workload of the tenant `test`, which has to have a name of its own: the log is told apart by it.
pub(crate) fn workload(name: &str) -> Draft {
    Draft {
        spec: WorkloadSpec {
            tenant: "test".parse().unwrap(),
            name: name.parse().unwrap(),
            replicas: 1,
            components: Vec::new(),
            service: None,
            host_interfaces: Vec::new(),
            volumes: Vec::new(),
        },
        granting: Granting::Everything,
    }
}

/// A workload that is being described.
pub(crate) struct Draft {
    pub(crate) spec: WorkloadSpec,
    granting: Granting,
}

/// Why a draft does not start.
#[derive(Debug)]
pub(crate) enum Refused {
    Plan(PlanErrors),
    Start(StartError),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plan(errors) => errors.fmt(f),
            Self::Start(error) => error.fmt(f),
        }
    }
}

impl Draft {
    /// Adds a component; its name is that of the guest without what a name must not have.
    pub(crate) fn component(self, guest: &str) -> Self {
        self.named(&guest.replace('_', "-"), guest)
    }

    /// Adds a component under a name.
    pub(crate) fn named(mut self, name: &str, guest_name: &str) -> Self {
        self.spec.components.push(ComponentSpec {
            name: name.parse().unwrap(),
            image: Image::File(guest(guest_name)),
            reuse: Reuse::default(),
            resources: Resources::default(),
        });
        self
    }

    /// Takes another file for the last component.
    pub(crate) fn replace_last(mut self, file: PathBuf) -> Self {
        self.last().image = Image::File(file);
        self
    }

    fn last(&mut self) -> &mut ComponentSpec {
        self.spec.components.last_mut().unwrap()
    }

    /// Gives the last component a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        let variables = &mut self.last().resources.environment;
        variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Gives the last component a configuration value.
    pub(crate) fn config(mut self, key: &str, value: &str) -> Self {
        let values = &mut self.last().resources.config;
        values.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Lets the last component reach a port of this machine's loopback, which is `host.weft.internal` to it.
    pub(crate) fn allow(mut self, server: &EchoServer) -> Self {
        let ports = &mut self.last().resources.allowed_host_loopback_ports;
        ports.push(server.port());
        self
    }

    /// Gives the last component an entry of `allowedHosts`.
    pub(crate) fn allow_host(mut self, entry: String) -> Self {
        self.last().resources.allowed_hosts.push(entry);
        self
    }

    /// Gives it a service that may be started again so often.
    pub(crate) fn service(mut self, guest_name: &str, max_restarts: u32) -> Self {
        self.spec.service = Some(ServiceSpec {
            image: Image::File(guest(guest_name)),
            max_restarts,
            ports: Vec::new(),
            resources: Resources::default(),
        });
        self
    }

    /// What the service sees and reaches.
    pub(crate) fn service_resources(&mut self) -> &mut Resources {
        &mut self.spec.service.as_mut().unwrap().resources
    }

    /// Limits what the last component may use up.
    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.last().resources.limits = limits;
        self
    }

    /// Says whose it is; `test`'s otherwise.
    pub(crate) fn tenant(mut self, tenant: &str) -> Self {
        self.spec.tenant = tenant.parse().unwrap();
        self
    }

    /// Says how instances of the last component are used again: pool size, invocations, concurrency.
    pub(crate) fn reuse(
        mut self,
        pool_size: u32,
        max_invocations: u32,
        max_concurrency: u32,
    ) -> Self {
        self.last().reuse = Reuse {
            pool_size,
            max_invocations,
            max_concurrency,
        };
        self
    }

    /// Mounts a volume of the same name as the path, `/data` for instance, in the last component.
    pub(crate) fn mount(self, path: &str) -> Self {
        self.mount_volume(path, false)
    }

    /// The same, but writing is refused.
    pub(crate) fn mount_read_only(self, path: &str) -> Self {
        self.mount_volume(path, true)
    }

    fn mount_volume(mut self, path: &str, read_only: bool) -> Self {
        self.last().resources.volume_mounts.push(VolumeMount {
            volume: path.trim_start_matches('/').to_owned(),
            mount_path: path.to_owned(),
            read_only,
        });
        self
    }

    /// Adds an emptyDir volume.
    pub(crate) fn empty_dir(self, name: &str) -> Self {
        self.volume(name, VolumeSource::EmptyDir)
    }

    /// Adds a hostPath volume.
    pub(crate) fn host_path(self, name: &str, path: &Path) -> Self {
        self.volume(name, VolumeSource::HostPath(path.to_owned()))
    }

    fn volume(mut self, name: &str, source: VolumeSource) -> Self {
        let name = name.to_owned();
        self.spec.volumes.push(Volume { name, source });
        self
    }

    /// Adds an entry of `hostInterfaces`, `wasi:config/store` for instance; from now on only these are granted.
    pub(crate) fn host_interface(mut self, interface: &str, config: &[(&str, &str)]) -> Self {
        let (package, interface) = interface.split_once('/').unwrap();
        let (namespace, package) = package.split_once(':').unwrap();
        let values = config
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        self.granting = Granting::Entries;
        self.spec.host_interfaces.push(HostInterface {
            namespace: namespace.to_owned(),
            package: package.to_owned(),
            interfaces: [interface.to_owned()].into(),
            version: None,
            config: values.collect::<BTreeMap<_, _>>(),
            secrets: BTreeMap::new(),
            name: None,
        });
        self
    }

    /// What is in the files of the components.
    pub(crate) fn components(&self) -> Vec<Component> {
        let components = self.spec.components.iter();
        components.map(|component| read(&component.image)).collect()
    }

    /// Plans components for this.
    pub(crate) fn plan(
        &self,
        components: &[Component],
        purpose: Purpose,
    ) -> Result<ValidWorkload, PlanErrors> {
        let service = self
            .spec
            .service
            .as_ref()
            .map(|service| read(&service.image));
        let components: Vec<_> = components.iter().map(|c| c.shape.clone()).collect();
        let shapes = Shapes {
            components: &components,
            service: service.as_ref().map(|service| &service.shape),
        };
        plan(&self.spec, shapes, self.granting, purpose)
    }

    /// Plans and links.
    pub(crate) async fn link(
        &self,
        engine: &Engine,
        purpose: Purpose,
    ) -> Result<LinkedWorkload, Refused> {
        let components = self.components();
        let valid = self.plan(&components, purpose).map_err(Refused::Plan)?;
        let service = self
            .spec
            .service
            .as_ref()
            .map(|service| read(&service.image));
        let components = Components {
            components: &components,
            service: service.as_ref(),
        };
        within(engine.link(valid, components))
            .await
            .map_err(Refused::Start)
    }

    /// Starts it on the common engine.
    pub(crate) async fn start(self) -> Workload {
        self.start_on(&engine()).await
    }

    /// Starts it on this engine.
    pub(crate) async fn start_on(self, engine: &Engine) -> Workload {
        match self.link(engine, Purpose::Serve).await {
            Ok(linked) => engine.start(linked).front.unwrap(),
            Err(refused) => panic!("{refused}"),
        }
    }

    /// Why it does not start on this engine.
    pub(crate) async fn refused_on(self, engine: &Engine) -> String {
        match self.link(engine, Purpose::Serve).await {
            Ok(_) => panic!("the workload starts"),
            Err(refused) => refused.to_string(),
        }
    }
}

fn read(image: &Image) -> Component {
    let Image::File(path) = image else {
        panic!("test guests are files")
    };
    let bytes = std::fs::read(path).unwrap();
    let shape = inspect(&bytes).unwrap();
    let bytes = bytes.into();
    Component { bytes, shape }
}

/// A GET, read to its end.
pub(crate) async fn get(workload: &Workload, path: &str) -> Result<Reply, Fault> {
    let response = send(workload, client::get(path)).await?;
    Ok(response.reply().await.unwrap())
}

/// The text that a GET answers with status 200.
pub(crate) async fn text(workload: &Workload, path: &str) -> String {
    let reply = get(workload, path).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

/// The fault that a GET ends in.
pub(crate) async fn fault(workload: &Workload, path: &str) -> Fault {
    match get(workload, path).await {
        Ok(reply) => panic!("{} {}", reply.status, reply.text),
        Err(fault) => fault,
    }
}

/// Sends a request to a workload, as the ingress would.
pub(crate) async fn send(
    workload: &Workload,
    request: http::Request<Body>,
) -> Result<Incoming<Body>, Fault> {
    let mut request = request;
    *request.uri_mut() = format!("http://test.example{}", request.uri())
        .parse()
        .unwrap();
    within(workload.http(request)).await.map(Incoming::new)
}

/// Tasks of this test's runtime. Each instance is one, and so is the watch over the code of each workload.
pub(crate) fn tasks() -> usize {
    let runtime = tokio::runtime::Handle::current();
    runtime.metrics().num_alive_tasks()
}

/// Waits until no instance lives, while there are so many workloads.
pub(crate) async fn no_instances(workloads: usize) {
    until(|| tasks() <= workloads).await;
}
