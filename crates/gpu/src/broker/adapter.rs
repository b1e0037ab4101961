//! An adapter as the operator sees it: what it is, what it can do, and, if it cannot be used, why and what to do.

use serde::Serialize;
use wgpu_types as wgt;

use super::pci::PciAddress;
use super::uuid::Uuid;
use crate::lease;

/// Bytes of a name that a driver or the kernel gives.
const NAME_MAX: usize = 200;

/// An adapter, or a device that could be one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Adapter {
    /// Its place in the list, which `index:N` means.
    pub index: usize,
    /// What its driver calls it, or what can be said without a driver.
    pub name: String,
    /// Who made it.
    pub vendor: Vendor,
    /// The device id of PCI, or the one that its driver made up.
    pub device: u32,
    /// Whether it is a device, a part of one, or a program.
    pub kind: Kind,
    /// Whether it shares the memory of the machine.
    pub integrated: bool,
    /// Where it is; a slice has the address of its device.
    pub pci: Option<PciAddress>,
    /// The device that it is a part of.
    pub parent: Option<PciAddress>,
    /// Which part of its device: `1g.10gb`, or `gi 7 ci 0` where the profile is not known.
    pub partition: Option<String>,
    /// SR-IOV functions that it is divided into.
    pub virtual_functions: u32,
    /// What NVML and CUDA know it by, on NVIDIA.
    pub uuid: Option<Uuid>,
    /// Bytes of its own memory; of an integrated one, what it may take of the machine's.
    pub memory: Option<u64>,
    /// The kernel's driver.
    pub kernel_driver: Option<String>,
    /// The driver of Vulkan.
    pub driver: Option<String>,
    /// That driver's version, in its own words.
    pub driver_info: Option<String>,
    /// What WebGPU gets of it.
    pub limits: Option<LimitSummary>,
    /// Whether WebGPU can run on it.
    pub health: Health,
    /// What a lease of it is made with.
    #[serde(skip)]
    pub open: Option<lease::Device>,
}

impl Adapter {
    /// Whether WebGPU can run on it.
    pub fn is_healthy(&self) -> bool {
        self.health == Health::Healthy
    }

    /// Its name and where it is, for messages.
    pub fn label(&self) -> String {
        let part = self
            .partition
            .as_ref()
            .map(|part| format!(" {part}"))
            .unwrap_or_default();
        match (self.pci, self.uuid) {
            (Some(pci), _) => format!("`{}`{part} at {pci}", self.name),
            (None, Some(uuid)) if self.kind == Kind::Mig => {
                format!("`{}`{part}, {uuid}", self.name)
            }
            _ => format!("`{}`{part}", self.name),
        }
    }
}

/// A maker of GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Vendor {
    /// The vendor id of PCI, or Vulkan's for who has none.
    pub id: u32,
    /// A word for it, `unknown` for all others.
    pub word: &'static str,
}

impl Vendor {
    /// NVIDIA.
    pub const NVIDIA: u32 = 0x10de;
    /// AMD.
    pub const AMD: u32 = 0x1002;
    /// Intel.
    pub const INTEL: u32 = 0x8086;

    /// The vendor with this id.
    pub fn of(id: u32) -> Self {
        let word = match id {
            Self::NVIDIA => "nvidia",
            Self::AMD => "amd",
            Self::INTEL => "intel",
            0x1_0005 => "mesa",
            0x1a03 => "aspeed",
            0x102b => "matrox",
            0x1af4 | 0x1b36 => "virtio",
            0x15ad => "vmware",
            0x1234 | 0x1013 => "qemu",
            0x1414 => "microsoft",
            0x13b5 => "arm",
            0x5143 => "qualcomm",
            0x1da3 => "habana",
            _ => "unknown",
        };
        Self { id, word }
    }
}

/// What an adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A whole device.
    Physical,
    /// A virtual function of a device (SR-IOV).
    SriovVf,
    /// A slice of an NVIDIA device.
    Mig,
    /// A program that computes on the CPU.
    Software,
    /// The backend without a driver, which runs no shaders: for tests.
    Noop,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Physical,
        Self::SriovVf,
        Self::Mig,
        Self::Software,
        Self::Noop,
    ];

    /// The word for it, as in `kind:sriov-vf`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::SriovVf => "sriov-vf",
            Self::Mig => "mig",
            Self::Software => "software",
            Self::Noop => "noop",
        }
    }

    /// Whether it is hardware.
    pub fn is_hardware(self) -> bool {
        matches!(self, Self::Physical | Self::SriovVf | Self::Mig)
    }
}

/// Whether WebGPU can run on an adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Health {
    /// It answered the self-test, rightly.
    Healthy,
    /// It cannot be used.
    Unusable(Problem),
}

/// Why an adapter cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The kind of problem, for programs.
    pub code: Code,
    /// What is the matter.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    pub(super) fn new(code: Code, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

/// Kinds of problems with an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A MIG slice of a device whose slices have no Vulkan.
    MigWithoutGraphics,
    /// A device that is divided: its slices are used instead.
    Divided,
    /// It belongs to a virtual machine, or may at any time.
    PassedThrough,
    /// The kernel has no driver for it.
    NoKernelDriver,
    /// It draws a screen and computes nothing.
    ScreenOnly,
    /// It computes, but not with Vulkan.
    ComputeOnly,
    /// The container was not given the graphics part of the driver.
    NoGraphicsCapability,
    /// This program's C library cannot load drivers.
    CannotLoadDrivers,
    /// The device file is not there.
    NoDeviceFile,
    /// The device file may not be opened.
    NoPermission,
    /// No driver of Vulkan is installed for it.
    NoVulkanDriver,
    /// The driver does not show it.
    NotShown,
    /// It did not answer in time.
    NoAnswer,
    /// It failed the self-test.
    SelfTestFailed,
}

/// What WebGPU gets of an adapter, in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LimitSummary {
    /// Bytes of the largest buffer.
    pub max_buffer_size: u64,
    /// Bytes of a buffer that a shader can see.
    pub max_storage_buffer_binding_size: u64,
    /// Bytes that a workgroup shares.
    pub max_compute_workgroup_storage_size: u32,
    /// Invocations of a workgroup.
    pub max_compute_invocations_per_workgroup: u32,
    /// Pixels of a texture's side.
    pub max_texture_dimension_2d: u32,
    /// Whether shaders have `f16`.
    pub shader_f16: bool,
    /// Whether shaders have subgroups.
    pub subgroups: bool,
    /// Whether the time that a submission takes can be measured on the device.
    pub timestamps: bool,
}

impl LimitSummary {
    pub(super) fn of(limits: &wgt::Limits, features: wgt::Features) -> Self {
        Self {
            max_buffer_size: limits.max_buffer_size,
            max_storage_buffer_binding_size: limits.max_storage_buffer_binding_size,
            max_compute_workgroup_storage_size: limits.max_compute_workgroup_storage_size,
            max_compute_invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            max_texture_dimension_2d: limits.max_texture_dimension_2d,
            shader_f16: features.contains(wgt::Features::SHADER_F16),
            subgroups: features.contains(wgt::Features::SUBGROUP),
            timestamps: features.contains(wgt::Features::TIMESTAMP_QUERY),
        }
    }
}

/// A name from outside as one short line of text.
pub(super) fn name_of(text: &str) -> String {
    let mut name = String::new();
    for character in text.trim().chars().filter(|c| !c.is_control()) {
        if name.len() + character.len_utf8() > NAME_MAX {
            break;
        }
        name.push(character);
    }
    name
}
