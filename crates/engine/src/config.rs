//! How the WebAssembly engine is set up. One place: these settings are part of the key of cached code.

use std::path::PathBuf;
use std::time::Duration;

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

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
    /// Lines of guest output per second and component that reach the log.
    pub log_lines_per_second: u32,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cache_dir: None,
            code_idle: Duration::from_mins(5),
            instance_idle: Duration::from_mins(1),
            empty_dir_limit: 1 << 30,
            host_path_roots: Vec::new(),
            log_lines_per_second: 1000,
        }
    }
}

/// How often running guests are made to give way to others.
pub(crate) const EPOCH: Duration = Duration::from_millis(10);

/// Instances that may live at the same time.
const MAX_INSTANCES: u32 = 1000;

/// The settings of the engine; `pooling` needs much address space and can fail where that is limited.
pub(crate) fn wasmtime_config(pooling: bool) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .wasm_component_model_map(true)
        .wasm_component_model_implements(true)
        .epoch_interruption(true)
        .parallel_compilation(true)
        .memory_init_cow(true);
    if pooling {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(MAX_INSTANCES)
            // A component has several core instances; linked components add up.
            .total_core_instances(MAX_INSTANCES.saturating_mul(8))
            .total_memories(MAX_INSTANCES.saturating_mul(2))
            .total_tables(MAX_INSTANCES.saturating_mul(8))
            .total_stacks(MAX_INSTANCES.saturating_mul(2))
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
