//! Records that are not what they should be: the list is short, whatever they are, and nothing panics or waits.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::*;

fn list(tree: &Tree) -> Inventory {
    Inventory::of(records(&tree.roots()), Vec::new())
}

#[test]
fn files_where_folders_are_expected_and_the_other_way_round() {
    let tree = Tree::new();
    tree.file("sys/bus/pci/devices", "a file");
    tree.file("proc/driver/nvidia/gpus", "a file");
    tree.file("icd.d", "a file");
    tree.file("dev", "a file");
    assert_eq!(list(&tree), Inventory::default());
    let tree = Tree::new();
    for folder in [
        "sys/bus/pci/devices/0000:01:00.0/class/x",
        "sys/bus/pci/devices/0000:02:00.0/vendor/x",
        "proc/driver/nvidia/gpus/0000:01:00.0/information/x",
        "icd.d/a.json/x",
        "nvidia-smi.txt/x",
    ] {
        tree.file(folder, "");
    }
    tree.file("sys/bus/pci/devices/0000:02:00.0/class", "0x030000");
    // Only NVIDIA's record of a device is left, which is its name.
    assert_eq!(list(&tree).adapters.len(), 1);
}

#[test]
fn links_that_lead_in_circles_or_nowhere() {
    let tree = Tree::new();
    tree.link("sys/bus/pci/devices/0000:01:00.0", "0000:01:00.0");
    tree.link(
        "proc/driver/nvidia/gpus/0000:01:00.0/information",
        "information",
    );
    tree.link("nvidia-smi.txt", "nvidia-smi.txt");
    tree.link("icd.d/a.json", "/nowhere");
    tree.file("sys/bus/pci/devices/0000:02:00.0/class", "0x030000");
    tree.file("sys/bus/pci/devices/0000:02:00.0/vendor", "0x1002");
    tree.file("sys/bus/pci/devices/0000:02:00.0/device", "0x1");
    for link in ["driver", "physfn", "drm"] {
        tree.link(&format!("sys/bus/pci/devices/0000:02:00.0/{link}"), "..");
    }
    let inventory = list(&tree);
    assert_eq!(inventory.adapters.len(), 2);
    let function = &inventory.adapters[1];
    assert_eq!(
        (function.parent, function.kernel_driver.as_deref()),
        (None, None)
    );
}

#[test]
fn numbers_out_of_range_and_text_that_is_none() {
    for (file, content) in [
        ("class", "0x1000000000000"),
        ("class", "-1"),
        ("class", "0xffffffffffffffffffff"),
        ("vendor", "0x100000000"),
        ("device", "ten"),
    ] {
        let tree = trees::laptop();
        tree.file(&format!("sys/bus/pci/devices/0000:00:02.0/{file}"), content);
        assert_eq!(list(&tree), Inventory::default(), "{file} {content}");
    }
    let tree = trees::laptop();
    let folder = "sys/bus/pci/devices/0000:00:02.0";
    tree.file(&format!("{folder}/sriov_numvfs"), "99999999999");
    tree.file(&format!("{folder}/mem_info_vram_total"), b"\xff\xfe");
    tree.file("icd.d/intel_icd.x86_64.json", b"\xff\xfe");
    let adapter = &list(&tree).adapters[0];
    assert_eq!((adapter.virtual_functions, adapter.memory), (0, None));
}

#[test]
fn names_that_are_no_text_are_left_out() {
    let tree = trees::laptop();
    for name in [&b"\xff\xfe"[..], b"0000:\xff1:00.0"] {
        let folder = tree
            .path("sys/bus/pci/devices")
            .join(OsStr::from_bytes(name));
        fs::create_dir(folder).unwrap();
    }
    tree.file("sys/bus/pci/devices/0000:zz:00.0/class", "0x030000");
    assert_eq!(list(&tree).adapters.len(), 1);
}

#[test]
fn huge_records_are_read_to_a_bound() {
    let tree = trees::h100_in_seven_slices();
    let huge = format!("Model: {}\n", "x\u{1b}".repeat(4 << 20));
    tree.file("proc/driver/nvidia/gpus/0000:17:00.0/information", &huge);
    tree.file("nvidia-smi.txt", &huge);
    let inventory = list(&tree);
    let name = &inventory.adapters[0].name;
    assert!(name.len() <= 200 && !name.contains('\u{1b}'), "{name}");
}

#[test]
fn a_hundred_thousand_entries_are_looked_at_to_a_bound() {
    let tree = Tree::new();
    let folder = tree.path("sys/bus/pci/devices");
    fs::create_dir_all(&folder).unwrap();
    let real = tree.path("one");
    fs::create_dir(&real).unwrap();
    for (name, text) in [
        ("class", "0x030000"),
        ("vendor", "0x1002"),
        ("device", "0x1"),
    ] {
        fs::write(real.join(name), text).unwrap();
    }
    for number in 0..100_000u32 {
        let (domain, rest) = (number >> 16, number & 0xffff);
        let (bus, device, function) = (rest >> 8, (rest >> 3) & 0x1f, rest & 7);
        let name = format!("{domain:04x}:{bus:02x}:{device:02x}.{function}");
        std::os::unix::fs::symlink(&real, folder.join(name)).unwrap();
    }
    let inventory = list(&tree);
    assert_eq!(inventory.adapters.len(), 16_384);
    assert_eq!(inventory.notes.len(), 1);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let tree = trees::laptop();
    let class = tree.path("sys/bus/pci/devices/0000:00:02.0/class");
    fs::remove_file(&class).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&class).status();
    assert!(made.unwrap().success());
    assert_eq!(list(&tree), Inventory::default());
}
