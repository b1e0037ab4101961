//! What the implementations share: looking objects up, putting them into the table, and the resources of which a guest
//! can only read and write the label.

use wasmtime::component::Resource;

use crate::View;
use crate::convert::{Failed, Unsupported};
use crate::objects::Device;

/// `label`, `set-label` and the end of a resource, within its implementation.
macro_rules! labelled {
    ($type:ty) => {
        fn label(&mut self, this: Resource<$type>) -> wasmtime::Result<String> {
            Ok(self.table.get(&this)?.label())
        }

        fn set_label(&mut self, this: Resource<$type>, label: String) -> wasmtime::Result<()> {
            self.table.get(&this)?.set_label(label);
            Ok(())
        }

        $crate::methods::dropped!($type);
    };
}

/// The end of a resource. What it stands for is freed when nobody else holds it.
macro_rules! dropped {
    ($type:ty) => {
        fn drop(&mut self, this: Resource<$type>) -> wasmtime::Result<()> {
            self.table.delete(this)?;
            Ok(())
        }
    };
}

pub(crate) use {dropped, labelled};

impl View<'_> {
    /// What stands behind a handle.
    pub(crate) fn of<T: Clone + 'static>(&self, this: &Resource<T>) -> wasmtime::Result<T> {
        Ok(self.table.get(this)?.clone())
    }

    /// A handle for something new.
    pub(crate) fn put<T: Send + 'static>(&mut self, new: T) -> wasmtime::Result<Resource<T>> {
        Ok(self.table.push(new)?)
    }
}

/// What a guest asked for, unless it cannot be had: then the device has an error, and there is nothing.
pub(crate) fn told<T>(device: &Device, converted: Result<T, Unsupported>) -> Option<T> {
    converted
        .map_err(|unsupported| device.errors().push(unsupported.into()))
        .ok()
}

/// The same for what names resources: a handle that is none ends the guest.
pub(crate) fn resolved<T>(
    device: &Device,
    converted: Result<T, Failed>,
) -> wasmtime::Result<Option<T>> {
    match converted {
        Ok(converted) => Ok(Some(converted)),
        Err(Failed::Unsupported(unsupported)) => Ok(told(device, Err(unsupported))),
        Err(Failed::Table(error)) => Err(error.into()),
    }
}

/// What has a label and nothing else.
macro_rules! labels {
    ($w:ident) => {
        const _: () = {
            use wasmtime::component::Resource;
            use $crate::View;
            use $crate::bound::{
                BindGroup, BindGroupLayout, CommandBuffer, PipelineLayout, RenderBundle, Sampler,
                TextureView,
            };
            use $crate::methods::labelled;

            impl $w::HostGpuSampler for View<'_> {
                labelled!(Sampler);
            }

            impl $w::HostGpuBindGroup for View<'_> {
                labelled!(BindGroup);
            }

            impl $w::HostGpuBindGroupLayout for View<'_> {
                labelled!(BindGroupLayout);
            }

            impl $w::HostGpuPipelineLayout for View<'_> {
                labelled!(PipelineLayout);
            }

            impl $w::HostGpuTextureView for View<'_> {
                labelled!(TextureView);
            }

            impl $w::HostGpuCommandBuffer for View<'_> {
                labelled!(CommandBuffer);
            }

            impl $w::HostGpuRenderBundle for View<'_> {
                labelled!(RenderBundle);
            }
        };
    };
}

pub(crate) use labels;
