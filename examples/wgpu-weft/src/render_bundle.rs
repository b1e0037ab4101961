//! Render bundles: drawing that is recorded once and drawn again and again.

use std::rc::Rc;

use crate::bindings::*;
use crate::convert::{label, texture_format};
use crate::device::Shared;
use wgpu::custom::*;

pub(crate) struct RenderBundleEncoder {
    shared: Rc<Shared>,
    encoder: GpuRenderBundleEncoder,
}

impl std::fmt::Debug for RenderBundleEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RenderBundleEncoder")
            .field(&self.encoder)
            .finish()
    }
}

impl RenderBundleEncoder {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::RenderBundleEncoderDescriptor<'_>) -> Self {
        let depth = desc.depth_stencil;
        if desc.multiview.is_some() {
            shared.refuse("WebGPU has no multiview".to_owned());
        }
        let colors = desc.color_formats.iter();
        let encoder =
            shared
                .device
                .create_render_bundle_encoder(&GpuRenderBundleEncoderDescriptor {
                    depth_read_only: depth.map(|depth| depth.depth_read_only),
                    stencil_read_only: depth.map(|depth| depth.stencil_read_only),
                    // No target can have a format that WebGPU does not have: the host refused that.
                    color_formats: colors
                        .map(|format| format.and_then(texture_format))
                        .collect(),
                    depth_stencil_format: depth.and_then(|depth| texture_format(depth.format)),
                    sample_count: Some(desc.sample_count),
                    label: label(desc.label),
                });
        Self {
            shared: Rc::clone(shared),
            encoder,
        }
    }
}

impl RenderBundleEncoderInterface for RenderBundleEncoder {
    crate::drawing::commands!(encoder);

    fn finish(self, desc: &wgpu::RenderBundleDescriptor<'_>) -> DispatchRenderBundle {
        let desc = GpuRenderBundleDescriptor {
            label: label(desc.label),
        };
        DispatchRenderBundle::custom(RenderBundle(self.encoder.finish(Some(&desc))))
    }

    fn finish_boxed(
        self: Box<Self>,
        desc: &wgpu::RenderBundleDescriptor<'_>,
    ) -> DispatchRenderBundle {
        (*self).finish(desc)
    }
}

#[derive(Debug)]
pub(crate) struct RenderBundle(pub(crate) GpuRenderBundle);

impl RenderBundleInterface for RenderBundle {}
