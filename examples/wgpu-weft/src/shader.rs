//! Shaders, and what their compiler has to say.

use std::pin::Pin;
use std::rc::Rc;

use crate::bindings::*;
use crate::convert::label;
use crate::device::Shared;
use wgpu::custom::{ShaderCompilationInfoFuture, ShaderModuleInterface};

#[derive(Debug)]
pub(crate) struct ShaderModule(pub(crate) Rc<GpuShaderModule>);

impl ShaderModule {
    pub(crate) fn new(shared: &Rc<Shared>, desc: wgpu::ShaderModuleDescriptor<'_>) -> Self {
        let label = label(desc.label);
        match desc.source {
            wgpu::ShaderSource::Wgsl(code) => Self::of_code(shared, &code, label),
            _ => {
                shared.refuse("a component's shaders are WGSL: this one is not".to_owned());
                Self::of_code(shared, "", label)
            }
        }
    }

    pub(crate) fn of_code(shared: &Rc<Shared>, code: &str, label: Option<String>) -> Self {
        let module = shared
            .device
            .create_shader_module(&GpuShaderModuleDescriptor {
                code: code.to_owned(),
                compilation_hints: None,
                label,
            });
        Self(Rc::new(module))
    }
}

impl ShaderModuleInterface for ShaderModule {
    fn get_compilation_info(&self) -> Pin<Box<dyn ShaderCompilationInfoFuture>> {
        let module = Rc::clone(&self.0);
        Box::pin(async move {
            let info = module.get_compilation_info().await;
            wgpu::CompilationInfo {
                messages: info.messages().iter().map(message).collect(),
            }
        })
    }
}

fn message(message: &GpuCompilationMessage) -> wgpu::CompilationMessage {
    let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    // Line 0 means the shader as a whole.
    let location = (message.line_num() > 0).then(|| wgpu::SourceLocation {
        line_number: number(message.line_num()),
        line_position: number(message.line_pos()),
        offset: number(message.offset()),
        length: number(message.length()),
    });
    wgpu::CompilationMessage {
        message: message.message(),
        message_type: match message.type_() {
            GpuCompilationMessageType::Error => wgpu::CompilationMessageType::Error,
            GpuCompilationMessageType::Warning => wgpu::CompilationMessageType::Warning,
            GpuCompilationMessageType::Info => wgpu::CompilationMessageType::Info,
        },
        location,
    }
}
