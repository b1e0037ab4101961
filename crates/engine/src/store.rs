//! The store of one instance, made from a template that is prepared once per workload.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;
use weft_api::spec::Values;
use weft_caps::{Calls, config, logging, otel, secrets};
use weft_gpu::broker::Hold;
use weft_net::loopback::{Network, Role};
use weft_net::outbound::wasi::WasiHttp as Outbound;
use weft_net::outbound::watch::Watch;
use weft_net::sockets;
use weft_telemetry::Telemetry;

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
use crate::traces::guest::GuestData;
use crate::traces::resource::resource;
use crate::traces::{Current, Reporting};
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
    gpu: Option<Arc<Hold>>,
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

/// What guests may say, and where.
#[derive(Clone, Copy)]
pub(crate) struct Says<'a> {
    /// Lines in the log, for each component.
    pub(crate) lines_per_second: u32,
    /// Where else; none if telemetry is off.
    pub(crate) telemetry: Option<&'a Telemetry>,
}

struct PartTemplate {
    environment: Values,
    /// Directories, opened once: what is mounted cannot be exchanged behind our back later.
    filesystem: WasiFilesystemCtx,
    quotas: Arc<[(String, Arc<Quota>)]>,
    config: config::Ctx,
    secrets: secrets::Ctx,
    log: Arc<GuestLog>,
    /// Where its data goes, and as whose; none if telemetry is off.
    reporting: Option<Reporting>,
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
        says: Says<'_>,
        bounds: StoreBounds,
    ) -> Result<Self, StartError> {
        let parts = program.parts.iter();
        let names: Vec<_> = parts.map(|part| format!("`{}`", part.component)).collect();
        let role = program.role;
        let part = |part: &Part| PartTemplate::new(label, part, role, shared, observed, says);
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
            gpu: shared.gpu.clone(),
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
        let current = self.current();
        let wasi = self.entry.logged(current.as_ref());
        self.make(engine, self.entry.state(wasi, current.as_ref()), current)
    }

    /// A store for a command: it shares standard streams with this process.
    pub(crate) fn command_store(&self, engine: &Engine, line: &CommandLine) -> Store<HostState> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stdio()
            .args(&line.args)
            .envs(&variables(&self.entry.environment))
            .envs(&line.environment);
        let current = self.current();
        let entry = self.entry.state(wasi.build(), current.as_ref());
        self.make(engine, entry, current)
    }

    /// What a new store works for: nothing yet.
    fn current(&self) -> Option<Arc<Current>> {
        self.entry.reporting.clone().map(Current::new)
    }

    /// Where the data of its instances goes.
    pub(crate) fn reporting(&self) -> Option<&Reporting> {
        self.entry.reporting.as_ref()
    }

    fn make(
        &self,
        engine: &Engine,
        entry: PartState,
        current: Option<Arc<Current>>,
    ) -> Store<HostState> {
        let linked = self.linked.iter();
        let linked = linked.map(|part| part.state(part.logged(current.as_ref()), current.as_ref()));
        let linked = linked.collect();
        let bounds = &self.bounds;
        let mut memory = StoreMemory::new(bounds.memory, bounds.shares.clone());
        if let Some(current) = &current {
            memory.show(current.memory());
        }
        let gpu = weft_gpu::Ctx::new(self.gpu.as_ref());
        if let (Some(current), Some(account)) = (&current, gpu.account()) {
            current.billed(account);
        }
        let bounded = Bounded {
            memory,
            current,
            cpu: Meter::new(Arc::clone(&bounds.account)),
            handles: bounds.handles,
            gpu,
        };
        let components = Arc::clone(&self.components);
        let state = HostState::new(components, entry, linked, bounded);
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(bounds.tasks);
        }
        store.call_hook(|mut store, hook| {
            let meter = &store.data().cpu;
            match hook {
                CallHook::CallingWasm | CallHook::ReturningFromHost => meter.enter(),
                CallHook::ReturningFromWasm => meter.leave(),
                CallHook::CallingHost => meter.call(),
            }
            // For whom the call is has to be found out only if there is a choice.
            let several = store
                .data()
                .current
                .as_ref()
                .filter(|current| current.has_several());
            if let Some(current) = several {
                match hook {
                    CallHook::CallingHost => Arc::clone(current).calls(&mut store),
                    CallHook::ReturningFromHost => current.returns(),
                    CallHook::CallingWasm | CallHook::ReturningFromWasm => {}
                }
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
        says: Says<'_>,
    ) -> Result<Self, StartError> {
        let reporting = says.telemetry.map(|telemetry| Reporting {
            telemetry: telemetry.clone(),
            resource: resource(telemetry, label, part),
        });
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
                values: Arc::new(part.config.clone().into_map().into_iter().collect()),
                calls: None,
            },
            reporting,
            secrets: part
                .secrets
                .context(&format!("{label}/{component}"), &observed.reveals),
            outside,
            sockets: Arc::new(sockets),
            log: GuestLog::new(label.to_owned(), component, says.lines_per_second),
        })
    }

    fn logged(&self, current: Option<&Arc<Current>>) -> WasiCtx {
        WasiCtxBuilder::new()
            .stdout(self.log.stream(Stream::Stdout, current))
            .stderr(self.log.stream(Stream::Stderr, current))
            .arg("main.wasm")
            .envs(&variables(&self.environment))
            .build()
    }

    fn state(&self, mut wasi: WasiCtx, current: Option<&Arc<Current>>) -> PartState {
        *wasi.filesystem() = self.filesystem.clone();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(HEADER_LIST);
        PartState {
            wasi,
            http,
            egress: Outbound {
                client: self.outside.http.clone(),
                watch: current.map(|current| Arc::clone(current) as Arc<dyn Watch>),
            },
            sockets: sockets::Ctx::new(&self.sockets),
            config: config::Ctx {
                values: Arc::clone(&self.config.values),
                calls: calls(current),
            },
            logging: logging::Ctx {
                sink: match current {
                    None => Arc::clone(&self.log) as Arc<dyn logging::Sink>,
                    Some(current) => Arc::new(self.log.told_by(current)),
                },
                calls: calls(current),
            },
            otel: otel::Ctx {
                sink: current.and_then(|current| {
                    let reporting = self.reporting.as_ref()?;
                    Some(Arc::new(GuestData::new(reporting, current)) as Arc<dyn otel::Sink>)
                }),
            },
            secrets: secrets::Ctx {
                store: Arc::clone(&self.secrets.store),
                watcher: Arc::clone(&self.secrets.watcher),
                calls: calls(current),
            },
            quotas: Arc::clone(&self.quotas),
        }
    }
}

/// Variables as WASI takes them.
fn variables(of: &Values) -> Vec<(&str, &str)> {
    let variables = of.iter();
    variables
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// Who hears of calls.
fn calls(current: Option<&Arc<Current>>) -> Option<Arc<dyn Calls>> {
    current.map(|current| Arc::clone(current) as Arc<dyn Calls>)
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
