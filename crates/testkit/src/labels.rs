//! Imports under labels (`import db-password: wasmcloud:secrets/secret@2.1.0;`), for guests that are linked by a tool that
//! does not know labels yet: an import of another name is given its label in the finished component.

use std::path::PathBuf;

use wasm_encoder::{
    ComponentExternName, ComponentImportSection, ComponentSection, ComponentTypeRef, Encode,
};
use wasmparser::{Chunk, Parser, Payload};

use crate::assemble::replace;
use crate::guests::{components, guest};

/// The component of a guest whose import of the interface `import` is given this label instead, for the interface
/// `implements`; if that is empty, `label` is a name like any other.
pub fn labelled(guest_name: &str, import: &str, label: &str, implements: &str) -> PathBuf {
    let bytes = std::fs::read(guest(guest_name)).expect("the guest can be read");
    let mut out = Vec::with_capacity(bytes.len());
    let mut parser = Parser::new(0);
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true).expect("a component")
        else {
            panic!("`{guest_name}` ends in the middle");
        };
        let nested = match &payload {
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => unchecked_range.len(),
            _ => 0,
        };
        let (section, after) = rest.split_at(consumed + nested);
        rest = after;
        let Payload::ComponentImportSection(imports) = payload else {
            out.extend_from_slice(section);
            continue;
        };
        let mut renamed = ComponentImportSection::new();
        for one in imports {
            let one = one.expect("an import");
            let mut name = ComponentExternName::from(one.name);
            if one.name.name == import {
                name.name = label.into();
                name.implements = Some(implements.into()).filter(|_| !implements.is_empty());
            }
            renamed.import(name, type_of(one.ty));
        }
        out.push(renamed.id());
        renamed.encode(&mut out);
    }
    let file = components()
        .join("assembled")
        .join(format!("{guest_name}-{label}.wasm"));
    if !std::fs::read(&file).is_ok_and(|old| old == out) {
        replace(&file, &out);
    }
    file
}

fn type_of(ty: wasmparser::ComponentTypeRef) -> ComponentTypeRef {
    match ty {
        wasmparser::ComponentTypeRef::Instance(index) => ComponentTypeRef::Instance(index),
        wasmparser::ComponentTypeRef::Func(index) => ComponentTypeRef::Func(index),
        other => panic!("guests import instances and functions, not {other:?}"),
    }
}
