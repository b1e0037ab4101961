//! The store of one instance, made from a template that is prepared once per workload.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;
use weft_caps::{config, logging, secrets};
use weft_net::loopback::{Network, Role};
use weft_net::outbound::wasi::WasiHttp as Outbound;
use weft_net::sockets;

use crate::command::CommandLine;
use crate::compose::ComposeError;
use crate::cpu::{Account, Meter};
use crate::engine::StartError;
use crate::host_state::{Bounded, HostState, PartState};
use crate::linked::Shared;
use crate::memory::{Shares, StoreMemory};
use crate::network::ComponentNetwork;
use crate::plan::{Part, Program};
use crate::stdio::{GuestLog, Stream};
use crate::usage::Observed;
use crate::volume::{Mounted, Quota, VolumeError};

/// Bytes of one list of header fields that a guest makes. Together with the number of handles it bounds what the host
/// holds for an instance.
const HEADER_LIST: usize = 32 << 10;

/// What all instances of a program have in common.
pub(crate) struct StoreTemplate {
    entry: PartTemplate,
    linked: Vec<PartTemplate>,
    components: Arc<str>,
    bounds: StoreBounds,
}

/// What bounds the stores of a workload.
pub(crate) struct StoreBounds {
    /// Bytes of all memories and tables of one store.
    pub(crate) memory: u64,
    /// Where the memory comes from.
    pub(crate) shares: Shares,
    /// Who is charged for computing.
    pub(crate) account: Arc<Account>,
    /// Resources that the guest may hold at the same time.
    pub(crate) handles: usize,
    /// Concurrent calls, streams and futures of the component model that may exist at the same time.
    pub(crate) tasks: usize,
}

struct PartTemplate {
    environment: Vec<(String, String)>,
    /// Directories, opened once: what is mounted cannot be exchanged behind our back later.
    filesystem: WasiFilesystemCtx,
    quotas: Arc<[(String, Arc<Quota>)]>,
    config: config::Ctx,
    secrets: secrets::Ctx,
    log: Arc<GuestLog>,
    outside: ComponentNetwork,
    sockets: Arc<sockets::Parts>,
}

impl StoreTemplate {
    /// For the programs of a workload called `label`.
    pub(crate) fn new(
        label: &str,
        program: &Program,
        shared: &Shared,
        observed: &Observed,
        log_lines_per_second: u32,
        bounds: StoreBounds,
    ) -> Result<Self, StartError> {
        let parts = program.parts.iter();
        let names: Vec<_> = parts.map(|part| format!("`{}`", part.component)).collect();
        let role = program.role;
        let part =
            |part| PartTemplate::new(label, part, role, shared, observed, log_lines_per_second);
        // A program has at least its entry: `plan` makes none without.
        let (entry, linked) = match program.parts.as_slice() {
            [entry, linked @ ..] => (part(entry)?, linked),
            [] => return Err(ComposeError::Empty.into()),
        };
        Ok(Self {
            entry,
            linked: linked.iter().map(part).collect::<Result<_, _>>()?,
            components: names.join(" with ").into(),
            bounds,
        })
    }

    /// Connects it to the network of a service that runs already.
    pub(crate) fn join(&mut self, network: &Arc<Network>) {
        for part in std::iter::once(&mut self.entry).chain(&mut self.linked) {
            part.sockets = Arc::new(sockets::Parts {
                network: Arc::clone(network),
                role: part.sockets.role,
                firewall: part.sockets.firewall.clone(),
                limits: part.sockets.limits,
            });
            part.outside.http = part.outside.http.at_home(network, true);
        }
    }

    /// Gives the parts of `program` other sockets than their manifest does.
    pub(crate) fn connect(
        &mut self,
        program: &Program,
        sockets: impl Fn(&str) -> Arc<sockets::Parts>,
    ) {
        let templates = std::iter::once(&mut self.entry).chain(&mut self.linked);
        for (template, part) in templates.zip(&program.parts) {
            template.sockets = sockets(part.component.as_str());
        }
    }

    /// Counts how often the entry component has said on its standard output that it is ready.
    pub(crate) fn announced(&self) -> watch::Receiver<u64> {
        self.entry.log.announced()
    }

    /// Who is charged for computing.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.bounds.account
    }

    /// The memory that all stores have at the moment, and that of their tenant and host.
    pub(crate) fn shares(&self) -> &Shares {
        &self.bounds.shares
    }

    /// A store for a request handler: what it prints goes to the log.
    pub(crate) fn store(&self, engine: &Engine) -> Store<HostState> {
        self.make(engine, self.entry.state(self.entry.logged()))
    }

    /// A store for a command: it shares standard streams with this process.
    pub(crate) fn command_store(&self, engine: &Engine, line: &CommandLine) -> Store<HostState> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stdio()
            .args(&line.args)
            .envs(&self.entry.environment)
            .envs(&line.environment);
        self.make(engine, self.entry.state(wasi.build()))
    }

    fn make(&self, engine: &Engine, entry: PartState) -> Store<HostState> {
        let linked = self.linked.iter().map(|part| part.state(part.logged()));
        let bounds = &self.bounds;
        let bounded = Bounded {
            memory: StoreMemory::new(bounds.memory, bounds.shares.clone()),
            cpu: Meter::new(Arc::clone(&bounds.account)),
            handles: bounds.handles,
        };
        let components = Arc::clone(&self.components);
        let state = HostState::new(components, entry, linked.collect(), bounded);
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(bounds.tasks);
        }
        store.call_hook(|store, hook| {
            let meter = &store.data().cpu;
            match hook {
                CallHook::CallingWasm | CallHook::ReturningFromHost => meter.enter(),
                CallHook::ReturningFromWasm => meter.leave(),
                CallHook::CallingHost => meter.call(),
            }
            Ok(())
        });
        // A guest that computes gives way each time the epoch moves on, so it cannot hold a thread for itself.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            Ok(match store.data().cpu.interrupted() {
                Some(next_slice) => UpdateDeadline::YieldCustom(1, Box::pin(next_slice)),
                None => UpdateDeadline::Continue(1),
            })
        });
        store
    }
}

impl PartTemplate {
    fn new(
        label: &str,
        part: &Part,
        role: Role,
        shared: &Shared,
        observed: &Observed,
        log_lines_per_second: u32,
    ) -> Result<Self, StartError> {
        let mounts = part
            .mounts
            .iter()
            .map(|mount| shared.volumes.mount(mount))
            .collect::<Result<Vec<_>, _>>()?;
        let quotas = mounts
            .iter()
            .filter_map(|mount| Some((mount.guest_path.clone(), mount.quota.clone()?)));
        let component = part.component.to_string();
        let outside =
            shared
                .way_out
                .component(&component, part.egress.clone(), &observed.denials)?;
        let mut outside = outside;
        outside.http = outside.http.at_home(&shared.network, shared.has_service);
        let sockets = sockets::Parts {
            network: Arc::clone(&shared.network),
            role,
            firewall: outside.firewall.clone(),
            limits: sockets::Limits::default(),
        };
        Ok(Self {
            environment: part.environment.clone(),
            quotas: quotas.collect(),
            filesystem: open(&mounts)?,
            config: config::Ctx {
                values: Arc::new(part.config.clone()),
            },
            secrets: part
                .secrets
                .context(&format!("{label}/{component}"), &observed.reveals),
            outside,
            sockets: Arc::new(sockets),
            log: GuestLog::new(label.to_owned(), component, log_lines_per_second),
        })
    }

    fn logged(&self) -> WasiCtx {
        WasiCtxBuilder::new()
            .stdout(self.log.stream(Stream::Stdout))
            .stderr(self.log.stream(Stream::Stderr))
            .arg("main.wasm")
            .envs(&self.environment)
            .build()
    }

    fn state(&self, mut wasi: WasiCtx) -> PartState {
        *wasi.filesystem() = self.filesystem.clone();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(HEADER_LIST);
        PartState {
            wasi,
            http,
            egress: Outbound {
                client: self.outside.http.clone(),
            },
            sockets: sockets::Ctx::new(&self.sockets),
            config: self.config.clone(),
            logging: logging::Ctx {
                sink: Arc::clone(&self.log) as Arc<dyn logging::Sink>,
            },
            secrets: self.secrets.clone(),
            quotas: Arc::clone(&self.quotas),
        }
    }
}

fn open(mounts: &[Mounted]) -> Result<WasiFilesystemCtx, VolumeError> {
    let mut wasi = WasiCtxBuilder::new();
    for mount in mounts {
        let perms = if mount.read_only {
            FsPerms::ReadOnly
        } else {
            FsPerms::ReadWrite
        };
        wasi.preopened_dir(&mount.dir, &mount.guest_path, perms)
            .map_err(|error| VolumeError::Open {
                name: mount.guest_path.clone(),
                path: mount.dir.clone(),
                source: std::io::Error::other(format!("{error:#}")),
            })?;
    }
    Ok(wasi.build().filesystem().clone())
}
