//! Resources that are values: errors, messages of the compiler, the maps of descriptors, and what a server never makes.

/// A map that a guest fills.
macro_rules! map {
    ($w:ident, $trait:ident, $type:ident, $value:ty) => {
        impl $w::$trait for View<'_> {
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

            $crate::methods::dropped!($type);
        }
    };
}

/// All of them.
macro_rules! values {
    ($w:ident) => {
        const _: () = {
            use wasmtime::component::Resource;
            use $crate::View;
            use $crate::bound::{
                CanvasContext, CompilationInfo, CompilationMessage, ConstantValues, DeviceLostInfo,
                GpuError, RequiredLimits, Texture, UncapturedErrorEvent,
            };
            use $crate::error::LostReason;
            use $crate::methods::dropped;

            impl $w::HostGpuError for View<'_> {
                fn message(&mut self, this: Resource<GpuError>) -> wasmtime::Result<String> {
                    Ok(self.table.get(&this)?.message.clone())
                }

                fn kind(&mut self, this: Resource<GpuError>) -> wasmtime::Result<$w::GpuErrorKind> {
                    Ok(self.table.get(&this)?.kind.into())
                }

                dropped!(GpuError);
            }

            impl $w::HostGpuDeviceLostInfo for View<'_> {
                fn reason(
                    &mut self,
                    this: Resource<DeviceLostInfo>,
                ) -> wasmtime::Result<$w::GpuDeviceLostReason> {
                    Ok(match self.table.get(&this)?.reason {
                        LostReason::Unknown => $w::GpuDeviceLostReason::Unknown,
                        LostReason::Destroyed => $w::GpuDeviceLostReason::Destroyed,
                    })
                }

                fn message(&mut self, this: Resource<DeviceLostInfo>) -> wasmtime::Result<String> {
                    Ok(self.table.get(&this)?.message.clone())
                }

                dropped!(DeviceLostInfo);
            }

            impl $w::HostGpuCompilationInfo for View<'_> {
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

            impl $w::HostGpuCompilationMessage for View<'_> {
                fn message(
                    &mut self,
                    this: Resource<CompilationMessage>,
                ) -> wasmtime::Result<String> {
                    Ok(self.table.get(&this)?.message.clone())
                }

                fn type_(
                    &mut self,
                    this: Resource<CompilationMessage>,
                ) -> wasmtime::Result<$w::GpuCompilationMessageType> {
                    use crate::objects::CompilationMessageType;
                    Ok(match self.table.get(&this)?.kind {
                        CompilationMessageType::Error => $w::GpuCompilationMessageType::Error,
                        CompilationMessageType::Warning => $w::GpuCompilationMessageType::Warning,
                        CompilationMessageType::Info => $w::GpuCompilationMessageType::Info,
                    })
                }

                fn line_num(
                    &mut self,
                    this: Resource<CompilationMessage>,
                ) -> wasmtime::Result<u64> {
                    Ok(self.table.get(&this)?.line_num)
                }

                fn line_pos(
                    &mut self,
                    this: Resource<CompilationMessage>,
                ) -> wasmtime::Result<u64> {
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

            $crate::methods::map!($w, HostRecordGpuPipelineConstantValue, ConstantValues, f64);
            $crate::methods::map!($w, HostRecordOptionGpuSize64, RequiredLimits, Option<u64>);

            impl $w::HostGpuUncapturedErrorEvent for View<'_> {
                fn error(
                    &mut self,
                    this: Resource<UncapturedErrorEvent>,
                ) -> wasmtime::Result<Resource<GpuError>> {
                    match *self.table.get(&this)? {}
                }

                dropped!(UncapturedErrorEvent);
            }

            impl $w::HostGpuCanvasContext for View<'_> {
                fn configure(
                    &mut self,
                    this: Resource<CanvasContext>,
                    _: $w::GpuCanvasConfiguration,
                ) -> wasmtime::Result<()> {
                    match *self.table.get(&this)? {}
                }

                fn unconfigure(&mut self, this: Resource<CanvasContext>) -> wasmtime::Result<()> {
                    match *self.table.get(&this)? {}
                }

                fn get_configuration(
                    &mut self,
                    this: Resource<CanvasContext>,
                ) -> wasmtime::Result<Option<$w::GpuCanvasConfigurationOwned>> {
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
        };
    };
}

pub(crate) use {map, values};
