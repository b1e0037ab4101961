//! The objects that are plain values: what an adapter is and can do, and the maps that a guest fills before a call.

use std::collections::BTreeMap;

use crate::convert::{features, limits};

/// Entries of one map; what a guest adds beyond is an error of the call that takes the map.
const ENTRIES: usize = 1024;
/// Bytes of a key.
const KEY: usize = 1024;

/// `GPUAdapterInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Who makes it.
    pub vendor: String,
    /// Its family.
    pub architecture: String,
    /// What the maker calls it.
    pub device: String,
    /// For people.
    pub description: String,
    /// Invocations of the smallest subgroup.
    pub subgroup_min_size: u32,
    /// Invocations of the largest subgroup.
    pub subgroup_max_size: u32,
    /// It is software.
    pub is_fallback: bool,
}

/// `GPUSupportedFeatures`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupportedFeatures(pub wgpu_types::Features);

impl SupportedFeatures {
    /// Whether it has the feature of this name; not, if WebGPU has no such feature.
    pub fn has(&self, name: &str) -> bool {
        features::has(self.0, name)
    }
}

/// `GPUSupportedLimits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportedLimits(pub wgpu_types::Limits);

/// `WGSLLanguageFeatures`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LanguageFeatures;

impl LanguageFeatures {
    /// Whether shaders may use the language feature of this name.
    pub fn has(&self, name: &str) -> bool {
        features::LANGUAGE.contains(&name)
    }
}

/// What kind of message the compiler has: `GPUCompilationMessageType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompilationMessageKind {
    /// The shader cannot be used.
    Error,
    /// It can, with care.
    Warning,
    /// Something to know.
    Info,
}

/// `GPUCompilationMessage`. Lines and columns begin with 1 and are 0 if there is none; places are in UTF-16 code units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompilationMessage {
    /// For people.
    pub message: String,
    /// How bad it is.
    pub kind: CompilationMessageKind,
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
    /// Where it begins in the whole text.
    pub offset: u64,
    /// How long it is.
    pub length: u64,
}

/// `GPUCompilationInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompilationInfo {
    /// All that the compiler said.
    pub messages: Vec<CompilationMessage>,
}

/// Values of `override` constants by name: `record<USVString, GPUPipelineConstantValue>`.
pub type ConstantValues = Map<f64>;

/// Limits that a device needs by name: `record<DOMString, GPUSize64>`, where `None` asks for nothing.
pub type RequiredLimits = Map<Option<u64>>;

/// A map that a guest fills entry by entry; bounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<V> {
    entries: BTreeMap<String, V>,
    overflown: bool,
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            overflown: false,
        }
    }
}

impl<V: Copy> Map<V> {
    /// Adds an entry, in place of one of the same name.
    pub fn add(&mut self, key: String, value: V) {
        if key.len() > KEY || (self.entries.len() >= ENTRIES && !self.entries.contains_key(&key)) {
            self.overflown = true;
        } else {
            self.entries.insert(key, value);
        }
    }

    /// The value of a name.
    pub fn get(&self, key: &str) -> Option<V> {
        self.entries.get(key).copied()
    }

    /// Whether there is an entry of this name.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// All entries, by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, V)> {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), *value))
    }

    /// Whether something was added that there was no room for: whoever takes the map refuses it then.
    pub fn is_overflown(&self) -> bool {
        self.overflown
    }
}

impl RequiredLimits {
    /// The limits of a device that asks for these, on an adapter that has `adapter`.
    ///
    /// # Errors
    ///
    /// There is no limit of a name, or it is better than the adapter's.
    pub fn resolve(
        &self,
        adapter: &wgpu_types::Limits,
    ) -> Result<wgpu_types::Limits, crate::convert::Unsupported> {
        if self.overflown {
            return Err(crate::convert::Unsupported::new(
                "more required limits than there are",
            ));
        }
        limits::resolve(self.entries(), adapter)
    }
}
