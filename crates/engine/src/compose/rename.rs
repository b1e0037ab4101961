//! Renaming the imports of a component, in its bytes.
//!
//! Only the names in the outermost import sections change. Everything else, the types of the imports included, refers
//! to them by index, so it is copied as it stands.

use wasm_encoder::{
    ComponentExternName, ComponentImportSection, ComponentSection, ComponentTypeRef, Encode,
    PrimitiveValType, TypeBounds,
};
use wasmparser::Payload;

use crate::inspect::for_each_section;

/// Copies a component, giving each import the name that `new_name` has for it.
pub(super) fn imports<'n>(
    bytes: &[u8],
    new_name: impl Fn(&str) -> Option<&'n str>,
) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(bytes.len() + 256);
    for_each_section(bytes, |payload, section| {
        let Payload::ComponentImportSection(imports) = payload else {
            out.extend_from_slice(section);
            return Ok(());
        };
        let mut renamed = ComponentImportSection::new();
        for import in imports {
            let import = import?;
            let mut name = ComponentExternName::from(import.name);
            if let Some(new) = new_name(import.name.name) {
                name.name = new.into();
            }
            renamed.import(name, type_ref(import.ty));
        }
        out.push(renamed.id());
        renamed.encode(&mut out);
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    Ok(out)
}

fn type_ref(ty: wasmparser::ComponentTypeRef) -> ComponentTypeRef {
    use wasmparser::{ComponentTypeRef as Parsed, ComponentValType, TypeBounds as ParsedBounds};
    match ty {
        Parsed::Module(index) => ComponentTypeRef::Module(index),
        Parsed::Func(index) => ComponentTypeRef::Func(index),
        Parsed::Value(ComponentValType::Type(index)) => {
            ComponentTypeRef::Value(wasm_encoder::ComponentValType::Type(index))
        }
        Parsed::Value(ComponentValType::Primitive(primitive)) => ComponentTypeRef::Value(
            wasm_encoder::ComponentValType::Primitive(PrimitiveValType::from(primitive)),
        ),
        Parsed::Type(ParsedBounds::Eq(index)) => ComponentTypeRef::Type(TypeBounds::Eq(index)),
        Parsed::Type(ParsedBounds::SubResource) => ComponentTypeRef::Type(TypeBounds::SubResource),
        Parsed::Instance(index) => ComponentTypeRef::Instance(index),
        Parsed::Component(index) => ComponentTypeRef::Component(index),
    }
}
