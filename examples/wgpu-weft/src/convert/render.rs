//! The descriptors of drawing: pipelines and the attachments of passes.

use super::*;
use crate::bindings::*;
use crate::of;
use crate::texture::TextureView;

/// What stands where a format is asked for that WebGPU does not have: the host then refuses the object.
pub(crate) type Unknown = String;

pub(crate) fn known(format: wgpu::TextureFormat) -> Result<GpuTextureFormat, Unknown> {
    texture_format(format).ok_or_else(|| format!("the texture format {format:?}"))
}

pub(crate) fn color(color: wgpu::Color) -> GpuColor {
    GpuColor {
        r: color.r,
        g: color.g,
        b: color.b,
        a: color.a,
    }
}

pub(crate) fn primitive(state: &wgpu::PrimitiveState) -> Result<GpuPrimitiveState, Unknown> {
    if state.polygon_mode != wgpu::PolygonMode::Fill {
        return Err(format!("the polygon mode {:?}", state.polygon_mode));
    }
    if state.conservative {
        return Err("conservative rasterization".to_owned());
    }
    Ok(GpuPrimitiveState {
        topology: Some(topology(state.topology)),
        strip_index_format: state.strip_index_format.map(index_format),
        front_face: Some(front_face(state.front_face)),
        cull_mode: Some(state.cull_mode.map_or(GpuCullMode::None, cull_mode)),
        unclipped_depth: Some(state.unclipped_depth),
    })
}

pub(crate) fn vertex_buffer(
    layout: &wgpu::VertexBufferLayout<'_>,
) -> Result<GpuVertexBufferLayout, Unknown> {
    let attributes = layout.attributes.iter().map(|attribute| {
        Ok(GpuVertexAttribute {
            format: vertex_format(attribute.format)
                .ok_or_else(|| format!("the vertex format {:?}", attribute.format))?,
            offset: attribute.offset,
            shader_location: attribute.shader_location,
        })
    });
    Ok(GpuVertexBufferLayout {
        array_stride: layout.array_stride,
        step_mode: Some(step_mode(layout.step_mode)),
        attributes: attributes.collect::<Result<_, Unknown>>()?,
    })
}

fn blend_component(component: wgpu::BlendComponent) -> GpuBlendComponent {
    GpuBlendComponent {
        operation: Some(blend_operation(component.operation)),
        src_factor: Some(blend_factor(component.src_factor)),
        dst_factor: Some(blend_factor(component.dst_factor)),
    }
}

pub(crate) fn color_target(
    target: &wgpu::ColorTargetState,
) -> Result<GpuColorTargetState, Unknown> {
    Ok(GpuColorTargetState {
        format: known(target.format)?,
        blend: target.blend.map(|blend| GpuBlendState {
            color: blend_component(blend.color),
            alpha: blend_component(blend.alpha),
        }),
        write_mask: Some(color_writes(target.write_mask)),
    })
}

fn stencil_face(face: wgpu::StencilFaceState) -> GpuStencilFaceState {
    GpuStencilFaceState {
        compare: Some(compare(face.compare)),
        fail_op: Some(stencil_operation(face.fail_op)),
        depth_fail_op: Some(stencil_operation(face.depth_fail_op)),
        pass_op: Some(stencil_operation(face.pass_op)),
    }
}

pub(crate) fn depth_stencil(
    state: &wgpu::DepthStencilState,
) -> Result<GpuDepthStencilState, Unknown> {
    Ok(GpuDepthStencilState {
        format: known(state.format)?,
        depth_write_enabled: state.depth_write_enabled,
        depth_compare: state.depth_compare.map(compare),
        stencil_front: Some(stencil_face(state.stencil.front)),
        stencil_back: Some(stencil_face(state.stencil.back)),
        stencil_read_mask: Some(state.stencil.read_mask),
        stencil_write_mask: Some(state.stencil.write_mask),
        depth_bias: Some(state.bias.constant),
        depth_bias_slope_scale: Some(state.bias.slope_scale),
        depth_bias_clamp: Some(state.bias.clamp),
    })
}

pub(crate) fn multisample(state: wgpu::MultisampleState) -> GpuMultisampleState {
    GpuMultisampleState {
        count: Some(state.count),
        // wgpu's mask has 64 bits; WebGPU's has 32, and no texture has more than 4 samples.
        mask: Some(u32::try_from(state.mask).unwrap_or(u32::MAX)),
        alpha_to_coverage_enabled: Some(state.alpha_to_coverage_enabled),
    }
}

/// How an attachment begins: with what it holds, or with a value. Where wgpu does not care, it is cleared.
fn load<V: Default>(load: wgpu::LoadOp<V>) -> (GpuLoadOp, Option<V>) {
    match load {
        wgpu::LoadOp::Load => (GpuLoadOp::Load, None),
        wgpu::LoadOp::Clear(value) => (GpuLoadOp::Clear, Some(value)),
        wgpu::LoadOp::DontCare(_) => (GpuLoadOp::Clear, Some(V::default())),
    }
}

pub(crate) fn color_attachment<'a>(
    attachment: &wgpu::RenderPassColorAttachment<'a>,
) -> GpuRenderPassColorAttachment<'a> {
    let (load_op, clear_value) = load(attachment.ops.load);
    GpuRenderPassColorAttachment {
        view: &of!(attachment.view => TextureView).0,
        depth_slice: attachment.depth_slice,
        resolve_target: attachment
            .resolve_target
            .map(|target| &of!(target => TextureView).0),
        clear_value: clear_value.map(color),
        load_op,
        store_op: store_op(attachment.ops.store),
    }
}

pub(crate) fn depth_stencil_attachment<'a>(
    attachment: &wgpu::RenderPassDepthStencilAttachment<'a>,
) -> GpuRenderPassDepthStencilAttachment<'a> {
    let depth = attachment.depth_ops.map(|ops| (load(ops.load), ops.store));
    let stencil = attachment
        .stencil_ops
        .map(|ops| (load(ops.load), ops.store));
    GpuRenderPassDepthStencilAttachment {
        view: &of!(attachment.view => TextureView).0,
        depth_clear_value: depth.and_then(|((_, value), _)| value),
        depth_load_op: depth.map(|((load, _), _)| load),
        depth_store_op: depth.map(|(_, store)| store_op(store)),
        depth_read_only: Some(depth.is_none()),
        stencil_clear_value: stencil.and_then(|((_, value), _)| value),
        stencil_load_op: stencil.map(|((load, _), _)| load),
        stencil_store_op: stencil.map(|(_, store)| store_op(store)),
        stencil_read_only: Some(stencil.is_none()),
    }
}
