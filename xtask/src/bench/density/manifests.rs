//! What the hosts of the density benchmark are given: components that differ in one section, and manifests.

use crate::bench::workloads::{Reuse, Workload};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Workloads in one manifest: a file may have 4 MiB.
const IN_A_FILE: usize = 500;

/// Manifests, each for a host of its own.
pub(crate) struct Manifests {
    /// A tenth of those, to compare with: what a host needs once and for all has then been needed.
    pub(crate) few: Vec<PathBuf>,
    /// As many workloads as there are components.
    pub(crate) apart: Vec<PathBuf>,
    /// All workloads; they share the components.
    pub(crate) all: Vec<PathBuf>,
}

impl Manifests {
    /// Writes `workloads` workloads of `distinct` components, made from `original`, into `folder`.
    pub(crate) fn write(
        folder: &Path,
        original: &[u8],
        workloads: u32,
        distinct: u32,
    ) -> Result<Self> {
        let components = (0..distinct)
            .map(|number| {
                let file = folder.join(format!("component-{number}.wasm"));
                fs::write(&file, variant(original, number))?;
                Ok(file)
            })
            .collect::<Result<Vec<_>>>()?;
        let documents: Vec<String> = (0..workloads)
            .zip(components.iter().cycle())
            .map(|(number, component)| document(number, component))
            .collect();
        let write = |name: &str, documents: &[String]| {
            let files = documents.chunks(IN_A_FILE).enumerate();
            files
                .map(|(index, documents)| {
                    let file = folder.join(format!("{name}-{index}.yaml"));
                    fs::write(&file, documents.concat())?;
                    Ok(file)
                })
                .collect::<Result<Vec<_>>>()
        };
        let first = |count: usize| documents.get(..count).context("too few workloads");
        Ok(Self {
            few: write("few", first(few(distinct) as usize)?)?,
            apart: write("apart", first(components.len())?)?,
            all: write("all", &documents)?,
        })
    }
}

/// How many workloads the host has that others are compared with.
pub(crate) fn few(distinct: u32) -> u32 {
    distinct.div_ceil(10)
}

/// The host name of a workload.
pub(crate) fn host_name(number: u32) -> String {
    format!("w{number}.density.test")
}

fn document(number: u32, component: &Path) -> String {
    let workload = Workload {
        name: &format!("w{number}"),
        host: &host_name(number),
        component,
        reuse: Reuse::NONE,
        capabilities: true,
    };
    workload.document()
}

/// A component that does the same as `original` and is another file: a section that nobody reads says which.
fn variant(original: &[u8], number: u32) -> Vec<u8> {
    const CUSTOM: u8 = 0;
    const NAME: &[u8] = b"variant";
    let number = number.to_le_bytes();
    // Both lengths are below 128, which LEB128 writes as they are.
    let section = [&[NAME.len() as u8], NAME, &number].concat();
    [original, &[CUSTOM, section.len() as u8], &section].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_has_one_more_section_with_its_number() {
        let variant = variant(b"\0asm\x0d\0\x01\0", 0x0102);
        let expected = b"\0asm\x0d\0\x01\0\0\x0c\x07variant\x02\x01\0\0";
        assert_eq!(variant, expected);
    }

    #[test]
    fn each_workload_has_a_name_and_a_host_of_its_own() {
        let text = document(7, Path::new("/c.wasm"));
        assert!(text.contains("  name: w7\n"), "{text}");
        assert!(text.contains("host: w7.density.test\n"), "{text}");
    }

    #[test]
    fn workloads_share_components_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let manifests = Manifests::write(folder.path(), b"\0asm", 1001, 11).unwrap();
        assert_eq!(manifests.all.len(), 3);
        let read = |files: &[PathBuf]| -> String {
            files
                .iter()
                .map(|file| fs::read_to_string(file).unwrap())
                .collect()
        };
        let all = read(&manifests.all);
        assert_eq!(all.matches("kind: Workload\n").count(), 1001);
        assert_eq!(all.matches("component-2.wasm").count(), 91);
        assert_eq!(
            read(&manifests.apart).matches("kind: Workload\n").count(),
            11
        );
        assert_eq!(read(&manifests.few).matches("kind: Workload\n").count(), 2);
    }
}
