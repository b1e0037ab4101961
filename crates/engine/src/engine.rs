//! The engine: one for a host. Its functions are the stages of a workload's start, in their order.

use std::sync::Arc;

use wasmtime::component::Linker;
use weft_net::sockets::Parts;

use crate::admission::room::Room;
use crate::admission::{Gate, Tenants};
use crate::cache::{CacheError, DiskCache};
use crate::command::Command;
use crate::compile::{Code, CompileError, Compiler, Source};
use crate::compose::{self, ComposeError, Fused, Scoped};
use crate::config::{Capacity, EPOCH, EngineConfig, wasmtime_config};
use crate::cpu::{self, Cpu};
use crate::host_state::HostState;
use crate::inspect::Shape;
use crate::limits::Limits;
use crate::link::{self, LinkError};
use crate::machine;
use crate::memory::HostMemory;
use crate::network;
use crate::plan::ValidWorkload;
use crate::store::{StoreBounds, StoreTemplate};
use crate::usage::{EngineUsage, TenantUsage};
use crate::volume::{VolumeError, Volumes};
use crate::workload::Workload;

/// Compiles, links and runs components. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<HostState>,
    compiler: Arc<Compiler>,
    config: EngineConfig,
    capacity: Capacity,
    memory: HostMemory,
    cpu: Arc<Cpu>,
    room: Arc<Room>,
    tenants: Tenants,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the WebAssembly engine cannot be set up on this machine: {reason}")]
    Wasmtime { reason: String },
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// Why a checked workload could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Volume(#[from] VolumeError),
}

/// One component of a workload, as read from its file.
#[derive(Clone, Debug)]
pub struct Component {
    /// The file's content.
    pub bytes: Arc<[u8]>,
    /// What `inspect` made of it.
    pub shape: Shape,
}

/// A workload whose code exists and whose imports are known to fit.
pub struct LinkedWorkload {
    pub(crate) valid: ValidWorkload,
    pub(crate) limits: Limits,
    pub(crate) built: Built,
    pub(crate) template: StoreTemplate,
    pub(crate) volumes: Volumes,
}

/// What became of a workload's components.
pub(crate) struct Built {
    /// Where the fused component can be had again.
    pub(crate) source: Source,
    /// Its imports that belong to one part alone.
    pub(crate) scoped: Vec<Scoped>,
    /// Its code.
    pub(crate) code: Arc<Code>,
}

impl Engine {
    /// Sets an engine up.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let capacity = Capacity::of(&config);
        let pooled = wasmtime_config(Some(capacity.instances));
        let wasmtime = wasmtime::Engine::new(&pooled).or_else(|error| {
            tracing::warn!(reason = %format!("{error:#}"), "no address space for pooled instances; they are allocated one by one");
            wasmtime::Engine::new(&wasmtime_config(None))
        });
        let wasmtime = wasmtime.map_err(|error| EngineError::Wasmtime {
            reason: format!("{error:#}"),
        })?;
        let disk = config
            .cache_dir
            .as_deref()
            .map(DiskCache::open)
            .transpose()?;
        let linker = link::base_linker(&wasmtime)?;
        let compiler = Compiler::new(&wasmtime, disk);
        let cpu = Cpu::new(machine::cores(), cpu::clock());
        move_epochs(&wasmtime, &cpu);
        Ok(Self {
            inner: Arc::new(Inner {
                wasmtime,
                linker,
                compiler,
                capacity,
                memory: HostMemory::new(capacity.memory, capacity.tenant_memory),
                cpu,
                room: Room::new(
                    capacity.instances as usize,
                    capacity.tenant_instances as usize,
                ),
                tenants: Tenants::new(config.tenant_requests),
                config,
            }),
        })
    }

    /// Fuses, compiles and links a checked workload. `components` are those of the manifest, in its order.
    pub async fn link(
        &self,
        valid: ValidWorkload,
        components: &[Component],
    ) -> Result<LinkedWorkload, StartError> {
        self.link_on(valid, components, &network::isolated()).await
    }

    /// As `link`; `sockets` says what each component, by its name, has of the network.
    pub async fn link_on(
        &self,
        valid: ValidWorkload,
        components: &[Component],
        sockets: &(dyn Fn(&str) -> Arc<Parts> + Send + Sync),
    ) -> Result<LinkedWorkload, StartError> {
        // Volumes and the directories in them are the last thing that can be refused; compiling is the costly step.
        let config = &self.inner.config;
        let volumes = Volumes::prepare(
            &valid.volumes,
            &config.host_path_roots,
            config.empty_dir_limit,
        )?;
        let parts = valid.program.parts.iter().map(|part| &part.limits);
        let limits = Limits::settle(&parts, &config.limits);
        let bounds = StoreBounds {
            memory: limits.memory,
            shares: self.inner.memory.shares(valid.tenant.as_str()),
            account: self.inner.cpu.account(valid.tenant.as_str(), limits.cpu),
            handles: config.max_handles,
            tasks: config.max_tasks,
        };
        let lines = config.log_lines_per_second;
        let template = StoreTemplate::new(&valid, &volumes, lines, bounds, sockets)?;
        let fused = fuse(&valid, components).await?;
        let source = self.inner.compiler.keep(fused.bytes.into());
        let label = format!("{}/{}", valid.tenant, valid.name);
        let code = self.inner.compiler.code(&source, &label).await?;
        // Types are checked now, so that a misfit is a failed start and not a failed request.
        link::link(&self.inner.linker, &code, &fused.scoped)?;
        Ok(LinkedWorkload {
            valid,
            limits,
            built: Built {
                source,
                scoped: fused.scoped,
                code,
            },
            template,
            volumes,
        })
    }

    /// Compiles a component without linking it: whether its code is valid.
    pub async fn validate(&self, bytes: Arc<[u8]>) -> Result<(), CompileError> {
        let source = self.inner.compiler.keep(bytes);
        self.inner.compiler.code(&source, "check").await.map(drop)
    }

    /// Makes a linked workload ready for requests.
    pub fn start(&self, linked: LinkedWorkload) -> Workload {
        Workload::new(self.clone(), linked)
    }

    /// What this host has room for.
    pub fn capacity(&self) -> Capacity {
        self.inner.capacity
    }

    /// What the host's guests have of it at the moment.
    pub fn usage(&self) -> EngineUsage {
        let inner = &self.inner;
        let room = inner.room.counts();
        let tenant = |gate: Arc<Gate>| TenantUsage {
            tenant: gate.scope().name().to_owned(),
            in_flight: gate.in_flight(),
            waiting: gate.waiting(),
            instances: inner.room.held(gate.scope().name()),
            memory: inner.memory.tenant(gate.scope().name()),
            requests: gate.bounds(),
        };
        EngineUsage {
            capacity: inner.capacity,
            instances: room.taken,
            idle: room.idle,
            waiting: room.waiting,
            memory: inner.memory.host().used(),
            cpu: inner.cpu.usage(),
            code: inner.compiler.usage(),
            tenants: inner.tenants.gates().into_iter().map(tenant).collect(),
        }
    }

    /// Makes a linked workload ready to run once, as a command.
    pub fn command(&self, linked: LinkedWorkload) -> Command {
        Command {
            workload: self.start(linked),
        }
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    pub(crate) fn linker(&self) -> &Linker<HostState> {
        &self.inner.linker
    }

    pub(crate) fn compiler(&self) -> &Arc<Compiler> {
        &self.inner.compiler
    }

    pub(crate) fn config(&self) -> &EngineConfig {
        &self.inner.config
    }

    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.inner.room
    }

    pub(crate) fn tenants(&self) -> &Tenants {
        &self.inner.tenants
    }
}

/// Fuses the parts of a program, on a thread that may take its time.
async fn fuse(valid: &ValidWorkload, components: &[Component]) -> Result<Fused, ComposeError> {
    let program = valid.program.clone();
    let parts: Vec<Component> = program
        .parts
        .iter()
        .filter_map(|part| components.get(part.position).cloned())
        .collect();
    let fused = tokio::task::spawn_blocking(move || {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (&*part.bytes, &part.shape))
            .collect();
        compose::fuse(&program, &parts)
    });
    // A panic of the composer on a malformed component is a refusal like any other.
    fused.await.unwrap_or_else(|crash| {
        Err(ComposeError::Fuse {
            reason: format!("the composer gave up: {crash}"),
        })
    })
}

/// Makes running guests look up every [`EPOCH`], for as long as the engine lives. A thread of its own: it has to go on
/// when every other one is busy.
fn move_epochs(engine: &wasmtime::Engine, cpu: &Arc<Cpu>) {
    let engine = engine.weak();
    let cpu = Arc::downgrade(cpu);
    let ticking = std::thread::Builder::new()
        .name("weft-epoch".to_owned())
        .spawn(move || {
            while let (Some(engine), Some(cpu)) = (engine.upgrade(), cpu.upgrade()) {
                engine.increment_epoch();
                cpu.tick();
                drop((engine, cpu));
                std::thread::sleep(EPOCH);
            }
        });
    if let Err(error) = ticking {
        tracing::error!(%error, "no thread for the epoch clock: a guest that computes without end will hold a thread");
    }
}
