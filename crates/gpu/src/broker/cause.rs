//! Why a device that the machine has is not shown by Vulkan, and what to do: a chain of questions, the nearest cause first.

use super::adapter::{Code, Problem, Vendor};
use super::mig::Slice;
use super::pci::Function;
use super::tree::Node;

/// What else there is to know of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// Vendors that have a Vulkan driver installed, by their words.
    pub(super) vulkan_drivers: Vec<&'static str>,
    /// `NVIDIA_DRIVER_CAPABILITIES`, which the container toolkit goes by.
    pub(super) nvidia_capabilities: Option<String>,
    /// Whether this program was built with a C library that cannot load drivers.
    pub(super) static_libc: bool,
    /// Whether NVIDIA's control device can be opened.
    pub(super) nvidia_control: Option<Node>,
    /// Whether Vulkan shows any adapter, be it software.
    pub(super) vulkan_works: bool,
}

/// A compute-only device by its PCI ids; class 0x1200 is a sign of one, too.
pub(super) fn compute_only(function: &Function) -> Option<&'static str> {
    match (function.vendor, function.device) {
        (Vendor::AMD, 0x738c | 0x738e) => Some("AMD Instinct MI100"),
        (Vendor::AMD, 0x7408 | 0x740c) => Some("AMD Instinct MI250"),
        (Vendor::AMD, 0x740f | 0x7410) => Some("AMD Instinct MI210"),
        (Vendor::AMD, 0x74a0) => Some("AMD Instinct MI300A"),
        (Vendor::AMD, 0x74a1 | 0x74b5) => Some("AMD Instinct MI300X"),
        (Vendor::AMD, 0x74a2 | 0x74b6 | 0x74a8) => Some("AMD Instinct MI308X"),
        (Vendor::AMD, 0x74a5 | 0x74b9) => Some("AMD Instinct MI325X"),
        (Vendor::AMD, 0x75a0 | 0x75b0) => Some("AMD Instinct MI350X"),
        (Vendor::AMD, _) if function.class == 0x1200 => Some("AMD Instinct"),
        (Vendor::INTEL, 0x0bd0..=0x0bdb) => Some("Intel Data Center GPU Max"),
        _ if function.class == 0x1200 && function.vendor != Vendor::NVIDIA => Some("accelerator"),
        _ => None,
    }
}

/// Why Vulkan does not show this function.
pub(super) fn of_function(function: &Function, slices: usize, around: &Surroundings) -> Problem {
    of_binding(function)
        .or_else(|| of_hardware(function, slices))
        .or_else(|| of_program(function, around))
        .or_else(|| of_device_file(function, around))
        .or_else(|| of_vulkan(function, around))
        .unwrap_or_else(|| {
            Problem::new(
                Code::NotShown,
                "its Vulkan driver is installed but does not show it",
                "run `vulkaninfo --summary` as the same user: its first error says why. Often the driver in the kernel and \
                 the one in the image are of different versions, or the driver does not know this device yet",
            )
        })
}

/// What it is bound to.
fn of_binding(function: &Function) -> Option<Problem> {
    let address = function.address;
    let own = match function.vendor {
        Vendor::NVIDIA => "nvidia",
        Vendor::AMD => "amdgpu",
        Vendor::INTEL => "xe` or `i915",
        _ => "its own driver",
    };
    let Some(driver) = function.driver.as_deref() else {
        if screen_only(function) {
            return None;
        }
        return Some(Problem::new(
            Code::NoKernelDriver,
            "the kernel has no driver bound to it",
            format!("load the kernel module `{own}` and look for {address} in the kernel's log"),
        ));
    };
    let whose = if function.physical.is_some() {
        "virtual function"
    } else {
        "device"
    };
    if driver.contains("vfio") || matches!(driver, "pci-stub" | "xen-pciback" | "gim") {
        return Some(Problem::new(
            Code::PassedThrough,
            format!("this {whose} is bound to `{driver}`, which hands it to a virtual machine"),
            format!(
                "run weft in that virtual machine; or, if none has it, write {address} to \
                 /sys/bus/pci/drivers/{driver}/unbind and bind it to `{own}`"
            ),
        ));
    }
    None
}

/// What it is.
fn of_hardware(function: &Function, slices: usize) -> Option<Problem> {
    if screen_only(function) {
        return Some(Problem::new(
            Code::ScreenOnly,
            "it draws a screen and computes nothing",
            "nothing: use another adapter, or `--gpu software`",
        ));
    }
    if compute_only(function).is_some() {
        return Some(Problem::new(
            Code::ComputeOnly,
            "it computes but has no graphics queue, so there is no Vulkan that WebGPU can use",
            "use a device with graphics: AMD Radeon PRO, Intel Flex or Arc Pro, NVIDIA",
        ));
    }
    (slices > 0).then(|| {
        Problem::new(
            Code::Divided,
            format!("it is divided into {slices} MIG slices, and cannot be used as a whole"),
            "use a slice with graphics (RTX PRO Blackwell, profiles with `+gfx`), or switch MIG off with \
             `nvidia-smi -mig 0` when nothing runs on it",
        )
    })
}

fn screen_only(function: &Function) -> bool {
    matches!(
        Vendor::of(function.vendor).word,
        "aspeed" | "matrox" | "qemu"
    )
}

/// What this program may load.
fn of_program(function: &Function, around: &Surroundings) -> Option<Problem> {
    if around.static_libc {
        return Some(Problem::new(
            Code::CannotLoadDrivers,
            "this build of weft is linked with musl, which cannot load Vulkan drivers",
            "use the build for glibc (`x86_64-unknown-linux-gnu` or `aarch64-unknown-linux-gnu`) and an image with glibc",
        ));
    }
    let capabilities = around.nvidia_capabilities.as_deref()?;
    let given = capabilities
        .split(',')
        .any(|word| matches!(word.trim(), "graphics" | "all"));
    (function.vendor == Vendor::NVIDIA && !given).then(|| {
        Problem::new(
            Code::NoGraphicsCapability,
            format!(
                "NVIDIA_DRIVER_CAPABILITIES is `{}`, so the container was not given the Vulkan driver",
                super::adapter::name_of(capabilities)
            ),
            "start the container with NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility",
        )
    })
}

/// Whether its device file can be opened.
fn of_device_file(function: &Function, around: &Surroundings) -> Option<Problem> {
    let nvidia = function.driver.as_deref() == Some("nvidia");
    let (file, node) = if nvidia {
        ("/dev/nvidiactl".to_owned(), around.nvidia_control?)
    } else {
        match &function.node {
            Some((name, node)) => (format!("/dev/dri/{name}"), *node),
            None => {
                return Some(Problem::new(
                    Code::NoDeviceFile,
                    "its kernel driver made no render node for it",
                    format!("look for {} in the kernel's log", function.address),
                ));
            }
        }
    };
    match node {
        Node::Usable => None,
        Node::Denied => Some(Problem::new(
            Code::NoPermission,
            format!("this process may not open {file}"),
            "add the user to the group that owns it (`render` in most systems; in Kubernetes `supplementalGroups`)",
        )),
        Node::Absent => Some(Problem::new(
            Code::NoDeviceFile,
            format!("{file} is not there"),
            "pass the device to the container: `--device`, `--gpus`, or a resource of the device plugin",
        )),
    }
}

/// Whether Vulkan has a driver for it, and works at all.
fn of_vulkan(function: &Function, around: &Surroundings) -> Option<Problem> {
    let vendor = Vendor::of(function.vendor).word;
    if !around.vulkan_drivers.contains(&vendor) {
        let remedy = match vendor {
            "nvidia" => {
                "install the Vulkan part of NVIDIA's driver (`libnvidia-gl-..`), or in a container set \
                 NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility"
            }
            _ => "install Mesa's Vulkan drivers (Debian and Ubuntu: `mesa-vulkan-drivers`)",
        };
        return Some(Problem::new(
            Code::NoVulkanDriver,
            "no Vulkan driver is installed for it",
            remedy,
        ));
    }
    (!around.vulkan_works).then(|| {
        Problem::new(
            Code::NotShown,
            "Vulkan shows no adapter at all, although a driver is installed",
            "install Vulkan's loader (Debian and Ubuntu: `libvulkan1`) and run `vulkaninfo --summary`",
        )
    })
}

/// Why Vulkan does not show this slice of a device.
pub(super) fn of_slice(model: &str, slice: &Slice, around: &Surroundings) -> Problem {
    // Of all devices with MIG, only these have graphics in slices at all.
    let graphics_model = model.contains("RTX PRO");
    match slice.graphics {
        Some(true) => Problem::new(
            Code::NotShown,
            "its profile has graphics, but the driver does not show it to this process",
            match &around.nvidia_capabilities {
                Some(_) => {
                    "give the container this slice (NVIDIA_VISIBLE_DEVICES=MIG-..) and \
                     NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility"
                }
                None => "run `vulkaninfo --summary` as the same user: its first error says why",
            },
        ),
        Some(false) if graphics_model => Problem::new(
            Code::MigWithoutGraphics,
            format!(
                "the MIG profile `{}` has no graphics, so no Vulkan",
                slice.name
            ),
            "make the slice with a profile with `+gfx` (`nvidia-smi mig -lgip` lists them)",
        ),
        None if graphics_model => Problem::new(
            Code::NotShown,
            "the driver does not show this MIG slice; which profile it has cannot be told without `nvidia-smi`",
            "make the slice with a profile with `+gfx` (`nvidia-smi mig -lgip` lists them)",
        ),
        Some(false) | None => Problem::new(
            Code::MigWithoutGraphics,
            "MIG slices of this device have no Vulkan: NVIDIA supports graphics in slices of RTX PRO Blackwell only",
            "use the whole device (`nvidia-smi -mig 0`, when nothing runs on it), or an RTX PRO Blackwell with `+gfx` profiles",
        ),
    }
}

#[cfg(test)]
mod tests;
