//! Manifests of the tests' workloads, as text: what a user would write is what is tested.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use weft_testkit::server::EchoServer;

/// A workload that is being described.
pub(crate) struct Manifest {
    tenant: &'static str,
    name: String,
    components: Vec<Component>,
    service: Option<(PathBuf, String)>,
    secrets: Vec<(String, String)>,
    gpu: Option<Vec<(&'static str, &'static str)>>,
}

struct Component {
    name: &'static str,
    image: PathBuf,
    settings: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    allowed_ports: Vec<String>,
    reuse: Option<(u32, u32, u32)>,
}

impl Manifest {
    /// A workload with one component. It answers the name `host()`.
    pub(crate) fn new(tenant: &'static str, name: &str, image: &Path) -> Self {
        let manifest = Self {
            tenant,
            name: name.to_owned(),
            components: Vec::new(),
            service: None,
            secrets: Vec::new(),
            gpu: None,
        };
        manifest.component("main", image)
    }

    /// Adds a component, for the others to import.
    pub(crate) fn component(mut self, name: &'static str, image: &Path) -> Self {
        self.components.push(Component {
            name,
            image: image.to_owned(),
            settings: Vec::new(),
            environment: Vec::new(),
            allowed_ports: Vec::new(),
            reuse: None,
        });
        self
    }

    /// Adds a service that does these steps, as the guest `service_kitchen` reads them.
    pub(crate) fn service(mut self, image: &Path, steps: &str) -> Self {
        self.service = Some((image.to_owned(), steps.to_owned()));
        self
    }

    /// Gives the first component a key of `localResources.config`, `weft.dev/memory` for instance.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        let setting = (key.to_owned(), value.to_owned());
        self.first(|component| component.settings.push(setting));
        self
    }

    /// Gives the first component a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        let variable = (name.to_owned(), value.to_owned());
        self.first(|component| component.environment.push(variable));
        self
    }

    /// Gives the workload a secret, to be had by `wasmcloud:secrets`.
    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks for a GPU.
    pub(crate) fn gpu(mut self, config: &[(&'static str, &'static str)]) -> Self {
        self.gpu = Some(config.to_vec());
        self
    }

    /// Lets the first component reach a port of this machine's loopback.
    pub(crate) fn allow(mut self, server: &EchoServer) -> Self {
        self.first(|component| component.allowed_ports.push(server.port()));
        self
    }

    /// Says how the first component's instances are used again: pool size, invocations, concurrency.
    pub(crate) fn reuse(mut self, pool_size: u32, invocations: u32, concurrency: u32) -> Self {
        self.first(|component| component.reuse = Some((pool_size, invocations, concurrency)));
        self
    }

    fn first(&mut self, change: impl FnOnce(&mut Component)) {
        if let Some(component) = self.components.first_mut() {
            change(component);
        }
    }

    /// The host name that it answers.
    pub(crate) fn host(&self) -> String {
        format!("{}.{}.example", self.name, self.tenant)
    }

    /// `tenant/name`, as the log has it.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.tenant, self.name)
    }

    /// The YAML.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: {}, namespace: {}}}
spec:
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: {}}}}}
    - {{namespace: wasi, package: config, interfaces: [store]}}
    - {{namespace: wasi, package: logging, interfaces: [logging]}}
    - {{namespace: wasi, package: otel, interfaces: [types, tracing, metrics, logs]}}
{}  components:
",
            self.name,
            self.tenant,
            self.host(),
            self.secrets_entry() + &self.gpu_entry()
        );
        for component in &self.components {
            // Writing to a string cannot fail.
            let _ = component.write(&mut text);
        }
        if let Some((image, steps)) = &self.service {
            let image = format!("file:{}", image.display());
            let _ = writeln!(
                text,
                "  service: {{image: {image:?}, localResources: {{environment: {{config: {{DO: {steps:?}}}}}}}}}"
            );
        }
        text
    }

    fn gpu_entry(&self) -> String {
        let Some(config) = &self.gpu else {
            return String::new();
        };
        let config: Vec<_> = config
            .iter()
            .map(|(key, value)| format!("{key}: {value:?}"))
            .collect();
        format!(
            "    - {{namespace: wasi, package: webgpu, interfaces: [webgpu], config: {{{}}}}}\n",
            config.join(", ")
        )
    }

    fn secrets_entry(&self) -> String {
        if self.secrets.is_empty() {
            return String::new();
        }
        let secrets = self.secrets.iter();
        let secrets: Vec<_> = secrets
            .map(|(name, value)| format!("{name:?}: {value:?}"))
            .collect();
        format!(
            "    - {{namespace: wasmcloud, package: secrets, interfaces: [store, reveal], config: {{{}}}}}\n",
            secrets.join(", ")
        )
    }
}

impl Component {
    fn write(&self, to: &mut String) -> std::fmt::Result {
        let image = format!("file:{}", self.image.display());
        writeln!(to, "    - name: {}\n      image: {image:?}", self.name)?;
        if let Some((pool_size, invocations, concurrency)) = self.reuse {
            writeln!(to, "      poolSize: {pool_size}")?;
            writeln!(to, "      maxInvocations: {invocations}")?;
            writeln!(to, "      maxConcurrency: {concurrency}")?;
        }
        writeln!(to, "      localResources:")?;
        writeln!(
            to,
            "        allowedHostLoopbackPorts: {:?}",
            self.allowed_ports
        )?;
        writeln!(to, "        environment:\n          config: {{")?;
        for (name, value) in &self.environment {
            writeln!(to, "            {name:?}: {value:?},")?;
        }
        writeln!(to, "          }}\n        config: {{")?;
        for (key, value) in &self.settings {
            writeln!(to, "          {key:?}: {value:?},")?;
        }
        writeln!(to, "        }}")
    }
}
