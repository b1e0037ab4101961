//! The GPUs of the host. They are looked for when the first workload asks for one: that takes seconds, and most hosts and
//! workloads have none.

use std::sync::Arc;

use tokio::sync::OnceCell;
pub use weft_gpu::ask::Allowed;
use weft_gpu::ask::Ask;
pub use weft_gpu::bill::Statement;
pub use weft_gpu::broker::{Adapter, Backend, Health, Inventory, Roots, Selector};
use weft_gpu::broker::{Broker, Hold, NoHold};
pub use weft_gpu::budget::Share;

/// Which GPU workloads get, and how much of it.
#[derive(Clone, Debug, Default)]
pub struct GpuConfig {
    /// The adapter of workloads that name none; `off` is none for anybody.
    pub selector: Selector,
    /// What tenants may have.
    pub allowed: Allowed,
    /// What adapters are opened with.
    pub backend: Backend,
}

/// Those of one host.
#[derive(Debug)]
pub(crate) struct Gpus {
    config: GpuConfig,
    broker: OnceCell<Arc<Broker>>,
}

impl Gpus {
    pub(crate) fn new(config: GpuConfig) -> Self {
        Self {
            config,
            broker: OnceCell::new(),
        }
    }

    /// Settles what a workload gets.
    pub(crate) async fn hold(
        &self,
        tenant: &str,
        name: &str,
        ask: &Ask,
    ) -> Result<Arc<Hold>, NoHold> {
        let broker = self.broker.get_or_init(|| self.look()).await;
        broker.hold(tenant, name, ask)
    }

    async fn look(&self) -> Arc<Broker> {
        let GpuConfig {
            selector,
            allowed,
            backend,
        } = self.config.clone();
        let inventory = match selector {
            Selector::Off => Inventory::default(),
            _ => tokio::task::spawn_blocking(move || Inventory::take(&Roots::default(), backend))
                .await
                // The host is about to end.
                .unwrap_or_default(),
        };
        for note in &inventory.notes {
            tracing::warn!(target: "weft::gpu", "{note}");
        }
        Broker::new(inventory, selector, allowed)
    }
}
