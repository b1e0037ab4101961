//! `GPUShaderModule`: WGSL that was parsed and validated.

use std::sync::Arc;

use wgpu_core::id::ShaderModuleId;
use wgpu_core::pipeline::{self, CreateShaderModuleError, ShaderModuleSource};
use wgpu_types as wgt;

use super::DeviceCore;
use super::compilation_info::{CompilationInfo, CompilationMessage};
use super::label::Label;
use super::{nesting, weight};
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};

/// A shader module; clones are the same one.
#[derive(Clone, Debug)]
pub struct ShaderModule {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: ShaderModuleId,
    label: Label,
    info: CompilationInfo,
    _object: Option<Credit>,
    _source: Option<Credit>,
}

/// What a shader module is made of.
#[derive(Clone, Debug, Default)]
pub struct ShaderModuleDescriptor {
    /// Its label.
    pub label: Option<String>,
    /// WGSL.
    pub code: String,
}

impl ShaderModule {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: ShaderModuleDescriptor) -> Self {
        let label = Label::new(descriptor.label.as_ref());
        let object = device.charge(Charged::Objects, 1);
        let bytes = descriptor.code.len() as u64;
        let refused = refusal(device, &descriptor.code);
        let source = match (&object, &refused) {
            (Some(_), None) => device.charge(Charged::Shaders, bytes),
            _ => None,
        };
        let refused = refused.inspect(|refused| device.errors.push(refused.clone()));
        let made = source.as_ref().map(|_| {
            let on = Arc::clone(device);
            let compiler = device.lease.compiler();
            let budget = device.lease.quota().compile_time;
            compiler.run(budget, move || Made::new(&on, &descriptor.code))
        });
        let (id, info) = match made {
            Some(Ok(made)) => {
                device.errors.report(made.error.clone());
                if let Some(refused) = &made.refused {
                    device.errors.push(refused.clone());
                }
                made.keep()
            }
            Some(Err(failure)) => {
                let error = GpuError::internal(failure.to_string());
                device.errors.push(error);
                let info = CompilationInfo::of_text(failure.to_string());
                (invalid(device), info)
            }
            None => {
                let why = refused.map_or_else(
                    || "the workload has used what it may have".to_owned(),
                    |refused| refused.message,
                );
                (invalid(device), CompilationInfo::of_text(why))
            }
        };
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                label,
                info,
                _object: object,
                _source: source,
            }),
        }
    }

    /// What the compiler said.
    pub fn compilation_info(&self) -> &CompilationInfo {
        &self.core.info
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

/// Why this is not given to a compiler at all.
fn refusal(device: &DeviceCore, code: &str) -> Option<GpuError> {
    let most = device.lease.quota().shader;
    let bytes = code.len() as u64;
    if bytes > most {
        return Some(GpuError::out_of_memory(format!(
            "the shader has {bytes} bytes of WGSL, and {most} are allowed: split it, or ask for a larger shader quota"
        )));
    }
    nesting::check(code).err().map(GpuError::validation)
}

/// A module that is valid for nothing.
pub(super) fn invalid(device: &DeviceCore) -> ShaderModuleId {
    let (id, _) = create(device, "!");
    id
}

fn create(device: &DeviceCore, code: &str) -> (ShaderModuleId, Option<CreateShaderModuleError>) {
    let descriptor = pipeline::ShaderModuleDescriptor {
        label: None,
        runtime_checks: wgt::ShaderRuntimeChecks::checked(),
    };
    let source = ShaderModuleSource::Wgsl(code.into());
    let global = &device.lease.global;
    global.device_create_shader_module(device.id, &descriptor, source, None)
}

/// A module that nobody has yet.
struct Made {
    device: Arc<DeviceCore>,
    id: Option<ShaderModuleId>,
    info: CompilationInfo,
    error: Option<CreateShaderModuleError>,
    /// Why it was not given to wgpu-core, which would have made it.
    refused: Option<GpuError>,
}

impl Made {
    fn new(device: &Arc<DeviceCore>, code: &str) -> Self {
        if let Err(why) = weight::check(code) {
            return Self {
                device: Arc::clone(device),
                id: Some(invalid(device)),
                info: CompilationInfo::of_text(why.clone()),
                error: None,
                refused: Some(GpuError::validation(why)),
            };
        }
        let (id, error) = create(device, code);
        let messages = error
            .as_ref()
            .map(|error| message(error, code))
            .into_iter()
            .collect();
        Self {
            device: Arc::clone(device),
            id: Some(id),
            info: CompilationInfo { messages },
            error,
            refused: None,
        }
    }

    fn keep(mut self) -> (ShaderModuleId, CompilationInfo) {
        let info = std::mem::take(&mut self.info);
        match self.id.take() {
            Some(id) => (id, info),
            None => (invalid(&self.device), info),
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.device.lease.global.shader_module_drop(id);
        }
    }
}

fn message(error: &CreateShaderModuleError, code: &str) -> CompilationMessage {
    let (text, at) = match error {
        CreateShaderModuleError::Parsing(error) => {
            (error.inner.message().to_owned(), error.inner.location(code))
        }
        CreateShaderModuleError::Validation(error) => {
            let text = crate::error::chain(error.inner.as_inner());
            (text, error.inner.location(code))
        }
        other => (crate::error::chain(other), None),
    };
    CompilationMessage::at(text, at.map(|at| (at.offset, at.length)), code)
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.shader_module_drop(self.id);
    }
}
