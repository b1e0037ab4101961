//! What the list says of machines whose records were taken down, and of records that are not what they should be.

mod hostile;
mod trees;

use wgpu_types::DeviceType;

use self::trees::{Tree, healthy, shown};
use super::super::adapter::Code;
use super::*;
use crate::lease;

/// Kind, place and health of each adapter, as `weft gpu list` has them.
fn summary(inventory: &Inventory) -> Vec<String> {
    let adapters = inventory.adapters.iter();
    adapters
        .map(|adapter| {
            let place = adapter.pci.map(|address| address.to_string());
            let health = match &adapter.health {
                Health::Healthy => "healthy".to_owned(),
                Health::Unusable(problem) => format!("{:?}", problem.code),
            };
            let part = adapter.partition.as_deref().unwrap_or("whole");
            let place = place.as_deref().unwrap_or("nowhere");
            format!("{} {place} {part} {health}", adapter.kind.word())
        })
        .collect()
}

#[test]
fn an_h100_in_seven_slices_cannot_run_webgpu_and_says_why() {
    let tree = trees::h100_in_seven_slices();
    let inventory = Inventory::of(records(&tree.roots()), Vec::new());
    let mut expected = vec!["physical 0000:17:00.0 whole Divided".to_owned()];
    expected.extend(vec![
        "mig 0000:17:00.0 1g.10gb MigWithoutGraphics".to_owned();
        7
    ]);
    assert_eq!(summary(&inventory), expected);
    assert!(!inventory.is_usable());
    let slice = &inventory.adapters[3];
    assert_eq!(slice.name, "NVIDIA H100 80GB HBM3");
    assert_eq!(slice.parent, slice.pci);
    let uuid = slice.uuid.unwrap().to_string();
    assert_eq!(uuid, "MIG-11111111-2222-3333-4444-000000000002");
    let Health::Unusable(problem) = &slice.health else {
        panic!("it is healthy");
    };
    assert!(problem.reason.contains("no Vulkan"), "{problem:?}");
    assert!(problem.remedy.contains("nvidia-smi -mig 0"), "{problem:?}");
}

#[test]
fn slices_are_known_to_the_kernel_also_where_nothing_lists_them() {
    let tree = trees::h100_in_seven_slices();
    std::fs::remove_file(tree.path("nvidia-smi.txt")).unwrap();
    let inventory = Inventory::of(records(&tree.roots()), Vec::new());
    let summary = summary(&inventory);
    assert_eq!(summary.len(), 8);
    assert_eq!(summary[1], "mig 0000:17:00.0 gi 7 ci 0 MigWithoutGraphics");
    assert_eq!(summary[7], "mig 0000:17:00.0 gi 13 ci 0 MigWithoutGraphics");
}

#[test]
fn slices_with_graphics_are_used_once_vulkan_shows_them() {
    let tree = trees::rtx_pro_with_graphics_slices();
    let name = "NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb+gfx";
    let mut by_name = shown(0, name, 0x10de, 0x2bb5, DeviceType::DiscreteGpu);
    by_name.info.device_pci_bus_id = "0000:c1:00.0".to_owned();
    let mut by_uuid = shown(
        1,
        "NVIDIA RTX PRO 6000",
        0x10de,
        0x2bb5,
        DeviceType::DiscreteGpu,
    );
    by_uuid.info.device_pci_bus_id = "0000:c1:00.0".to_owned();
    by_uuid.uuid = "11111111-2222-3333-4444-000000000002".parse().ok();
    let both = healthy([by_name, by_uuid]);
    let inventory = Inventory::of(records(&tree.roots()), both);
    assert_eq!(
        summary(&inventory),
        [
            "physical 0000:c1:00.0 whole Divided",
            "mig 0000:c1:00.0 1g.24gb+gfx healthy",
            "mig 0000:c1:00.0 1g.24gb+gfx healthy",
            "mig 0000:c1:00.0 1g.24gb+gfx NotShown",
            "mig 0000:c1:00.0 1g.24gb MigWithoutGraphics",
        ]
    );
    let opened: Vec<_> = inventory
        .adapters
        .iter()
        .map(|adapter| adapter.open)
        .collect();
    assert_eq!(opened[1], Some(lease::Device::Vulkan(0)));
    assert_eq!(opened[2], Some(lease::Device::Vulkan(1)));
    assert_eq!(opened[3], None);
    assert!(inventory.is_usable());
}

#[test]
fn an_amd_device_and_its_virtual_functions_are_told_apart() {
    let tree = trees::v710_with_virtual_functions();
    let mut first = shown(
        0,
        "AMD Radeon PRO V710 VF",
        0x1002,
        0x7461,
        DeviceType::VirtualGpu,
    );
    first.info.device_pci_bus_id = "0000:03:02.0".to_owned();
    first.memory = None;
    let inventory = Inventory::of(records(&tree.roots()), healthy([first]));
    assert_eq!(
        summary(&inventory),
        [
            "physical 0000:03:00.0 whole PassedThrough",
            "sriov-vf 0000:03:02.0 whole healthy",
            "sriov-vf 0000:03:02.1 whole NotShown",
            "sriov-vf 0000:03:02.2 whole PassedThrough",
            "sriov-vf 0000:03:02.3 whole NoKernelDriver",
        ]
    );
    let parent = &inventory.adapters[0];
    assert_eq!(parent.virtual_functions, 4);
    let function = &inventory.adapters[1];
    assert_eq!(function.parent, parent.pci);
    // What Vulkan does not tell, the kernel's driver does.
    assert_eq!(function.memory, Some(7_516_192_768));
}

#[test]
fn an_intel_device_is_usable_beside_its_virtual_functions() {
    let tree = trees::flex_140_with_virtual_functions();
    let on = |number, address: &str| {
        let name = "Intel(R) Data Center GPU Flex 140";
        let mut shown = shown(number, name, 0x8086, 0x56c1, DeviceType::DiscreteGpu);
        shown.info.device_pci_bus_id = address.to_owned();
        shown
    };
    let shown = healthy([on(0, "0000:4d:00.0"), on(1, "0000:4d:00.1")]);
    let inventory = Inventory::of(records(&tree.roots()), shown);
    assert_eq!(
        summary(&inventory),
        [
            "physical 0000:4d:00.0 whole healthy",
            "sriov-vf 0000:4d:00.1 whole healthy",
            "sriov-vf 0000:4d:00.2 whole NoDeviceFile",
            "sriov-vf 0000:4d:00.3 whole PassedThrough",
        ]
    );
    let Health::Unusable(problem) = &inventory.adapters[3].health else {
        panic!("it is healthy");
    };
    assert!(problem.reason.contains("`vfio-pci`"), "{problem:?}");
    assert!(problem.remedy.contains("0000:4d:00.3"), "{problem:?}");
}

#[test]
fn a_laptop_has_its_integrated_gpu_and_a_software_adapter() {
    let tree = trees::laptop();
    // Its driver does not tell where it is: it is the only one with these ids.
    let name = "Intel(R) Iris(R) Xe Graphics (ADL GT2)";
    let gpu = shown(0, name, 0x8086, 0x46a6, DeviceType::IntegratedGpu);
    let cpu = shown(
        1,
        "llvmpipe (LLVM 15.0.6, 256 bits)",
        0x1_0005,
        0,
        DeviceType::Cpu,
    );
    let inventory = Inventory::of(records(&tree.roots()), healthy([cpu, gpu]));
    let expected = [
        "physical 0000:00:02.0 whole healthy",
        "software nowhere whole healthy",
    ];
    assert_eq!(summary(&inventory), expected);
    assert!(inventory.adapters[0].integrated);
    assert_eq!(inventory.adapters[0].kernel_driver.as_deref(), Some("i915"));
    assert_eq!(inventory.adapters[1].vendor.word, "mesa");
}

#[test]
fn a_laptop_without_a_vulkan_driver_is_told_what_to_install() {
    let tree = trees::laptop();
    std::fs::remove_file(tree.path("icd.d/intel_icd.x86_64.json")).unwrap();
    let inventory = Inventory::of(records(&tree.roots()), Vec::new());
    let Health::Unusable(problem) = &inventory.adapters[0].health else {
        panic!("it is healthy");
    };
    assert_eq!(problem.code, Code::NoVulkanDriver);
    assert!(problem.remedy.contains("mesa-vulkan-drivers"));
    assert_eq!(
        inventory.adapters[0].name,
        "intel display controller 8086:46a6"
    );
}

#[test]
fn a_container_without_the_bus_has_what_nvidia_s_driver_records() {
    let tree = trees::h100_in_seven_slices();
    std::fs::remove_dir_all(tree.path("sys")).unwrap();
    std::fs::remove_dir_all(tree.path("proc/driver/nvidia/capabilities")).unwrap();
    std::fs::remove_file(tree.path("nvidia-smi.txt")).unwrap();
    let roots = Roots {
        nvidia_capabilities: Some("compute,utility".to_owned()),
        ..tree.roots()
    };
    let inventory = Inventory::of(records(&roots), Vec::new());
    let expected = ["physical 0000:17:00.0 whole NoGraphicsCapability"];
    assert_eq!(summary(&inventory), expected);
    assert_eq!(inventory.adapters[0].name, "NVIDIA H100 80GB HBM3");
}

#[test]
fn a_machine_with_nothing_has_an_empty_list() {
    let tree = Tree::new();
    let inventory = Inventory::of(records(&tree.roots()), Vec::new());
    assert_eq!(inventory, Inventory::default());
}

#[test]
fn the_list_does_not_depend_on_the_order_in_which_the_driver_shows_adapters() {
    let tree = Tree::new();
    let on = |number, address: &str| {
        let mut shown = shown(number, "a", 0x10de, 0x2330, DeviceType::DiscreteGpu);
        shown.info.device_pci_bus_id = address.to_owned();
        shown
    };
    let list = |order: [&str; 3]| {
        let numbered = order.iter().enumerate();
        let shown = numbered.map(|(number, address)| on(number, address));
        summary(&Inventory::of(records(&tree.roots()), healthy(shown)))
    };
    let (a, b, c) = ("0000:01:00.0", "0000:02:00.0", "10000:01:00.0");
    assert_eq!(list([a, b, c]), list([c, b, a]));
}
