//! Resources that are values: errors, messages of the compiler, the maps of descriptors, and what a server never makes.

use wasmtime::component::Resource;

use super::host::dropped;
use super::webgpu;
use crate::View;
use crate::bound::{
    CanvasContext, CompilationInfo, CompilationMessage, ConstantValues, DeviceLostInfo, GpuError,
    RequiredLimits, Texture, UncapturedErrorEvent,
};
use crate::error::LostReason;

impl webgpu::HostGpuError for View<'_> {
    fn message(&mut self, this: Resource<GpuError>) -> wasmtime::Result<String> {
        Ok(self.table.get(&this)?.message.clone())
    }

    fn kind(&mut self, this: Resource<GpuError>) -> wasmtime::Result<webgpu::GpuErrorKind> {
        Ok(self.table.get(&this)?.kind.into())
    }

    dropped!(GpuError);
}

impl webgpu::HostGpuDeviceLostInfo for View<'_> {
    fn reason(
        &mut self,
        this: Resource<DeviceLostInfo>,
    ) -> wasmtime::Result<webgpu::GpuDeviceLostReason> {
        Ok(match self.table.get(&this)?.reason {
            LostReason::Unknown => webgpu::GpuDeviceLostReason::Unknown,
            LostReason::Destroyed => webgpu::GpuDeviceLostReason::Destroyed,
        })
    }

    fn message(&mut self, this: Resource<DeviceLostInfo>) -> wasmtime::Result<String> {
        Ok(self.table.get(&this)?.message.clone())
    }

    dropped!(DeviceLostInfo);
}

impl webgpu::HostGpuCompilationInfo for View<'_> {
    fn messages(
        &mut self,
        this: Resource<CompilationInfo>,
    ) -> wasmtime::Result<Vec<Resource<CompilationMessage>>> {
        let messages = self.table.get(&this)?.messages.clone();
        messages
            .into_iter()
            .map(|message| self.put(message))
            .collect()
    }

    dropped!(CompilationInfo);
}

impl webgpu::HostGpuCompilationMessage for View<'_> {
    fn message(&mut self, this: Resource<CompilationMessage>) -> wasmtime::Result<String> {
        Ok(self.table.get(&this)?.message.clone())
    }

    fn type_(
        &mut self,
        this: Resource<CompilationMessage>,
    ) -> wasmtime::Result<webgpu::GpuCompilationMessageType> {
        use crate::objects::CompilationMessageType;
        Ok(match self.table.get(&this)?.kind {
            CompilationMessageType::Error => webgpu::GpuCompilationMessageType::Error,
            CompilationMessageType::Warning => webgpu::GpuCompilationMessageType::Warning,
            CompilationMessageType::Info => webgpu::GpuCompilationMessageType::Info,
        })
    }

    fn line_num(&mut self, this: Resource<CompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.line_num)
    }

    fn line_pos(&mut self, this: Resource<CompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.line_pos)
    }

    fn offset(&mut self, this: Resource<CompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.offset)
    }

    fn length(&mut self, this: Resource<CompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.length)
    }

    dropped!(CompilationMessage);
}

macro_rules! map {
    ($trait:ident, $type:ident, $value:ty) => {
        impl webgpu::$trait for View<'_> {
            fn new(&mut self) -> wasmtime::Result<Resource<$type>> {
                self.put($type::default())
            }

            fn add(
                &mut self,
                this: Resource<$type>,
                key: String,
                value: $value,
            ) -> wasmtime::Result<()> {
                self.table.get_mut(&this)?.add(key, value);
                Ok(())
            }

            fn get(
                &mut self,
                this: Resource<$type>,
                key: String,
            ) -> wasmtime::Result<Option<$value>> {
                Ok(self.table.get(&this)?.get(&key))
            }

            fn has(&mut self, this: Resource<$type>, key: String) -> wasmtime::Result<bool> {
                Ok(self.table.get(&this)?.has(&key))
            }

            fn remove(&mut self, this: Resource<$type>, key: String) -> wasmtime::Result<()> {
                self.table.get_mut(&this)?.remove(&key);
                Ok(())
            }

            fn keys(&mut self, this: Resource<$type>) -> wasmtime::Result<Vec<String>> {
                Ok(self
                    .entries(this)?
                    .into_iter()
                    .map(|(key, _)| key)
                    .collect())
            }

            fn values(&mut self, this: Resource<$type>) -> wasmtime::Result<Vec<$value>> {
                let all = self.table.get(&this)?.entries();
                Ok(all.map(|(_, value)| value).collect())
            }

            fn entries(
                &mut self,
                this: Resource<$type>,
            ) -> wasmtime::Result<Vec<(String, $value)>> {
                let all = self.table.get(&this)?.entries();
                Ok(all.map(|(key, value)| (key.to_owned(), value)).collect())
            }

            dropped!($type);
        }
    };
}

map!(HostRecordGpuPipelineConstantValue, ConstantValues, f64);
map!(HostRecordOptionGpuSize64, RequiredLimits, Option<u64>);

impl webgpu::HostGpuUncapturedErrorEvent for View<'_> {
    fn error(
        &mut self,
        this: Resource<UncapturedErrorEvent>,
    ) -> wasmtime::Result<Resource<GpuError>> {
        match *self.table.get(&this)? {}
    }

    dropped!(UncapturedErrorEvent);
}

impl webgpu::HostGpuCanvasContext for View<'_> {
    fn configure(
        &mut self,
        this: Resource<CanvasContext>,
        _: webgpu::GpuCanvasConfiguration,
    ) -> wasmtime::Result<()> {
        match *self.table.get(&this)? {}
    }

    fn unconfigure(&mut self, this: Resource<CanvasContext>) -> wasmtime::Result<()> {
        match *self.table.get(&this)? {}
    }

    fn get_configuration(
        &mut self,
        this: Resource<CanvasContext>,
    ) -> wasmtime::Result<Option<webgpu::GpuCanvasConfigurationOwned>> {
        match *self.table.get(&this)? {}
    }

    fn get_current_texture(
        &mut self,
        this: Resource<CanvasContext>,
    ) -> wasmtime::Result<Resource<Texture>> {
        match *self.table.get(&this)? {}
    }

    dropped!(CanvasContext);
}
