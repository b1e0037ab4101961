//! The objects that are plain values: what an adapter is and can do, and the maps that a guest fills before a call.

use std::collections::BTreeMap;

use crate::convert::features;

/// Entries of one map; what a guest adds beyond is an error of the call that takes the map.
const ENTRIES: usize = 1024;
/// Bytes of a key.
const KEY: usize = 1024;

/// `GPU`: where a guest begins.
#[derive(Clone, Copy, Debug)]
pub struct Gpu;

/// `GPUCanvasContext`: nothing makes one, a server has no canvas.
#[derive(Clone, Debug)]
pub enum CanvasContext {}

/// `GPUUncapturedErrorEvent`: nothing makes one, errors come in a stream.
#[derive(Clone, Debug)]
pub enum UncapturedErrorEvent {}

/// `GPUBufferUsage`: a namespace, of which there is no instance.
#[derive(Clone, Debug)]
pub enum BufferUsage {}

/// `GPUMapMode`: a namespace.
#[derive(Clone, Debug)]
pub enum MapMode {}

/// `GPUTextureUsage`: a namespace.
#[derive(Clone, Debug)]
pub enum TextureUsage {}

/// `GPUShaderStage`: a namespace.
#[derive(Clone, Debug)]
pub enum ShaderStage {}

/// `GPUColorWrite`: a namespace.
#[derive(Clone, Debug)]
pub enum ColorWrite {}

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
