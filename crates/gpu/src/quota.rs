//! What a workload may use of a GPU. The numbers are settled before it starts: what its manifest asks for, below what its
//! tenant and the host allow. Bytes are bytes, times are wall-clock times.

use std::time::Duration;

use crate::budget::Share;
use crate::ledger::{Caps, Charged};

/// The bounds of one lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// Bytes of buffers, textures and query sets.
    pub memory: u64,
    /// Bytes on their way to the GPU, and bytes that are mapped.
    pub staging: u64,
    /// Living objects of all kinds.
    pub objects: u64,
    /// Devices.
    pub devices: u64,
    /// Bytes of WGSL of all living modules.
    pub shaders: u64,
    /// Bytes of WGSL of one module.
    pub shader: u64,
    /// Submissions that wait or run; more of them wait in the guest.
    pub submissions: u64,
    /// How long a shader or a pipeline may take to compile.
    pub compile_time: Duration,
    /// Workgroups of one dispatch, all dimensions multiplied.
    pub workgroups: u64,
    /// Commands of one encoder: dispatches, draws, copies and changes of state.
    pub commands: u64,
    /// After this time a submission loses its device.
    pub submission_deadline: Duration,
    /// The tenant's share when others want the GPU too; 100 is usual.
    pub weight: u32,
    /// The part of the GPU's time that the workload may have, also when nobody else wants it; none is all of it.
    pub gpu_time: Option<Share>,
    /// Whether there are timestamps: they are as exact as the GPU gives them, and with them one can watch the others.
    pub exact_timestamps: bool,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            staging: 64 << 20,
            objects: 20_000,
            devices: 32,
            shaders: 8 << 20,
            shader: 256 << 10,
            submissions: 8,
            compile_time: Duration::from_secs(10),
            workgroups: 1 << 26,
            commands: 65_536,
            submission_deadline: Duration::from_secs(2),
            weight: 100,
            gpu_time: None,
            exact_timestamps: false,
        }
    }
}

impl Quota {
    /// The part of it that a ledger keeps.
    pub fn caps(&self) -> Caps {
        Caps::NONE
            .with(Charged::Memory, self.memory)
            .with(Charged::Staging, self.staging)
            .with(Charged::Objects, self.objects)
            .with(Charged::Devices, self.devices)
            .with(Charged::Shaders, self.shaders)
            .with(Charged::Submissions, self.submissions)
    }
}
