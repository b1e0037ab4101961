//! `wasi:webgpu@0.3.0-rc.2` over the objects. A function that the WIT calls `async` is one of the host with an `Accessor`;
//! all others have the view of the store, but the two that make a future or a stream, which need the store itself.

mod adapter;
mod buffer;
mod convert;
mod device;
mod encoder;
mod passes;
mod texture;

use wasmtime::component::Linker;

use crate::{Gpus, View};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/wasi-webgpu-0.3",
        world: "imports",
        imports: {
            "wasi:webgpu/webgpu.[method]gpu-device.lost": store | trappable,
            "wasi:webgpu/webgpu.[method]gpu-device.on-uncaptured-error": store | trappable,
            "wasi:webgpu/webgpu.[method]gpu-queue.submit": async | trappable,
            default: trappable,
        },
        with: {
            "wasi:webgpu/webgpu.gpu": crate::bound::Gpu,
            "wasi:webgpu/webgpu.gpu-adapter": crate::bound::Adapter,
            "wasi:webgpu/webgpu.gpu-adapter-info": crate::bound::AdapterInfo,
            "wasi:webgpu/webgpu.gpu-bind-group": crate::bound::BindGroup,
            "wasi:webgpu/webgpu.gpu-bind-group-layout": crate::bound::BindGroupLayout,
            "wasi:webgpu/webgpu.gpu-buffer": crate::bound::Buffer,
            "wasi:webgpu/webgpu.gpu-canvas-context": crate::bound::CanvasContext,
            "wasi:webgpu/webgpu.gpu-command-buffer": crate::bound::CommandBuffer,
            "wasi:webgpu/webgpu.gpu-command-encoder": crate::bound::CommandEncoder,
            "wasi:webgpu/webgpu.gpu-compilation-info": crate::bound::CompilationInfo,
            "wasi:webgpu/webgpu.gpu-compilation-message": crate::bound::CompilationMessage,
            "wasi:webgpu/webgpu.gpu-compute-pass-encoder": crate::bound::ComputePassEncoder,
            "wasi:webgpu/webgpu.gpu-compute-pipeline": crate::bound::ComputePipeline,
            "wasi:webgpu/webgpu.gpu-device": crate::bound::Device,
            "wasi:webgpu/webgpu.gpu-device-lost-info": crate::bound::DeviceLostInfo,
            "wasi:webgpu/webgpu.gpu-error": crate::bound::GpuError,
            "wasi:webgpu/webgpu.gpu-pipeline-layout": crate::bound::PipelineLayout,
            "wasi:webgpu/webgpu.gpu-query-set": crate::bound::QuerySet,
            "wasi:webgpu/webgpu.gpu-queue": crate::bound::Queue,
            "wasi:webgpu/webgpu.gpu-render-bundle": crate::bound::RenderBundle,
            "wasi:webgpu/webgpu.gpu-render-bundle-encoder": crate::bound::RenderBundleEncoder,
            "wasi:webgpu/webgpu.gpu-render-pass-encoder": crate::bound::RenderPassEncoder,
            "wasi:webgpu/webgpu.gpu-render-pipeline": crate::bound::RenderPipeline,
            "wasi:webgpu/webgpu.gpu-sampler": crate::bound::Sampler,
            "wasi:webgpu/webgpu.gpu-shader-module": crate::bound::ShaderModule,
            "wasi:webgpu/webgpu.gpu-supported-features": crate::bound::SupportedFeatures,
            "wasi:webgpu/webgpu.gpu-supported-limits": crate::bound::SupportedLimits,
            "wasi:webgpu/webgpu.gpu-texture": crate::bound::Texture,
            "wasi:webgpu/webgpu.gpu-texture-view": crate::bound::TextureView,
            "wasi:webgpu/webgpu.gpu-uncaptured-error-event": crate::bound::UncapturedErrorEvent,
            "wasi:webgpu/webgpu.record-gpu-pipeline-constant-value": crate::bound::ConstantValues,
            "wasi:webgpu/webgpu.record-option-gpu-size64": crate::bound::RequiredLimits,
            "wasi:webgpu/webgpu.wgsl-language-features": crate::bound::LanguageFeatures,
        },
    });
}

use bindings::wasi::webgpu::webgpu;

crate::methods::labels!(webgpu);
crate::methods::refusals!(webgpu);
crate::methods::values!(webgpu);

/// Adds `wasi:webgpu/webgpu@0.3.0-rc.2`.
///
/// # Errors
///
/// The linker has it already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    webgpu::add_to_linker::<T, Gpus>(linker, view)
}
