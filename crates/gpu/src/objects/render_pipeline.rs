//! `GPURenderPipeline`: shaders, and all that is fixed about drawing with them.

use std::sync::Arc;

use wgpu_core::id::RenderPipelineId;
use wgpu_core::pipeline;
use wgpu_types as wgt;

use super::compiled::{Compiled, Kind, PipelineError};
use super::compute_pipeline::{ProgrammableStage, check_layout, layout, stage};
use super::label::Label;
use super::{BindGroupLayout, DeviceCore, PipelineLayout};
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};

/// A render pipeline; clones are the same one.
#[derive(Clone, Debug)]
pub struct RenderPipeline {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: RenderPipelineId,
    label: Label,
    _object: Option<Credit>,
}

/// `GPURenderPipelineDescriptor`.
#[derive(Clone, Debug)]
pub struct RenderPipelineDescriptor {
    /// Its label.
    pub label: Option<String>,
    /// The layout; `None` is one made from the shader.
    pub layout: Option<PipelineLayout>,
    /// The vertex shader.
    pub vertex: VertexState,
    /// How vertices become triangles, lines or points.
    pub primitive: wgt::PrimitiveState,
    /// What happens to depth and stencil.
    pub depth_stencil: Option<wgt::DepthStencilState>,
    /// Samples of each pixel.
    pub multisample: wgt::MultisampleState,
    /// The fragment shader.
    pub fragment: Option<FragmentState>,
}

/// `GPUVertexState`.
#[derive(Clone, Debug)]
pub struct VertexState {
    /// The shader.
    pub stage: ProgrammableStage,
    /// What its vertex buffers look like.
    pub buffers: Vec<Option<VertexBufferLayout>>,
}

/// `GPUVertexBufferLayout`.
#[derive(Clone, Debug)]
pub struct VertexBufferLayout {
    /// Bytes from one element to the next.
    pub array_stride: u64,
    /// Whether an element is for a vertex or an instance.
    pub step_mode: wgt::VertexStepMode,
    /// What is in an element.
    pub attributes: Vec<wgt::VertexAttribute>,
}

/// `GPUFragmentState`.
#[derive(Clone, Debug)]
pub struct FragmentState {
    /// The shader.
    pub stage: ProgrammableStage,
    /// What it writes to.
    pub targets: Vec<Option<wgt::ColorTargetState>>,
}

impl Kind for RenderPipelineDescriptor {
    type Id = RenderPipelineId;

    fn check(&self, device: &DeviceCore) -> Result<(), GpuError> {
        check_layout(device, self.layout.as_ref())?;
        self.vertex.stage.check(device)?;
        match &self.fragment {
            Some(fragment) => fragment.stage.check(device),
            None => Ok(()),
        }
    }

    fn create(&self, device: &DeviceCore) -> (Self::Id, Option<GpuError>) {
        let buffer = |buffer: &VertexBufferLayout| pipeline::VertexBufferLayout {
            array_stride: buffer.array_stride,
            step_mode: buffer.step_mode,
            attributes: buffer.attributes.clone().into(),
        };
        let buffers = self.vertex.buffers.iter();
        let descriptor = pipeline::RenderPipelineDescriptor {
            label: None,
            layout: self.layout.as_ref().map(|layout| layout.core.id),
            vertex: pipeline::VertexState {
                stage: self.vertex.stage.stage(),
                buffers: buffers.map(|it| it.as_ref().map(buffer)).collect(),
            },
            primitive: self.primitive,
            depth_stencil: self.depth_stencil.clone(),
            multisample: self.multisample,
            fragment: self
                .fragment
                .as_ref()
                .map(|fragment| pipeline::FragmentState {
                    stage: fragment.stage.stage(),
                    targets: fragment.targets.as_slice().into(),
                }),
            multiview_mask: None,
            cache: None,
        };
        let global = &device.lease.global;
        let (id, error) = global.device_create_render_pipeline(device.id, &descriptor, None);
        (id, error.and_then(|error| GpuError::of(&error)))
    }

    fn invalid(device: &DeviceCore) -> Self::Id {
        let module = super::shader_module::invalid(device);
        let descriptor = pipeline::RenderPipelineDescriptor {
            label: None,
            layout: None,
            vertex: pipeline::VertexState {
                stage: stage(module, None, &[]),
                buffers: (&[]).into(),
            },
            primitive: wgt::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgt::MultisampleState::default(),
            fragment: None,
            multiview_mask: None,
            cache: None,
        };
        let global = &device.lease.global;
        let (id, _) = global.device_create_render_pipeline(device.id, &descriptor, None);
        global.shader_module_drop(module);
        id
    }

    fn forget(device: &DeviceCore, id: Self::Id) {
        device.lease.global.render_pipeline_drop(id);
    }
}

impl RenderPipeline {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: RenderPipelineDescriptor) -> Self {
        let label = descriptor.label.clone();
        let object = device.charge(Charged::Objects, 1);
        let id = match object {
            Some(_) => Compiled::now(device, descriptor),
            None => RenderPipelineDescriptor::invalid(device),
        };
        Self::of(device, id, label.as_ref(), object)
    }

    pub(super) fn new_async(
        device: &Arc<DeviceCore>,
        descriptor: RenderPipelineDescriptor,
    ) -> impl Future<Output = Result<Self, PipelineError>> + Send + use<> {
        let label = descriptor.label.clone();
        let device = Arc::clone(device);
        let made = Compiled::later(&device, descriptor);
        async move {
            let (id, object) = made.await?;
            Ok(Self::of(&device, id, label.as_ref(), Some(object)))
        }
    }

    fn of(
        device: &Arc<DeviceCore>,
        id: RenderPipelineId,
        label: Option<&String>,
        object: Option<Credit>,
    ) -> Self {
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                label: Label::new(label),
                _object: object,
            }),
        }
    }

    /// The layout of the bind group of this number; an invalid one with a validation error if there is none.
    pub fn get_bind_group_layout(&self, index: u32) -> BindGroupLayout {
        let device = &self.core.device;
        let global = &device.lease.global;
        layout(device, index, |index| {
            let (id, error) =
                global.render_pipeline_get_bind_group_layout(self.core.id, index, None);
            (id, error.and_then(|error| GpuError::of(&error)))
        })
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.render_pipeline_drop(self.id);
    }
}
