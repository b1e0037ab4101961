//! Inspect step: say what a file is and, for a component, what it imports and exports. Pure; compiles nothing.
//!
//! Only the outermost sections are read. Whether the code inside is valid is the compiler's business.

use wasmparser::{Chunk, ComponentExternalKind, ComponentTypeRef, Parser, Payload};
use weft_api::interface::InterfaceName;

/// What a component asks for and offers, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Imports in the order of the file.
    pub imports: Vec<Import>,
    /// Exported interfaces in the order of the file.
    pub exports: Vec<InterfaceName>,
    /// Other exports: functions and plain names.
    pub plain_exports: Vec<String>,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The name in the file, e.g. `wasi:http/types@0.2.3` or `team-a`.
    pub name: String,
    /// The interface asked for; none for a plain function or type.
    pub interface: Option<InterfaceName>,
}

/// Why a file cannot be run. The text says what the file is and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    #[error("the file is empty; build the component first, or point at another file")]
    Empty,
    #[error(
        "this is a core module for WASI preview 1, not a component; build it for `wasm32-wasip2`, or wrap it with \
         `wasm-tools component new <file> --adapt wasi_snapshot_preview1.wasm -o <component>`"
    )]
    Wasip1Module,
    #[error(
        "this is a core WebAssembly module, not a component; build it for a component target such as `wasm32-wasip2`, \
         or wrap it with `wasm-tools component new <file> -o <component>`"
    )]
    CoreModule,
    #[error(
        "this is WebAssembly text, not binary; encode it with `wasm-tools parse <file> -o <component>.wasm`"
    )]
    Text,
    #[error(
        "this is {kind}, not a WebAssembly component; `weft run` takes a component (.wasm) or a manifest (.yaml)"
    )]
    NotWasm { kind: &'static str },
    #[error(
        "the file ends in the middle, at byte {offset}; it was cut off, so build or download it again"
    )]
    Truncated { offset: u64 },
    #[error(
        "the component is malformed at byte {offset}: {message}; build it again with current tools"
    )]
    Malformed { offset: u64, message: String },
}

/// Reads the outermost sections of a file.
pub fn inspect(bytes: &[u8]) -> Result<Shape, InspectError> {
    check_kind(bytes)?;
    let mut shape = Shape::default();
    for_each_section(bytes, |payload, _| match payload {
        Payload::ComponentImportSection(imports) => {
            for import in imports {
                let import = import?;
                let asked = import.name.implements.unwrap_or(import.name.name);
                let interface = match import.ty {
                    ComponentTypeRef::Instance(_) => asked.parse().ok(),
                    _ => None,
                };
                shape.imports.push(Import {
                    name: import.name.name.to_owned(),
                    interface,
                });
            }
            Ok(())
        }
        Payload::ComponentExportSection(exports) => {
            for export in exports {
                let export = export?;
                match (export.kind, export.name.name.parse()) {
                    (ComponentExternalKind::Instance, Ok(interface)) => {
                        shape.exports.push(interface)
                    }
                    _ => shape.plain_exports.push(export.name.name.to_owned()),
                }
            }
            Ok(())
        }
        _ => Ok(()),
    })?;
    Ok(shape)
}

/// Calls `visit` with each section of the outermost component and the bytes of the file that it covers, header
/// included. The contents of nested modules and components are stepped over.
pub(crate) fn for_each_section<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(Payload<'a>, &'a [u8]) -> wasmparser::Result<()>,
) -> Result<(), InspectError> {
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let at = (bytes.len() - rest.len()) as u64;
        let (consumed, payload) = match parser
            .parse(rest, true)
            .map_err(|error| malformed(&error))?
        {
            Chunk::Parsed { consumed, payload } => (consumed, payload),
            Chunk::NeedMoreData(_) => return Err(InspectError::Truncated { offset: at }),
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
        let covered = consumed.saturating_add(nested);
        let section = rest.get(..covered).ok_or(InspectError::Truncated {
            offset: bytes.len() as u64,
        })?;
        let done = matches!(payload, Payload::End(_));
        visit(payload, section).map_err(|error| malformed(&error))?;
        if done {
            return Ok(());
        }
        rest = rest.get(covered..).unwrap_or_default();
    }
}

/// Tells a component from everything else that people hand over by mistake.
fn check_kind(bytes: &[u8]) -> Result<(), InspectError> {
    let not_wasm = |kind| Err(InspectError::NotWasm { kind });
    match bytes {
        [] => Err(InspectError::Empty),
        [0, b'a', b's', b'm', rest @ ..] => match rest {
            [_, _, 1, 0, ..] => Ok(()),
            [1, 0, 0, 0, ..] => Err(core_module(bytes)),
            [_, _, _, _, ..] => Err(InspectError::Malformed {
                offset: 4,
                message: "the version of the binary format is unknown".to_owned(),
            }),
            _ => Err(InspectError::Truncated {
                offset: bytes.len() as u64,
            }),
        },
        [0x7f, b'E', b'L', b'F', ..] => not_wasm("a native program or precompiled code (ELF)"),
        [0x1f, 0x8b, ..] => not_wasm("a gzip archive"),
        [b'P', b'K', 3, 4, ..] => not_wasm("a zip archive"),
        [b'{' | b'[', ..] => not_wasm("JSON"),
        [b'<', ..] => not_wasm("HTML or XML, perhaps the page of a failed download"),
        _ if is_text(bytes) => Err(InspectError::Text),
        _ => not_wasm("a file of unknown kind"),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    head.lines()
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with(";;"))
        .is_some_and(|line| {
            let line = line.trim_start();
            line.starts_with("(module") || line.starts_with("(component")
        })
}

fn core_module(bytes: &[u8]) -> InspectError {
    let imports_wasi = Parser::new(0)
        .parse_all(bytes)
        .map_while(Result::ok)
        .any(|payload| match payload {
            Payload::ImportSection(imports) => {
                imports.into_imports().filter_map(Result::ok).any(|import| {
                    import.module == "wasi_snapshot_preview1" || import.module == "wasi_unstable"
                })
            }
            _ => false,
        });
    if imports_wasi {
        InspectError::Wasip1Module
    } else {
        InspectError::CoreModule
    }
}

fn malformed(error: &wasmparser::BinaryReaderError) -> InspectError {
    if error.message().contains("unexpected end") {
        return InspectError::Truncated {
            offset: error.offset() as u64,
        };
    }
    InspectError::Malformed {
        offset: error.offset() as u64,
        message: error.message().to_owned(),
    }
}

/// Whether the header says WebAssembly; used by callers that accept manifests too.
pub fn looks_like_wasm(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") || is_text(bytes)
}

#[cfg(test)]
mod tests;
