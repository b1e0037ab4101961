//! What fusing makes of several components: names that belong to one of them, and misfits that names do not show.

use weft_engine::compose::{ComposeError, Fused, fuse};
use weft_engine::inspect::inspect;
use weft_engine::linked::Component;
use weft_engine::plan::Purpose;

use crate::support::{Draft, engine, workload};

fn fused(draft: &Draft, components: &[Component]) -> Result<Fused, ComposeError> {
    let valid = draft.plan(components, Purpose::Serve).unwrap();
    let program = valid.program.unwrap();
    let parts = program.parts.iter();
    let parts: Vec<_> = parts
        .map(|part| &components[part.position])
        .map(|component| (&*component.bytes, &component.shape))
        .collect();
    fuse(&program, &parts)
}

/// Puts one text in the place of another of the same length.
fn replaced(component: &Component, from: &str, to: &str) -> Component {
    assert_eq!(from.len(), to.len());
    let mut bytes = component.bytes.to_vec();
    for start in 0..bytes.len().saturating_sub(from.len()) {
        let window = &mut bytes[start..start + from.len()];
        if window == from.as_bytes() {
            window.copy_from_slice(to.as_bytes());
        }
    }
    let shape = inspect(&bytes).unwrap();
    Component {
        bytes: bytes.into(),
        shape,
    }
}

#[test]
fn a_lone_component_stays_as_it_is() {
    let draft = workload("compose-lone").component("http_kitchen");
    let components = draft.components();
    let fused = fused(&draft, &components).unwrap();
    assert!(*fused.bytes == *components[0].bytes && fused.scoped.is_empty());
}

#[test]
fn a_fused_program_exports_what_its_entry_does_and_imports_only_from_the_host() {
    let draft = workload("compose-two")
        .component("linked_caller")
        .component("linked_callee");
    let components = draft.components();
    let shape = inspect(&fused(&draft, &components).unwrap().bytes).unwrap();
    assert_eq!(shape.exports, components[0].shape.exports);
    let linked = shape
        .imports
        .iter()
        .filter(|import| import.name.contains("weft-test"));
    assert_eq!(linked.count(), 0);
}

#[test]
fn what_bears_identity_gets_a_name_of_its_own_in_every_part_but_the_entry() {
    let draft = workload("compose-scoped")
        .component("linked_caller")
        .component("linked_bridge")
        .component("linked_callee_0_2");
    let components = draft.components();
    let fused = fused(&draft, &components).unwrap();
    let shape = inspect(&fused.bytes).unwrap();
    let names: Vec<_> = shape
        .imports
        .iter()
        .map(|import| import.name.as_str())
        .collect();
    for scoped in &fused.scoped {
        assert!(names.contains(&scoped.name.as_str()), "{scoped:?}");
        assert!(
            scoped.name.starts_with(&format!("wasi-c{}:", scoped.part)),
            "{scoped:?}"
        );
        assert_eq!(scoped.interface.namespace, "wasi");
    }
    for (part, interface) in [
        (1, "cli/environment"),
        (2, "cli/environment"),
        (2, "config/store"),
        (2, "http/outgoing-handler"),
    ] {
        let own = format!("wasi-c{part}:{interface}@");
        assert_eq!(
            names.iter().filter(|name| name.starts_with(&own)).count(),
            1,
            "{own}: {names:?}"
        );
    }
    let of_entry = names
        .iter()
        .filter(|name| name.starts_with("wasi:cli/environment@"));
    assert_eq!(of_entry.count(), 1);
}

#[test]
fn each_line_of_an_interface_is_imported_in_one_version() {
    let draft = workload("compose-versions")
        .component("linked_caller")
        .component("linked_callee");
    let mut components = draft.components();
    components[1] = replaced(
        &components[1],
        "wasi:io/streams@0.2.12",
        "wasi:io/streams@0.2.10",
    );
    assert_ne!(components[0].shape.imports, components[1].shape.imports);
    let shape = inspect(&fused(&draft, &components).unwrap().bytes).unwrap();
    let mut lines: Vec<_> = shape
        .imports
        .iter()
        .filter_map(|import| import.interface.clone())
        .filter(|name| name.namespace == "wasi")
        .map(|name| (name.package.clone(), name.interface.clone(), name.track()))
        .collect();
    let all = lines.len();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), all, "{:?}", shape.imports);
}

#[test]
fn types_that_differ_behind_compatible_names_are_refused_with_both_sides() {
    let draft = workload("compose-types")
        .component("linked_caller")
        .component("linked_callee_0_2");
    let mut components = draft.components();
    // An author who broke the interface and kept its version line.
    for interface in ["plain", "things"] {
        let name = |version: &str| format!("weft-test:linked/{interface}@{version}");
        components[1] = replaced(&components[1], &name("0.2.0"), &name("0.1.9"));
    }
    let refused = fused(&draft, &components).unwrap_err();
    assert!(
        matches!(refused, ComposeError::TypesDiffer { .. }),
        "{refused:?}"
    );
    let refused = refused.to_string();
    for part in [
        "`linked-caller`",
        "`weft-test:linked/plain@0.1.0`",
        "`linked-callee-0-2`",
        "greet",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

#[test]
fn a_part_with_invalid_types_is_refused_by_name() {
    let draft = workload("compose-invalid")
        .component("linked_caller")
        .component("linked_callee");
    let mut components = draft.components();
    let mut bytes = components[1].bytes.to_vec();
    // A last section that is one no component has.
    bytes.extend([0x6e, 0x01, 0x00]);
    components[1].bytes = bytes.into();
    let refused = fused(&draft, &components).unwrap_err().to_string();
    assert!(
        refused.contains("component `linked-callee` is not valid"),
        "{refused}"
    );
}

#[tokio::test]
async fn types_that_differ_from_those_of_the_host_are_refused_when_linking() {
    let draft = workload("compose-host").component("http_kitchen");
    let mut components = draft.components();
    components[0] = replaced(&components[0], "get-random-bytes", "get-random-bytez");
    let valid = draft.plan(&components, Purpose::Serve).unwrap();
    let Err(refused) = engine().link(valid, components[..].into()).await else {
        panic!("a function that the host does not have was bound")
    };
    let refused = refused.to_string();
    assert!(
        refused.contains("do not fit what the host provides"),
        "{refused}"
    );
    assert!(refused.contains("get-random-bytez"), "{refused}");
}
