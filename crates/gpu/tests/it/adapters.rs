//! The list of this machine's adapters: with the backend without a driver, and with the software adapter of Vulkan.

use std::fs;

use weft_gpu::broker::{Backend, Inventory, Kind, Roots, Selector};

/// No records of a machine: only what Vulkan shows is listed.
fn nowhere() -> Roots {
    Roots {
        sys: "/nowhere".into(),
        proc: "/nowhere".into(),
        dev: "/nowhere".into(),
        ..Roots::default()
    }
}

#[test]
fn the_software_adapter_is_listed_computes_rightly_and_is_taken_with_a_warning() {
    let installed = ["/usr/share", "/usr/local/share", "/etc"]
        .iter()
        .filter_map(|folder| fs::read_dir(format!("{folder}/vulkan/icd.d")).ok())
        .flat_map(|entries| entries.flatten())
        .any(|entry| entry.file_name().to_string_lossy().starts_with("lvp"));
    if !installed {
        println!("skipped: Mesa's software adapter is not installed (mesa-vulkan-drivers)");
        return;
    }
    let inventory = Inventory::take(&nowhere(), Backend::Vulkan);
    let software: Vec<_> = inventory
        .adapters
        .iter()
        .filter(|adapter| adapter.kind == Kind::Software)
        .collect();
    assert_eq!(software.len(), 1, "{inventory:#?}");
    assert!(software[0].is_healthy(), "{inventory:#?}");
    assert!(software[0].name.starts_with("llvmpipe"));
    assert!(software[0].memory.is_some());
    assert!(software[0].limits.unwrap().max_buffer_size >= 256 << 20);
    assert!(software[0].open.is_some());
    let taken = inventory.select(&Selector::Software).unwrap();
    assert_eq!(taken.adapter, software[0]);
    if inventory.adapters.len() == 1 {
        let taken = inventory.select(&Selector::Auto).unwrap();
        assert!(taken.software_by_default);
    }
}

#[test]
fn the_backend_without_a_driver_is_an_adapter_for_tests() {
    let inventory = Inventory::take(&nowhere(), Backend::Noop);
    assert_eq!(inventory.adapters.len(), 1);
    assert_eq!(inventory.adapters[0].kind, Kind::Noop);
    assert!(inventory.is_usable());
    let taken = inventory.select(&Selector::Auto).unwrap();
    assert!(taken.software_by_default);
}

#[test]
fn this_machine_s_own_records_can_be_read() {
    let inventory = Inventory::take(&Roots::default(), Backend::Noop);
    for (index, adapter) in inventory.adapters.iter().enumerate() {
        assert_eq!(adapter.index, index);
    }
}

#[test]
fn programs_read_stable_words() {
    let inventory = Inventory::take(&nowhere(), Backend::Noop);
    let json = serde_json::to_value(&inventory).unwrap();
    let adapter = &json["adapters"][0];
    assert_eq!(adapter["index"], 0);
    assert_eq!(adapter["kind"], "noop");
    assert_eq!(adapter["health"]["state"], "healthy");
    assert_eq!(adapter["pci"], serde_json::Value::Null);
    assert!(adapter["limits"]["max_buffer_size"].is_u64());
    assert!(adapter.get("open").is_none());
}
