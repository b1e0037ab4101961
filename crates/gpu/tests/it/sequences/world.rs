//! What a program of calls works on: two tenants, and a bag of handles of each kind that are alive.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use weft_gpu::gate::Gate;
use weft_gpu::lease::{self, Lease};
use weft_gpu::ledger::{Account, CHARGED};
use weft_gpu::objects::{
    Adapter, BindGroup, BindGroupLayout, Buffer, CommandBuffer, CommandEncoder, ComputePass,
    ComputePipeline, Device, PipelineLayout, QuerySet, RenderBundle, RenderBundleEncoder,
    RenderPass, RenderPipeline, Sampler, ShaderModule, Texture, TextureView,
};
use weft_gpu::quota::Quota;

use super::number::Slot;

/// Handles of a kind that are kept; the oldest goes first.
const MOST: usize = 16;
/// The gate gives back what a submission used when it has looked at the device again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Handles of one kind.
#[derive(Debug)]
pub(crate) struct Bag<T>(Vec<T>);

/// Something that is awaited.
pub(crate) type Pending = Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! world {
    ($($name:ident: $type:ty,)*) => {
        /// Everything that is alive.
        pub(crate) struct World {
            leases: [Arc<Lease>; 2],
            $(pub(crate) $name: Bag<$type>,)*
        }

        impl World {
            fn empty(leases: [Arc<Lease>; 2]) -> Self {
                Self { leases, $($name: Bag(Vec::new()),)* }
            }

            /// Drops one handle of the kind of this number.
            pub(crate) fn drop_one(&mut self, kind: u8, slot: Slot) {
                let drops: &[fn(&mut Self, Slot)] = &[$(|world, slot| world.$name.remove(slot),)*];
                drops[usize::from(kind) % drops.len()](self, slot);
            }

            /// Drops everything, beginning with the kind of this number.
            fn drop_all(&mut self, first: u8) {
                let drops: &[fn(&mut Self)] = &[$(|world| world.$name.0.clear(),)*];
                let first = usize::from(first) % drops.len();
                for clear in drops[first..].iter().chain(&drops[..first]) {
                    clear(self);
                }
            }
        }
    };
}

world! {
    devices: Device,
    buffers: Buffer,
    textures: Texture,
    views: TextureView,
    samplers: Sampler,
    queries: QuerySet,
    group_layouts: BindGroupLayout,
    layouts: PipelineLayout,
    groups: BindGroup,
    modules: ShaderModule,
    computers: ComputePipeline,
    painters: RenderPipeline,
    encoders: CommandEncoder,
    compute_passes: ComputePass,
    render_passes: RenderPass,
    bundlers: RenderBundleEncoder,
    bundles: RenderBundle,
    commands: CommandBuffer,
    pending: Pending,
}

impl<T> Bag<T> {
    /// Keeps one more.
    pub(crate) fn add(&mut self, one: T) {
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(one);
    }

    /// One of them; the last ones are the likeliest, as in what people write.
    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.at(slot).and_then(|at| self.0.get(at))
    }

    /// Drops one of them.
    pub(crate) fn remove(&mut self, slot: Slot) {
        if let Some(at) = self.at(slot) {
            drop(self.0.remove(at));
        }
    }

    fn at(&self, slot: Slot) -> Option<usize> {
        let last = self.0.len().checked_sub(1)?;
        Some(if slot.0 < 160 {
            last
        } else {
            usize::from(slot.0) % self.0.len()
        })
    }
}

impl World {
    /// Two tenants at the gate of one adapter, which has no driver, with two devices and one.
    pub(crate) fn new(quotas: [Quota; 2]) -> Self {
        let gate = Gate::start("sequences").unwrap();
        let leases = quotas.map(|quota| {
            let account = Account::new("the workload test", quota.caps(), None);
            Lease::new(lease::Device::Noop, quota, account, Arc::clone(&gate)).unwrap()
        });
        let mut world = Self::empty(leases);
        for tenant in [1, 0, 0] {
            world.request_device(tenant, &[], None);
        }
        world
    }

    /// One more device of a tenant, if it may have one.
    pub(crate) fn request_device(
        &mut self,
        tenant: usize,
        features: &[&str],
        limit: Option<(&str, u64)>,
    ) {
        let adapter = Adapter::new(&self.leases[tenant % self.leases.len()]);
        let limits: Vec<_> = limit
            .map(|(name, value)| (name.to_owned(), Some(value)))
            .into_iter()
            .collect();
        if let Ok(device) = adapter.request_device(features, &limits) {
            self.devices.add(device);
        }
    }

    /// Something to await. Whether it is ready is looked at once, now.
    pub(crate) fn wait(&mut self, pending: impl Future<Output = ()> + Send + 'static) {
        let mut pending: Pending = Box::pin(pending);
        if !is_ready(&mut pending) {
            self.pending.add(pending);
        }
    }

    /// Looks at everything that is awaited.
    pub(crate) fn look(&mut self) {
        self.pending.0.retain_mut(|pending| !is_ready(pending));
    }

    /// Lets go of everything, beginning with the kind of this number.
    ///
    /// # Errors
    ///
    /// Something stays charged to a tenant.
    pub(crate) fn end(mut self, first: u8) -> Result<(), String> {
        self.drop_all(first);
        let until = Instant::now() + PATIENCE;
        for lease in &self.leases {
            let used = |what| lease.account().used(what);
            while CHARGED.into_iter().any(|what| used(what) > 0) {
                if Instant::now() > until {
                    let left: Vec<_> = CHARGED
                        .into_iter()
                        .filter(|what| used(*what) > 0)
                        .map(|what| format!("{} {what}", used(what)))
                        .collect();
                    return Err(format!("still charged: {}", left.join(", ")));
                }
                std::thread::yield_now();
            }
        }
        Ok(())
    }
}

fn is_ready(pending: &mut Pending) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pending.as_mut().poll(&mut context).is_ready()
}
