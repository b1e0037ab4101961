//! `gpu-buffer` and `gpu-queue`: how bytes come and go.

use wasmtime::component::{Accessor, Resource};

use super::convert::{map_mode, of_buffer_usages};
use super::webgpu;
use crate::bound::{Buffer, CommandBuffer, Queue};
use crate::convert::{Plain, Resolve};
use crate::methods::{buffer, labelled, queue, resolved, told};
use crate::objects::Device;
use crate::{Gpus, View};

impl webgpu::HostGpuBuffer for View<'_> {
    fn usage(&mut self, this: Resource<Buffer>) -> wasmtime::Result<webgpu::GpuBufferUsage> {
        Ok(of_buffer_usages(self.table.get(&this)?.usage()))
    }

    buffer!(webgpu);
}

impl<T: Send + 'static> webgpu::HostGpuBufferWithStore<T> for Gpus {
    async fn map_async(
        accessor: &Accessor<T, Self>,
        this: Resource<Buffer>,
        mode: webgpu::GpuMapMode,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::MapAsyncError>> {
        let mode = match map_mode(mode) {
            Ok(mode) => mode,
            Err(unsupported) => {
                return Ok(Err(webgpu::MapAsyncError {
                    kind: webgpu::MapAsyncErrorKind::OperationError,
                    message: unsupported.what,
                }));
            }
        };
        let mapped = accessor.with(|mut access| {
            let buffer = access.get().of(&this)?;
            wasmtime::error::Ok(buffer.map_async(mode, offset.unwrap_or(0), size))
        })?;
        Ok(mapped.await.map_err(Into::into))
    }
}

impl webgpu::HostGpuQueue for View<'_> {
    queue!(webgpu);
}

impl<T: Send + 'static> webgpu::HostGpuQueueWithStore<T> for Gpus {
    async fn on_submitted_work_done(
        accessor: &Accessor<T, Self>,
        this: Resource<Queue>,
    ) -> wasmtime::Result<()> {
        let queue = accessor.with(|mut access| access.get().of(&this))?;
        queue.on_submitted_work_done().await;
        Ok(())
    }
}
