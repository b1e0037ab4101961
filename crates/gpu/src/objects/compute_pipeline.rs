//! `GPUComputePipeline`, and what it shares with the other kind: the stages and how one is compiled.

use std::sync::Arc;

use wgpu_core::id::{BindGroupLayoutId, ComputePipelineId, ShaderModuleId};
use wgpu_core::pipeline;

use super::compiled::{Compiled, Kind, PipelineError};
use super::label::Label;
use super::{BindGroupLayout, DeviceCore, PipelineLayout, ShaderModule};
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};

/// A compute pipeline; clones are the same one.
#[derive(Clone, Debug)]
pub struct ComputePipeline {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: ComputePipelineId,
    label: Label,
    _object: Option<Credit>,
}

/// `GPUProgrammableStage`.
#[derive(Clone, Debug)]
pub struct ProgrammableStage {
    /// The shader.
    pub module: ShaderModule,
    /// The function; `None` is the only one of its stage.
    pub entry_point: Option<String>,
    /// Values of override constants, by name or number.
    pub constants: Vec<(String, f64)>,
}

/// `GPUComputePipelineDescriptor`.
#[derive(Clone, Debug)]
pub struct ComputePipelineDescriptor {
    /// Its label.
    pub label: Option<String>,
    /// The layout; `None` is one made from the shader.
    pub layout: Option<PipelineLayout>,
    /// The shader.
    pub compute: ProgrammableStage,
}

impl ProgrammableStage {
    pub(super) fn check(&self, device: &DeviceCore) -> Result<(), GpuError> {
        if !device.owns(&self.module.core.device) {
            return Err(GpuError::validation(
                "the shader module is of another device",
            ));
        }
        match self.constants.iter().find(|(_, value)| !value.is_finite()) {
            Some((name, value)) => Err(GpuError::validation(format!(
                "the constant {name:?} is {value}: it must be finite"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn stage(&self) -> pipeline::ProgrammableStageDescriptor<'_> {
        stage(
            self.module.core.id,
            self.entry_point.as_deref(),
            &self.constants,
        )
    }
}

pub(super) fn stage<'a>(
    module: ShaderModuleId,
    entry_point: Option<&'a str>,
    constants: &[(String, f64)],
) -> pipeline::ProgrammableStageDescriptor<'a> {
    pipeline::ProgrammableStageDescriptor {
        module,
        entry_point: entry_point.map(Into::into),
        constants: constants.iter().cloned().collect(),
        zero_initialize_workgroup_memory: true,
    }
}

/// Whether the layout may be used with the device at all.
pub(super) fn check_layout(
    device: &DeviceCore,
    layout: Option<&PipelineLayout>,
) -> Result<(), GpuError> {
    match layout {
        Some(layout) if !device.owns(&layout.core.device) => Err(GpuError::validation(
            "the pipeline layout is of another device",
        )),
        _ => Ok(()),
    }
}

impl Kind for ComputePipelineDescriptor {
    type Id = ComputePipelineId;

    fn check(&self, device: &DeviceCore) -> Result<(), GpuError> {
        check_layout(device, self.layout.as_ref())?;
        self.compute.check(device)
    }

    fn create(&self, device: &DeviceCore) -> (Self::Id, Option<GpuError>) {
        let descriptor = pipeline::ComputePipelineDescriptor {
            label: None,
            layout: self.layout.as_ref().map(|layout| layout.core.id),
            stage: self.compute.stage(),
            cache: None,
        };
        let global = &device.lease.global;
        let (id, error) = global.device_create_compute_pipeline(device.id, &descriptor, None);
        (id, error.and_then(|error| GpuError::of(&error)))
    }

    fn invalid(device: &DeviceCore) -> Self::Id {
        let module = super::shader_module::invalid(device);
        let descriptor = pipeline::ComputePipelineDescriptor {
            label: None,
            layout: None,
            stage: stage(module, None, &[]),
            cache: None,
        };
        let global = &device.lease.global;
        let (id, _) = global.device_create_compute_pipeline(device.id, &descriptor, None);
        global.shader_module_drop(module);
        id
    }

    fn forget(device: &DeviceCore, id: Self::Id) {
        device.lease.global.compute_pipeline_drop(id);
    }
}

impl ComputePipeline {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: ComputePipelineDescriptor) -> Self {
        let label = descriptor.label.clone();
        let object = device.charge(Charged::Objects, 1);
        let id = match object {
            Some(_) => Compiled::now(device, descriptor),
            None => ComputePipelineDescriptor::invalid(device),
        };
        Self::of(device, id, label.as_ref(), object)
    }

    pub(super) fn new_async(
        device: &Arc<DeviceCore>,
        descriptor: ComputePipelineDescriptor,
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
        id: ComputePipelineId,
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
                global.compute_pipeline_get_bind_group_layout(self.core.id, index, None);
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

/// A layout that a pipeline has. Over quota it is one that no pipeline has: an invalid one.
pub(super) fn layout(
    device: &Arc<DeviceCore>,
    index: u32,
    get: impl FnOnce(u32) -> (BindGroupLayoutId, Option<GpuError>),
) -> BindGroupLayout {
    let object = device.charge(Charged::Objects, 1);
    let (id, error) = get(if object.is_some() { index } else { u32::MAX });
    if let (Some(error), true) = (error, object.is_some()) {
        device.errors.push(error);
    }
    BindGroupLayout::of(device, id, None, object)
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.compute_pipeline_drop(self.id);
    }
}
