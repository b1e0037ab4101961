//! Which adapter is taken, and what is said when none can be.

use super::super::adapter::{Code, Problem, Vendor};
use super::*;

/// An adapter: kind, name, address, memory in GiB, whether it is healthy.
fn adapter(kind: Kind, name: &str, pci: &str, memory: u64, healthy: bool) -> Adapter {
    Adapter {
        index: 0,
        name: name.to_owned(),
        vendor: Vendor::of(0x10de),
        device: 1,
        kind,
        integrated: false,
        pci: pci.parse().ok(),
        parent: None,
        partition: None,
        virtual_functions: 0,
        uuid: None,
        memory: Some(memory << 30),
        kernel_driver: None,
        driver: None,
        driver_info: None,
        limits: None,
        health: match healthy {
            true => Health::Healthy,
            false => Health::Unusable(Problem::new(Code::NoAnswer, "hangs", "restart it")),
        },
        open: None,
    }
}

fn inventory(adapters: impl IntoIterator<Item = Adapter>) -> Inventory {
    let mut adapters: Vec<_> = adapters.into_iter().collect();
    for (index, adapter) in adapters.iter_mut().enumerate() {
        adapter.index = index;
    }
    Inventory {
        adapters,
        notes: Vec::new(),
    }
}

fn software() -> Adapter {
    adapter(Kind::Software, "llvmpipe", "", 0, true)
}

#[track_caller]
fn assert_taken(inventory: &Inventory, selector: &str, index: usize) {
    let taken = inventory.select(&selector.parse().unwrap()).unwrap();
    assert_eq!(taken.adapter.index, index, "{selector}");
}

#[test]
fn auto_takes_the_healthy_hardware_with_most_memory() {
    let inventory = inventory([
        adapter(Kind::Physical, "small", "01:00.0", 8, true),
        adapter(Kind::Physical, "ill", "02:00.0", 80, false),
        adapter(Kind::SriovVf, "large", "03:00.0", 24, true),
        adapter(Kind::Mig, "large too", "04:00.0", 24, true),
        adapter(Kind::Software, "llvmpipe", "", 999, true),
    ]);
    assert_taken(&inventory, "auto", 2);
    let taken = inventory.select(&Selector::Auto).unwrap();
    assert!(!taken.software_by_default);
    assert_eq!(taken.remark(), None);
}

#[test]
fn auto_takes_a_card_rather_than_what_shares_the_memory_of_the_machine() {
    let mut shared = adapter(Kind::Physical, "iris", "00:02.0", 60, true);
    shared.integrated = true;
    let card = adapter(Kind::Physical, "card", "01:00.0", 8, true);
    assert_taken(&inventory([shared.clone(), card]), "auto", 1);
    assert_taken(&inventory([shared, software()]), "auto", 0);
}

#[test]
fn auto_falls_to_software_and_says_so() {
    let ill = adapter(Kind::Physical, "ill", "02:00.0", 80, false);
    let inventory = inventory([ill, software()]);
    let taken = inventory.select(&Selector::Auto).unwrap();
    assert!(taken.software_by_default);
    assert!(taken.remark().unwrap().contains("on the CPU"));
    // Who asks for it needs no warning.
    let taken = inventory.select(&Selector::Software).unwrap();
    assert!(!taken.software_by_default);
    assert_eq!(taken.remark(), None);
}

#[test]
fn each_form_takes_what_it_names() {
    let uuid = "GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f";
    let mut second = adapter(Kind::SriovVf, "NVIDIA L40S", "02:00.0", 48, true);
    second.uuid = uuid.parse().ok();
    let inventory = inventory([
        adapter(Kind::Physical, "NVIDIA H100", "01:00.0", 80, true),
        second,
        software(),
    ]);
    for (selector, index) in [
        ("pci:0000:02:00.0", 1),
        (&*format!("uuid:{uuid}"), 1),
        ("kind:sriov-vf", 1),
        ("kind:software", 2),
        ("name:*l40*", 1),
        ("index:2", 2),
        ("software", 2),
    ] {
        assert_taken(&inventory, selector, index);
    }
}

#[test]
fn what_fits_several_takes_the_first_and_says_so() {
    let inventory = inventory([
        adapter(Kind::Physical, "NVIDIA A", "01:00.0", 8, false),
        adapter(Kind::Physical, "NVIDIA A", "02:00.0", 8, true),
        adapter(Kind::Physical, "NVIDIA A", "03:00.0", 80, true),
    ]);
    let taken = inventory.select(&"name:nvidia*".parse().unwrap()).unwrap();
    assert_eq!((taken.adapter.index, taken.others), (1, 1));
    let remark = taken.remark().unwrap();
    assert!(
        remark.contains("2 adapters fit") && remark.contains("0000:02:00.0"),
        "{remark}"
    );
}

#[test]
fn a_refusal_lists_what_there_is_and_why_not() {
    let inventory = inventory([
        adapter(Kind::Physical, "NVIDIA A", "01:00.0", 8, true),
        adapter(Kind::Physical, "NVIDIA B", "02:00.0", 8, false),
    ]);
    let refused = inventory
        .select(&"pci:02:00.0".parse().unwrap())
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no GPU adapter for `pci:0000:02:00.0`; there is:\n  `NVIDIA B` at 0000:02:00.0: hangs; restart it\n  \
         `NVIDIA A` at 0000:01:00.0: is index:0, kind:physical"
    );
    let refused = inventory.select(&Selector::Off).unwrap_err();
    assert!(refused.to_string().contains("--gpu off"));
}

#[test]
fn an_empty_machine_says_what_to_install() {
    let refused = inventory([]).select(&Selector::Auto).unwrap_err();
    assert!(refused.to_string().contains("mesa-vulkan-drivers"));
}

#[test]
fn a_refusal_is_short_on_a_large_machine() {
    let many = (0..1000).map(|_| adapter(Kind::Physical, "a", "01:00.0", 8, false));
    let refused = inventory(many).select(&Selector::Auto).unwrap_err();
    let text = refused.to_string();
    assert_eq!(text.lines().count(), 18);
    assert!(text.ends_with("and 984 more (`weft gpu list`)"));
}
