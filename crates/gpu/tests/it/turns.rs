//! Turns at the gate, on an adapter that computes: deadlines, shares of the GPU's time, and what is billed for it.

use std::sync::Arc;
use std::time::Duration;

use weft_gpu::budget::Share;
use weft_gpu::error::{ErrorKind, LostReason};
use weft_gpu::gate::Gate;
use weft_gpu::lease::{self, Lease};
use weft_gpu::ledger::{Account, Caps, Charged};
use weft_gpu::objects::{
    BindGroupDescriptor, BindGroupEntry, BindingResource, CommandBuffer, CommandEncoderDescriptor,
    ComputePassDescriptor, ComputePipelineDescriptor, Device, ProgrammableStage,
    ShaderModuleDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_types::{BufferDescriptor, BufferUsages};

use crate::support::{assert_nothing_is_charged, device, vulkan};

/// Threads that count in memory: no compiler shortens that. Mesa ends every thread after 65,535 rounds of its loops, so it is
/// their number that says how long it takes.
const SPIN: &str = "
    @group(0) @binding(0) var<storage, read_write> count: atomic<u32>;
    @compute @workgroup_size(1) fn main() {
        for (var i = 0u; i < 50000u; i++) { atomicAdd(&count, 1u); }
    }";

/// Workgroups that take some tens of milliseconds.
const SOME: u32 = 50;
/// Workgroups that take seconds.
const MANY: u32 = 2_000;

/// Commands that keep the GPU busy, as often as they are made.
struct Spinner {
    device: Device,
    descriptor: ComputePipelineDescriptor,
    groups: u32,
}

impl Spinner {
    fn new(device: &Device, groups: u32) -> Self {
        let module = device.create_shader_module(ShaderModuleDescriptor {
            label: None,
            code: SPIN.to_owned(),
        });
        Self {
            device: device.clone(),
            descriptor: ComputePipelineDescriptor {
                label: None,
                layout: None,
                compute: ProgrammableStage {
                    module,
                    entry_point: None,
                    constants: Vec::new(),
                },
            },
            groups,
        }
    }

    async fn commands(&self) -> CommandBuffer {
        let device = &self.device;
        device.errors().push_scope(ErrorKind::Validation);
        let pipeline = device.create_compute_pipeline_async(self.descriptor.clone());
        let pipeline = pipeline.await.unwrap();
        let buffer = device.create_buffer(&BufferDescriptor {
            label: None,
            size: 4,
            usage: BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        let group = device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: pipeline.get_bind_group_layout(0),
            entries: vec![BindGroupEntry {
                binding: 0,
                resource: BindingResource::Buffer {
                    buffer,
                    offset: 0,
                    size: None,
                },
            }],
        });
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[]);
        pass.dispatch_workgroups(self.groups, 1, 1);
        pass.end();
        let commands = encoder.finish(&CommandEncoderDescriptor::default());
        assert_eq!(device.errors().pop_scope(), Ok(None));
        commands
    }

    async fn run(&self) {
        let commands = self.commands().await;
        self.device.queue().submit(&[commands]);
        self.device.queue().on_submitted_work_done().await;
    }
}

/// Workloads of one adapter, each of a tenant of its own.
fn tenants<const N: usize>(quotas: [Quota; N]) -> (Arc<Account>, [Arc<Lease>; N]) {
    let adapter = Account::new("the adapter", Caps::NONE, None);
    let gate = Gate::start("test").unwrap();
    let leases = quotas.map(|quota| {
        let tenant = Account::new("a tenant", Caps::NONE, Some(Arc::clone(&adapter)));
        let (caps, share) = (quota.caps(), quota.gpu_time);
        let account = Account::limited("a workload", caps, share, Some(tenant));
        let on = lease::Device::Vulkan(0);
        Lease::new(on, quota, account, Arc::clone(&gate)).unwrap()
    });
    (adapter, leases)
}

/// Workgroups that take about so long here, whatever machine this is.
async fn groups_of(time: Duration) -> u32 {
    let lease = vulkan(Quota::default());
    Spinner::new(&device(&lease), SOME).run().await;
    let one = settled(&lease, |bill| bill.gpu_time > Duration::ZERO).await;
    let times = time.as_secs_f64() / one.gpu_time.as_secs_f64();
    (f64::from(SOME) * times).ceil() as u32
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_is_billed_by_its_time_and_its_dispatches() {
    let lease = vulkan(Quota::default());
    let device = device(&lease);
    Spinner::new(&device, SOME).run().await;
    // The flight is settled after whoever waited for it was told.
    let billed = settled(&lease, |bill| bill.gpu_time > Duration::ZERO).await;
    assert_eq!((billed.submissions, billed.dispatches), (1, 1));
    assert!(billed.gpu_time > Duration::from_millis(1), "{billed:?}");
    drop(device);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bills_of_tenants_add_up_to_that_of_the_adapter() {
    let (adapter, leases) = tenants([Quota::default(), Quota::default()]);
    let spinners = [&leases[0], &leases[1]].map(|lease| Spinner::new(&device(lease), SOME));
    tokio::join!(spinners[0].run(), spinners[1].run());
    // Of two that were over at once, the time is on the bill of one.
    for lease in &leases {
        while lease.account().used(Charged::Submissions) > 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(adapter.statement().gpu_time > Duration::ZERO);
    let sum: Duration = leases
        .iter()
        .map(|lease| lease.account().statement().gpu_time)
        .sum();
    assert_eq!(adapter.statement().gpu_time, sum);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_used_up_its_share_of_the_time_waits() {
    // 10 ms of each second: this takes more.
    let share: Share = "1%".parse().unwrap();
    let groups = groups_of(Duration::from_millis(40)).await;
    let limited = Quota {
        gpu_time: Some(share),
        ..Quota::default()
    };
    let (_, [lease]) = tenants([limited]);
    let device = device(&lease);
    let spinner = Spinner::new(&device, groups);
    spinner.run().await;
    let first = settled(&lease, |bill| bill.gpu_time > Duration::ZERO).await;
    spinner.run().await;
    let waited = lease.account().statement().since(&first).queue_wait;
    let debt = first.gpu_time.saturating_sub(share.per_second());
    assert!(debt > Duration::ZERO, "{first:?}");
    // What is owed is paid at a hundredth of the time; part of that has passed since.
    assert!(waited > debt * 10, "{waited:?} for {debt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_does_not_wait_for_who_used_up_its_share() {
    let limited = Quota {
        gpu_time: Some("1%".parse().unwrap()),
        ..Quota::default()
    };
    let (_, leases) = tenants([limited, Quota::default()]);
    let (greedy, modest) = (device(&leases[0]), device(&leases[1]));
    let groups = groups_of(Duration::from_millis(200)).await;
    let spinner = Spinner::new(&greedy, groups);
    spinner.run().await;
    settled(&leases[0], |bill| bill.gpu_time > Duration::ZERO).await;
    let commands = spinner.commands().await;
    greedy.queue().submit(&[commands]);
    Spinner::new(&modest, 1).run().await;
    assert_eq!(leases[0].account().statement().submissions, 1, "it waits");
    assert_eq!(leases[1].account().statement().submissions, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_beyond_its_deadline_loses_its_device_and_nobody_elses() {
    let hasty = Quota {
        submission_deadline: Duration::from_millis(50),
        ..Quota::default()
    };
    let (adapter, leases) = tenants([hasty, Quota::default()]);
    let (endless, other) = (device(&leases[0]), device(&leases[1]));
    let commands = Spinner::new(&endless, MANY).commands().await;
    endless.queue().submit(&[commands]);
    let lost = endless.errors().lost().await;
    assert_eq!(lost.reason, LostReason::Unknown);
    assert!(lost.message.contains("submission-deadline"), "{lost:?}");
    Spinner::new(&other, SOME).run().await;
    assert!(other.errors().is_lost().is_none());
    assert_eq!(leases[0].account().statement().overdue, 1);
    assert_eq!(adapter.statement().overdue, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_billed_for_as_long_as_it_is_held() {
    let lease = vulkan(Quota::default());
    let device = device(&lease);
    let buffer = device.create_buffer(&BufferDescriptor {
        label: None,
        size: 1 << 20,
        usage: BufferUsages::STORAGE,
        mapped_at_creation: false,
    });
    let held = lease.account().statement().byte_seconds;
    let later = lease.account().statement().byte_seconds;
    assert!(later > held && held > 0.0);
    drop((buffer, device));
    assert_nothing_is_charged(&lease);
    let given_back = lease.account().statement().byte_seconds;
    assert_eq!(lease.account().statement().byte_seconds, given_back);
}

/// The bill when what is asked for is on it.
async fn settled(
    lease: &Lease,
    there: impl Fn(&weft_gpu::bill::Statement) -> bool,
) -> weft_gpu::bill::Statement {
    loop {
        let bill = lease.account().statement();
        if there(&bill) {
            return bill;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_does_not_come_back_is_stuck_until_it_does() {
    let hasty = Quota {
        submission_deadline: Duration::from_millis(20),
        ..Quota::default()
    };
    let gate = Gate::start_with("test", Duration::from_millis(20)).unwrap();
    let account = Account::new("a workload", hasty.caps(), None);
    let lease = Lease::new(lease::Device::Vulkan(0), hasty, account, Arc::clone(&gate)).unwrap();
    let device = device(&lease);
    let commands = Spinner::new(&device, MANY).commands().await;
    assert!(!gate.is_stuck());
    device.queue().submit(&[commands]);
    while !gate.is_stuck() {
        tokio::task::yield_now().await;
    }
    while gate.is_stuck() {
        tokio::task::yield_now().await;
    }
    drop(device);
}
