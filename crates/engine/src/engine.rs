//! The engine: one for a host. Its functions are the stages of a workload's start, in their order.

use std::sync::Arc;

use wasmtime::component::Linker;
use weft_net::loopback::Network;

use crate::admission::room::Room;
use crate::admission::{Gate, Tenants};
use crate::cache::{CacheError, DiskCache};
use crate::command::Command;
use crate::compile::{CompileError, Compiler};
use crate::compose::{self, ComposeError, Fused};
use crate::config::{Capacity, EPOCH, EngineConfig, wasmtime_config};
use crate::cpu::{self, Cpu};
use crate::gpu::Gpus;
use crate::host_state::HostState;
use crate::limits::Limits;
use crate::link::{self, LinkError};
use crate::linked::{
    Built, Component, Components, Identity, LinkedProgram, LinkedWorkload, Shared, Started,
};
use crate::machine;
use crate::memory::HostMemory;
use crate::network::Networks;
use crate::plan::{Program, ValidWorkload};
use crate::service::Service;
use crate::store::{Says, StoreBounds, StoreTemplate};
use crate::usage::{EngineUsage, Observed, TenantUsage};
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
    networks: Networks,
    gpus: Gpus,
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
    #[error("the workload cannot have the GPU that it asks for: {0}")]
    Gpu(#[from] weft_gpu::broker::NoHold),
    #[error("outbound TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
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
                networks: Networks::new(config.network.clone()),
                gpus: Gpus::new(config.gpu.clone()),
                config,
            }),
        })
    }

    /// Fuses, compiles and links a checked workload.
    pub async fn link(
        &self,
        valid: ValidWorkload,
        components: Components<'_>,
    ) -> Result<LinkedWorkload, StartError> {
        // Volumes and the directories in them are the last thing that can be refused; compiling is the costly step.
        let config = &self.inner.config;
        let volumes = Volumes::prepare(
            &valid.volumes,
            &config.host_path_roots,
            config.empty_dir_limit,
        )?;
        let way_out = self
            .inner
            .networks
            .workload(valid.tenant.as_str(), valid.name.as_str());
        let shares = self.inner.memory.shares(valid.tenant.as_str());
        let gpu = match &valid.gpu {
            Some(ask) => {
                let (tenant, name) = (valid.tenant.as_str(), valid.name.as_str());
                Some(self.inner.gpus.hold(tenant, name, ask).await?)
            }
            None => None,
        };
        let shared = Shared {
            gpu,
            volumes: Arc::new(volumes),
            way_out: Arc::new(way_out),
            network: Arc::new(Network::charged(config.loopback, Arc::new(shares))),
            has_service: components.service.is_some(),
        };
        let identity = Identity {
            tenant: valid.tenant,
            name: valid.name,
            hosts: valid.hosts,
        };
        let service = match (valid.service, components.service) {
            (Some(service), Some(component)) => {
                let parts = std::slice::from_ref(component);
                let linked = self.program(&identity, &shared, service.program, parts);
                Some((linked.await?, service.max_restarts))
            }
            _ => None,
        };
        let front = match valid.program {
            Some(program) => {
                let parts = match components.service {
                    Some(component) if program.is_resident() => std::slice::from_ref(component),
                    _ => components.components,
                };
                Some(self.program(&identity, &shared, program, parts).await?)
            }
            None => None,
        };
        Ok(LinkedWorkload {
            identity,
            front,
            service,
            shared,
        })
    }

    /// Fuses, compiles and links one program of a workload. `components` are those that its parts are counted in.
    async fn program(
        &self,
        identity: &Identity,
        shared: &Shared,
        program: Program,
        components: &[Component],
    ) -> Result<LinkedProgram, StartError> {
        let config = &self.inner.config;
        let parts = program.parts.iter().map(|part| &part.limits);
        let limits = Limits::settle(&parts, &config.limits);
        let tenant = identity.tenant.as_str();
        let bounds = StoreBounds {
            memory: limits.memory,
            shares: self.inner.memory.shares(tenant),
            account: self.inner.cpu.account(tenant, limits.cpu),
            handles: if program.is_resident() {
                config.max_service_handles
            } else {
                config.max_handles
            },
            tasks: config.max_tasks,
        };
        let label = identity.label();
        let observed = Observed::default();
        let says = Says {
            lines_per_second: config.log_lines_per_second,
            telemetry: config.telemetry.as_ref(),
        };
        let template = StoreTemplate::new(&label, &program, shared, &observed, says, bounds)?;
        let fused = fuse(&program, components).await?;
        let source = self.inner.compiler.keep(fused.bytes.into());
        let code = self.inner.compiler.code(&source, &label).await?;
        // Types are checked now, so that a misfit is a failed start and not a failed request.
        link::link(&self.inner.linker, &code, &fused.scoped)?;
        Ok(LinkedProgram {
            program,
            limits,
            built: Built {
                source,
                scoped: fused.scoped,
                code,
            },
            template,
            observed,
        })
    }

    /// Compiles a component without linking it: whether its code is valid.
    pub async fn validate(&self, bytes: Arc<[u8]>) -> Result<(), CompileError> {
        let source = self.inner.compiler.keep(bytes);
        self.inner.compiler.code(&source, "check").await.map(drop)
    }

    /// Starts the service of a linked workload, if it has one, and makes the rest ready for requests. Neither waits for
    /// anything: whether the service listens is to be asked of it.
    pub fn start(&self, linked: LinkedWorkload) -> Started {
        let LinkedWorkload {
            identity,
            front,
            service,
            shared,
        } = linked;
        if let Some(hold) = &shared.gpu {
            let (workload, adapter) = (identity.label(), hold.adapter().as_ref());
            match hold.remark() {
                Some(remark) => tracing::warn!(target: "weft::gpu", workload, adapter, "{remark}"),
                None => tracing::info!(target: "weft::gpu", workload, adapter, "has a GPU"),
            }
        }
        let service = service.map(|(program, restarts)| {
            Service::start(self.clone(), &identity, &shared, program, restarts)
        });
        let front = front
            .map(|front| Workload::new(self.clone(), identity, shared, front, service.clone()));
        Started { front, service }
    }

    /// Makes the components of a linked workload ready for requests, beside a service that runs already: they share its
    /// network. The service that was linked with them is never started.
    pub fn start_beside(&self, linked: LinkedWorkload, service: &Service) -> Started {
        let LinkedWorkload {
            identity,
            front,
            mut shared,
            ..
        } = linked;
        shared.network = Arc::clone(service.network());
        let front = front.map(|mut front| {
            front.template.join(&shared.network);
            Workload::new(self.clone(), identity, shared, front, Some(service.clone()))
        });
        Started {
            front,
            service: Some(service.clone()),
        }
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
    ///
    /// None for a workload that is a service alone.
    pub fn command(&self, linked: LinkedWorkload) -> Option<Command> {
        let workload = self.start(linked).front?;
        Some(Command { workload })
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
async fn fuse(program: &Program, components: &[Component]) -> Result<Fused, ComposeError> {
    let program = program.clone();
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
