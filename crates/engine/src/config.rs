//! How the WebAssembly engine is set up. One place: these settings are part of the key of cached code.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::gpu::GpuConfig;
use crate::limits::{Bounds, Limits};
use crate::machine;
use crate::memory::Size;
use crate::network::NetworkConfig;
use crate::service::ServiceConfig;

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Where compiled code is kept between runs; none = nowhere.
    pub cache_dir: Option<PathBuf>,
    /// How long code may lie unused in memory before it is dropped, to be mapped again from disk when needed.
    pub code_idle: Duration,
    /// How long a warm instance waits for its next request before it is dropped.
    pub instance_idle: Duration,
    /// Bytes that one emptyDir volume may hold.
    pub empty_dir_limit: u64,
    /// Host directories under which `hostPath` volumes may lie; empty = none.
    pub host_path_roots: Vec<PathBuf>,
    /// Where traces, and what guests hand in, go; none = telemetry is off.
    pub telemetry: Option<weft_telemetry::Telemetry>,
    /// Lines of guest output per second and component that reach the log.
    pub log_lines_per_second: u32,
    /// What a workload may use up where its manifest does not say.
    pub limits: Limits,
    /// Requests of all workloads of one tenant.
    pub tenant_requests: Bounds,
    /// Bytes of memory for all guests; none = three quarters of what this machine, or its container, has.
    pub memory: Option<u64>,
    /// Bytes of memory for the guests of one tenant; none = half of `memory`.
    pub tenant_memory: Option<u64>,
    /// Instances that may live at the same time; none = as many as the machine's memory suggests.
    pub instances: Option<u32>,
    /// What guests may reach outside.
    pub network: NetworkConfig,
    /// What bounds the virtual loopback network of each workload.
    pub loopback: weft_net::loopback::Limits,
    /// How services are started, started again and stopped.
    pub service: ServiceConfig,
    /// Which GPU workloads get, and how much of it.
    pub gpu: GpuConfig,
    /// Resources of the host (open files, bodies, streams, ..) that one instance may hold.
    pub max_handles: usize,
    /// The same for a service. A connection takes three.
    pub max_service_handles: usize,
    /// Concurrent calls, streams and futures of the component model that one instance may have.
    pub max_tasks: usize,
}

/// What a host has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Instances that may live at the same time.
    pub instances: u32,
    /// Instances of one tenant.
    pub tenant_instances: u32,
    /// Bytes of memory for all guests.
    pub memory: u64,
    /// Bytes of memory for the guests of one tenant.
    pub tenant_memory: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cache_dir: None,
            code_idle: Duration::from_mins(5),
            instance_idle: Duration::from_mins(1),
            empty_dir_limit: 1 << 30,
            host_path_roots: Vec::new(),
            telemetry: None,
            log_lines_per_second: 1000,
            limits: Limits::default(),
            tenant_requests: Bounds::default(),
            memory: None,
            tenant_memory: None,
            instances: None,
            network: NetworkConfig::default(),
            loopback: weft_net::loopback::Limits::default(),
            service: ServiceConfig::default(),
            gpu: GpuConfig::default(),
            max_handles: 5_000,
            max_service_handles: 65_536,
            max_tasks: 10_000,
        }
    }
}

/// How often running guests are made to give way to others.
pub(crate) const EPOCH: Duration = Duration::from_millis(10);

/// Memory of the machine for each instance that it gets room for. An instance takes much less until it grows.
const MEMORY_PER_INSTANCE: u64 = 8 << 20;

/// Room for instances when the machine's memory decides. The upper end is what the kernel's default limit on memory
/// mappings of a process has room for.
const INSTANCES: std::ops::RangeInclusive<u64> = 100..=4000;

impl Capacity {
    /// What `config` asks for, and the machine's size for what it leaves open.
    pub(crate) fn of(config: &EngineConfig) -> Self {
        let machine = machine::memory();
        let memory = config.memory.unwrap_or_else(|| machine / 4 * 3);
        let instances = config.instances.unwrap_or_else(|| {
            let instances =
                (machine / MEMORY_PER_INSTANCE).clamp(*INSTANCES.start(), *INSTANCES.end());
            u32::try_from(instances).unwrap_or(u32::MAX)
        });
        let instances = instances.max(1);
        Self {
            instances,
            tenant_instances: instances.div_ceil(2),
            memory,
            tenant_memory: config.tenant_memory.unwrap_or(memory / 2).min(memory),
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "room for {} instances, {} for each tenant; {} of memory for guests, {} for each tenant",
            self.instances,
            self.tenant_instances,
            Size(self.memory),
            Size(self.tenant_memory),
        )
    }
}

/// The settings of the engine. With room for a number of `pooled` instances, much address space is reserved, which can
/// fail where that is limited; with none, instances are allocated one by one.
pub(crate) fn wasmtime_config(pooled: Option<u32>) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .wasm_component_model_map(true)
        .wasm_component_model_implements(true)
        .epoch_interruption(true)
        .parallel_compilation(true)
        .memory_init_cow(true);
    if let Some(instances) = pooled {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(instances)
            // A component has several core instances; linked components add up.
            .total_core_instances(instances.saturating_mul(8))
            .total_memories(instances.saturating_mul(2))
            .total_tables(instances.saturating_mul(8))
            .total_stacks(instances.saturating_mul(2))
            .max_core_instances_per_component(200)
            .max_memories_per_component(20)
            .max_tables_per_component(100)
            .table_elements(100_000)
            // Pages that stay with a slot, so that a fresh instance does not fault them in again.
            .linear_memory_keep_resident(64 << 10)
            .table_keep_resident(8 << 10)
            .async_stack_keep_resident(8 << 10);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}
