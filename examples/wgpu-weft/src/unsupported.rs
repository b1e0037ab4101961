//! Objects of wgpu that WebGPU does not have. They can be named, and do nothing: making one is an error already.

use wgpu::custom::{
    BlasCompactCallback, BlasInterface, ExternalTextureInterface, PipelineCacheInterface,
    TlasInterface,
};

#[derive(Debug)]
pub(crate) struct Blas;

impl BlasInterface for Blas {
    fn prepare_compact_async(&self, callback: BlasCompactCallback) {
        callback(Err(wgpu::BlasAsyncError));
    }

    fn ready_for_compaction(&self) -> bool {
        false
    }
}

#[derive(Debug)]
pub(crate) struct Tlas;

impl TlasInterface for Tlas {}

#[derive(Debug)]
pub(crate) struct ExternalTexture;

impl ExternalTextureInterface for ExternalTexture {
    fn destroy(&self) {}
}

/// Shaders are kept compiled by the host.
#[derive(Debug)]
pub(crate) struct PipelineCache;

impl PipelineCacheInterface for PipelineCache {
    fn get_data(&self) -> Option<Vec<u8>> {
        None
    }
}
