//! Machines as the kernel records them: the files that are looked at, with what real machines have in them.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use wgpu_types::{AdapterInfo, Backend as Wgpu, DeviceType};

use super::super::*;
use crate::broker::adapter::LimitSummary;

/// Records of a machine, in a folder.
pub(crate) struct Tree(TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Where its records are.
    pub(crate) fn roots(&self) -> Roots {
        Roots {
            sys: self.path("sys"),
            proc: self.path("proc"),
            dev: self.path("dev"),
            vulkan: vec![self.path("icd.d")],
            listing: Listing::Recorded(self.path("nvidia-smi.txt")),
            nvidia_capabilities: None,
        }
    }

    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// A manifest of a Vulkan driver.
    fn vulkan_driver(&self, file: &str, library: &str) {
        let text = format!(
            "{{\"file_format_version\": \"1.0.0\", \"ICD\": {{\"library_path\": \"{library}\"}}}}"
        );
        self.file(&format!("icd.d/{file}"), text);
    }

    /// A function of the bus: address, class, ids, the kernel's driver (`-` for none).
    fn function(&self, address: &str, class: &str, ids: (&str, &str), driver: &str) {
        let folder = format!("sys/bus/pci/devices/{address}");
        self.file(&format!("{folder}/class"), format!("{class}\n"));
        self.file(&format!("{folder}/vendor"), format!("{}\n", ids.0));
        self.file(&format!("{folder}/device"), format!("{}\n", ids.1));
        if driver != "-" {
            let target = format!("../../../../bus/pci/drivers/{driver}");
            self.link(&format!("{folder}/driver"), &target);
        }
    }

    /// The render node of a function, which this process may open.
    fn render_node(&self, address: &str, name: &str) {
        let folder = format!("sys/bus/pci/devices/{address}/drm");
        self.file(&format!("{folder}/card0/dev"), "226:0\n");
        self.file(&format!("{folder}/{name}/dev"), "226:128\n");
        self.file(&format!("dev/dri/{name}"), "");
    }

    /// Virtual functions of a device: address and driver of each.
    fn virtual_functions(
        &self,
        device: &str,
        class: &str,
        ids: (&str, &str),
        functions: &[(&str, &str)],
    ) {
        let count = format!("{}\n", functions.len());
        self.file(&format!("sys/bus/pci/devices/{device}/sriov_numvfs"), count);
        for (address, driver) in functions {
            self.function(address, class, ids, driver);
            let link = format!("sys/bus/pci/devices/{address}/physfn");
            self.link(&link, &format!("../{device}"));
        }
    }

    /// A device of NVIDIA's driver, the first one, with these slices: their ids, and how `nvidia-smi` names them.
    fn nvidia(&self, address: &str, model: &str, slices: &[(u32, &str)]) {
        let uuid = "GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f";
        let information = format!(
            "Model: \t\t {model}\nIRQ:   \t\t 120\nGPU UUID: \t {uuid}\nVideo BIOS: \t 96.00.5e.00.01\n\
             Bus Type: \t PCIe\nDMA Size: \t 52 bits\nDMA Mask: \t 0xfffffffffffff\nBus Location: \t {address}\n\
             Device Minor: \t 0\nGPU Firmware: \t 570.86.15\nGPU Excluded:\t No\n"
        );
        self.file(
            &format!("proc/driver/nvidia/gpus/{address}/information"),
            information,
        );
        let capabilities = "proc/driver/nvidia/capabilities";
        let access = "DeviceFileMinor: 12\nDeviceFileMode: 256\nDeviceFileModify: 1\n";
        self.file(&format!("{capabilities}/mig/config"), access);
        let mut listing = format!("GPU 0: {model} (UUID: {uuid})\n");
        for (place, (id, profile)) in slices.iter().enumerate() {
            let folder = format!("{capabilities}/gpu0/mig/gi{id}");
            self.file(&format!("{folder}/access"), access);
            self.file(&format!("{folder}/ci0/access"), access);
            let uuid = format!("MIG-11111111-2222-3333-4444-{place:012}");
            listing.push_str(&format!(
                "  MIG {profile:<11} Device {place:>2}: (UUID: {uuid})\n"
            ));
        }
        self.file("nvidia-smi.txt", listing);
        self.file("dev/nvidiactl", "");
        self.vulkan_driver("nvidia_icd.json", "libGLX_nvidia.so.0");
    }
}

pub(crate) fn h100_in_seven_slices() -> Tree {
    let tree = Tree::new();
    tree.function("0000:17:00.0", "0x030200", ("0x10de", "0x2330"), "nvidia");
    // Its switch is no display controller.
    tree.function("0000:18:00.0", "0x068000", ("0x10de", "0x22a3"), "nvidia");
    let slices: Vec<_> = (7..14).map(|id| (id, "1g.10gb")).collect();
    tree.nvidia("0000:17:00.0", "NVIDIA H100 80GB HBM3", &slices);
    tree
}

pub(crate) fn rtx_pro_with_graphics_slices() -> Tree {
    let tree = Tree::new();
    tree.function("0000:c1:00.0", "0x030200", ("0x10de", "0x2bb5"), "nvidia");
    let slices = [
        (3, "1g.24gb+gfx"),
        (4, "1g.24gb+gfx"),
        (5, "1g.24gb+gfx"),
        (6, "1g.24gb"),
    ];
    let model = "NVIDIA RTX PRO 6000 Blackwell Server Edition";
    tree.nvidia("0000:c1:00.0", model, &slices);
    tree
}

pub(crate) fn v710_with_virtual_functions() -> Tree {
    let tree = Tree::new();
    let class = "0x038000";
    tree.function("0000:03:00.0", class, ("0x1002", "0x7460"), "gim");
    let functions = [
        ("0000:03:02.0", "amdgpu"),
        ("0000:03:02.1", "amdgpu"),
        ("0000:03:02.2", "vfio-pci"),
        ("0000:03:02.3", "-"),
    ];
    tree.virtual_functions("0000:03:00.0", class, ("0x1002", "0x7461"), &functions);
    tree.render_node("0000:03:02.0", "renderD128");
    tree.render_node("0000:03:02.1", "renderD129");
    let memory = "sys/bus/pci/devices/0000:03:02.0/mem_info_vram_total";
    tree.file(memory, "7516192768\n");
    tree.vulkan_driver("radeon_icd.x86_64.json", "libvulkan_radeon.so");
    tree
}

pub(crate) fn flex_140_with_virtual_functions() -> Tree {
    let tree = Tree::new();
    let class = "0x038000";
    tree.function("0000:4d:00.0", class, ("0x8086", "0x56c1"), "i915");
    let functions = [
        ("0000:4d:00.1", "i915"),
        ("0000:4d:00.2", "i915"),
        ("0000:4d:00.3", "vfio-pci"),
    ];
    tree.virtual_functions("0000:4d:00.0", class, ("0x8086", "0x56c1"), &functions);
    tree.render_node("0000:4d:00.0", "renderD128");
    tree.render_node("0000:4d:00.1", "renderD129");
    tree.vulkan_driver("intel_icd.x86_64.json", "libvulkan_intel.so");
    tree
}

pub(crate) fn laptop() -> Tree {
    let tree = Tree::new();
    tree.function("0000:00:02.0", "0x030000", ("0x8086", "0x46a6"), "i915");
    tree.function(
        "0000:00:1f.3",
        "0x040100",
        ("0x8086", "0x51c8"),
        "snd_hda_intel",
    );
    tree.render_node("0000:00:02.0", "renderD128");
    tree.vulkan_driver("intel_icd.x86_64.json", "libvulkan_intel.so");
    tree.vulkan_driver("lvp_icd.x86_64.json", "libvulkan_lvp.so");
    tree
}

/// An adapter that Vulkan shows.
pub(crate) fn shown(
    number: usize,
    name: &str,
    vendor: u32,
    device: u32,
    device_type: DeviceType,
) -> Shown {
    let mut info = AdapterInfo::new(device_type, Wgpu::Vulkan);
    info.name = name.to_owned();
    info.vendor = vendor;
    info.device = device;
    Shown {
        number,
        info,
        limits: LimitSummary::default(),
        uuid: None,
        memory: Some(8 << 30),
    }
}

/// That all of them passed the self-test.
pub(crate) fn healthy(shown: impl IntoIterator<Item = Shown>) -> Vec<(Shown, Health)> {
    shown
        .into_iter()
        .map(|shown| (shown, Health::Healthy))
        .collect()
}
