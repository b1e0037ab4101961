//! Objects that are none: what a guest gets for a descriptor that says something impossible. Its error is told already.

use wgpu_types as wgt;

use super::{
    BindGroupLayout, BindGroupLayoutDescriptor, ComputePipeline, ComputePipelineDescriptor, Device,
    ProgrammableStage, RenderPipeline, RenderPipelineDescriptor, ShaderModule,
    ShaderModuleDescriptor, VertexState,
};
use crate::error::ErrorKind;

impl Device {
    /// What `make` makes, without the error that it makes too.
    pub(crate) fn invalid<T>(&self, make: impl FnOnce(&Self) -> T) -> T {
        self.errors().push_scope(ErrorKind::Validation);
        let made = make(self);
        // The scope that was opened above is there to be closed.
        let _ = self.errors().pop_scope();
        made
    }

    pub(crate) fn invalid_layout(&self) -> BindGroupLayout {
        let entry = wgt::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgt::ShaderStages::NONE,
            ty: wgt::BindingType::Sampler(wgt::SamplerBindingType::Filtering),
            count: None,
        };
        // Two entries for one binding.
        self.create_bind_group_layout(&BindGroupLayoutDescriptor {
            label: None,
            entries: vec![entry, entry],
        })
    }

    pub(crate) fn invalid_module(&self) -> ShaderModule {
        self.create_shader_module(ShaderModuleDescriptor {
            label: None,
            code: "!".to_owned(),
        })
    }

    pub(crate) fn invalid_compute_pipeline(&self) -> ComputePipeline {
        self.create_compute_pipeline(ComputePipelineDescriptor {
            label: None,
            layout: None,
            compute: self.invalid_stage(),
        })
    }

    pub(crate) fn invalid_render_pipeline(&self) -> RenderPipeline {
        self.create_render_pipeline(RenderPipelineDescriptor {
            label: None,
            layout: None,
            vertex: VertexState {
                stage: self.invalid_stage(),
                buffers: Vec::new(),
            },
            primitive: wgt::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgt::MultisampleState::default(),
            fragment: None,
        })
    }

    fn invalid_stage(&self) -> ProgrammableStage {
        ProgrammableStage {
            module: self.invalid_module(),
            entry_point: None,
            constants: Vec::new(),
        }
    }

    /// Is ready when everything that was asked for before has been handed to the GPU, so that its errors are known.
    pub fn settled(&self) -> impl Future<Output = ()> + Send + use<> {
        let (reply, settled) = tokio::sync::oneshot::channel();
        self.core.push(crate::timeline::Op::Settled(reply));
        async move {
            // The device is gone, and with it what waited.
            let _ = settled.await;
        }
    }
}
