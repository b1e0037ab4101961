//! What files turn out to be: components, everything that people hand over by mistake, and garbage.

use insta::assert_snapshot;
use proptest::prelude::*;
use wasm_encoder::{
    Component, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, EntityType,
    ImportSection, InstanceType, Module, ModuleSection, TypeSection,
};

use super::{InspectError, inspect, looks_like_wasm};

fn guest(name: &str) -> Vec<u8> {
    std::fs::read(weft_testkit::guest(name)).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    inspect(bytes).unwrap_err().to_string()
}

/// A core module with one imported function.
fn module(import_from: &str) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import(import_from, "f", EntityType::Function(0));
    let mut module = Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

#[test]
fn a_component_is_read_in_the_order_of_its_file() {
    let shape = inspect(&guest("linked_middle")).unwrap();
    let exports: Vec<_> = shape.exports.iter().map(ToString::to_string).collect();
    assert_eq!(exports, ["weft-test:linked/plain@0.1.0"]);
    let linked = shape
        .imports
        .iter()
        .find(|import| import.name == exports[0]);
    assert_eq!(linked.unwrap().interface.as_ref(), Some(&shape.exports[0]));
    assert!(
        shape
            .imports
            .iter()
            .all(|import| import.interface.is_some())
    );
    assert!(shape.plain_exports.is_empty());
}

#[test]
fn nested_components_are_not_looked_into() {
    let inner = guest("linked_middle");
    let mut outer = Component::new();
    outer.section(&wasm_encoder::RawSection {
        id: 4,
        data: &inner,
    });
    outer.section(&ModuleSection(&Module::new()));
    let shape = inspect(&outer.finish()).unwrap();
    assert_eq!(shape, super::Shape::default());
}

#[test]
fn an_import_that_implements_an_interface_keeps_its_own_name() {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imports = ComponentImportSection::new();
    imports.import("plain", ComponentTypeRef::Instance(0));
    imports.import("a:b/c@1.0.0", ComponentTypeRef::Instance(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    let shape = inspect(&component.finish()).unwrap();
    let seen: Vec<_> = shape
        .imports
        .iter()
        .map(|import| (import.name.as_str(), import.interface.is_some()))
        .collect();
    assert_eq!(seen, [("plain", false), ("a:b/c@1.0.0", true)]);
}

#[test]
fn files_that_are_no_component_are_named_and_what_to_do_is_said() {
    assert_snapshot!(refused(b""), @"the file is empty; build the component first, or point at another file");
    assert_snapshot!(refused(&module("env")), @"this is a core WebAssembly module, not a component; build it for a component target such as `wasm32-wasip2`, or wrap it with `wasm-tools component new <file> -o <component>`");
    assert_snapshot!(refused(&module("wasi_snapshot_preview1")), @"this is a core module for WASI preview 1, not a component; build it for `wasm32-wasip2`, or wrap it with `wasm-tools component new <file> --adapt wasi_snapshot_preview1.wasm -o <component>`");
    assert_snapshot!(refused(b";; a comment\n\n (component)"), @"this is WebAssembly text, not binary; encode it with `wasm-tools parse <file> -o <component>.wasm`");
    assert_snapshot!(refused(b"\x7fELF\x02\x01\x01\0"), @"this is a native program or precompiled code (ELF), not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)");
    assert_snapshot!(refused(b"\x1f\x8b\x08\0"), @"this is a gzip archive, not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)");
    assert_snapshot!(refused(b"PK\x03\x04"), @"this is a zip archive, not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)");
    assert_snapshot!(refused(b"<!doctype html><title>404</title>"), @"this is HTML or XML, perhaps the page of a failed download, not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)");
    assert_snapshot!(refused(b"{\"a\": 1}"), @"this is JSON, not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)");
    assert_snapshot!(refused(b"apiVersion: v1"), @"this is a file of unknown kind, not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)");
    assert_snapshot!(refused(b"\0asm\x0d\0\x02\0"), @"the component is malformed at byte 4: the version of the binary format is unknown; build it again with current tools");
}

#[test]
fn a_preview_1_module_by_its_old_name_is_one_too() {
    assert_eq!(
        inspect(&module("wasi_unstable")),
        Err(InspectError::Wasip1Module)
    );
}

#[test]
fn a_header_alone_is_an_empty_component_and_part_of_one_is_cut_off() {
    assert_eq!(inspect(b"\0asm\x0d\0\x01\0"), Ok(super::Shape::default()));
    for length in 4..8 {
        let cut = &b"\0asm\x0d\0\x01\0"[..length];
        let offset = length as u64;
        assert_eq!(inspect(cut), Err(InspectError::Truncated { offset }));
    }
}

#[test]
fn a_component_that_was_cut_off_anywhere_is_said_to_be_so() {
    let whole = guest("linked_cycle_a");
    let mut ends = Vec::new();
    super::for_each_section(&whole, |_, section| {
        ends.push(section.as_ptr() as usize + section.len() - whole.as_ptr() as usize);
        Ok(())
    })
    .unwrap();
    for length in 1..whole.len() {
        match inspect(&whole[..length]) {
            // What ends with a section is a component of its own.
            Ok(_) => assert!(ends.contains(&length), "cut at {length}"),
            Err(InspectError::Truncated { offset }) => assert!(offset <= length as u64),
            Err(InspectError::Malformed { .. } | InspectError::NotWasm { .. }) => {}
            Err(other) => panic!("cut at {length}: {other:?}"),
        }
    }
}

#[test]
fn a_component_with_any_byte_changed_is_read_or_refused() {
    let whole = guest("linked_cycle_a");
    for position in 0..whole.len() {
        let mut changed = whole.clone();
        changed[position] = !changed[position];
        // Whatever it says, it says it without a panic.
        if let Err(refused) = inspect(&changed) {
            assert!(!refused.to_string().is_empty());
        }
    }
}

#[test]
fn wasm_is_told_from_manifests() {
    for bytes in [
        &guest("linked_cycle_a")[..],
        b"\0asm",
        b"(module)",
        b"\n  (component)",
    ] {
        assert!(looks_like_wasm(bytes));
    }
    for bytes in [&b""[..], b"apiVersion: v1", b"{}", b"# (module)"] {
        assert!(!looks_like_wasm(bytes));
    }
}

proptest! {
    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(inspect(&bytes).is_err() || bytes.starts_with(b"\0asm"));
    }

    #[test]
    fn random_bytes_behind_a_header_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let mut component = b"\0asm\x0d\0\x01\0".to_vec();
        component.extend(bytes);
        if let Err(refused) = inspect(&component) {
            prop_assert!(
                matches!(refused, InspectError::Truncated { .. } | InspectError::Malformed { .. }),
                "{refused:?}"
            );
        }
    }
}
