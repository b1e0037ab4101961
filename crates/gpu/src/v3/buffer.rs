//! `gpu-buffer` and `gpu-queue`: how bytes come and go.

use wasmtime::component::{Accessor, Resource};

use super::convert::{map_mode, of_buffer_usages};
use super::host::labelled;
use super::webgpu;
use crate::bound::{Buffer, CommandBuffer, Queue};
use crate::convert::{Plain, Resolve};
use crate::objects::Device;
use crate::{Gpus, View};

impl webgpu::HostGpuBuffer for View<'_> {
    fn size(&mut self, this: Resource<Buffer>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.size())
    }

    fn usage(&mut self, this: Resource<Buffer>) -> wasmtime::Result<webgpu::GpuBufferUsage> {
        Ok(of_buffer_usages(self.table.get(&this)?.usage()))
    }

    fn map_state(&mut self, this: Resource<Buffer>) -> wasmtime::Result<webgpu::GpuBufferMapState> {
        use crate::objects::MapState;
        Ok(match self.table.get(&this)?.map_state() {
            MapState::Unmapped => webgpu::GpuBufferMapState::Unmapped,
            MapState::Pending => webgpu::GpuBufferMapState::Pending,
            MapState::Mapped => webgpu::GpuBufferMapState::Mapped,
        })
    }

    fn get_mapped_range_get_with_copy(
        &mut self,
        this: Resource<Buffer>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u8>, webgpu::GetMappedRangeError>> {
        let buffer = self.table.get(&this)?;
        let read = buffer.read_mapped(offset.unwrap_or(0), size, <[u8]>::to_vec);
        Ok(read.map_err(Into::into))
    }

    fn get_mapped_range_set_with_copy(
        &mut self,
        this: Resource<Buffer>,
        data: Vec<u8>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::GetMappedRangeError>> {
        let buffer = self.table.get(&this)?;
        let written = buffer.write_mapped(offset.unwrap_or(0), size, &data);
        Ok(written.map_err(Into::into))
    }

    fn unmap(
        &mut self,
        this: Resource<Buffer>,
    ) -> wasmtime::Result<Result<(), webgpu::UnmapError>> {
        self.table.get(&this)?.unmap();
        Ok(Ok(()))
    }

    fn destroy(&mut self, this: Resource<Buffer>) -> wasmtime::Result<()> {
        self.table.get(&this)?.destroy();
        Ok(())
    }

    labelled!(Buffer);
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
    async fn submit(
        &mut self,
        this: Resource<Queue>,
        commands: Vec<Resource<CommandBuffer>>,
    ) -> wasmtime::Result<()> {
        let queue = self.of(&this)?;
        let commands: Vec<_> = commands
            .iter()
            .map(|commands| self.of(commands))
            .collect::<Result<_, _>>()?;
        queue.submit_in_turn(&commands).await;
        Ok(())
    }

    fn write_buffer_with_copy(
        &mut self,
        this: Resource<Queue>,
        buffer: Resource<Buffer>,
        buffer_offset: u64,
        data: Vec<u8>,
        data_offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::WriteBufferError>> {
        let (queue, buffer) = (self.of(&this)?, self.of(&buffer)?);
        let start = data_offset.unwrap_or(0);
        let part = usize::try_from(start).ok().and_then(|start| {
            let rest = data.get(start..)?;
            match size {
                None => Some(rest),
                Some(size) => rest.get(..usize::try_from(size).ok()?),
            }
        });
        let Some(part) = part.filter(|part| part.len().is_multiple_of(4)) else {
            return Ok(Err(webgpu::WriteBufferError {
                kind: webgpu::WriteBufferErrorKind::OperationError,
                message: format!(
                    "{} bytes from {start} on are not a multiple of 4 within the {} that there are",
                    size.map_or_else(|| "all".to_owned(), |size| size.to_string()),
                    data.len()
                ),
            }));
        };
        Ok(queue
            .write_buffer(&buffer, buffer_offset, part)
            .map_err(Into::into))
    }

    fn write_texture_with_copy(
        &mut self,
        this: Resource<Queue>,
        destination: webgpu::GpuTexelCopyTextureInfo,
        data: Vec<u8>,
        data_layout: webgpu::GpuTexelCopyBufferLayout,
        size: webgpu::GpuExtent3D,
    ) -> wasmtime::Result<()> {
        let queue = self.of(&this)?;
        let device = Device {
            core: queue.device.clone(),
        };
        let Some(destination) = super::host::resolved(&device, destination.resolve(self.table))?
        else {
            return Ok(());
        };
        let (Some(layout), Some(size)) = (
            super::host::told(&device, data_layout.plain()),
            super::host::told(&device, size.plain()),
        ) else {
            return Ok(());
        };
        let to = wgpu_types::TexelCopyTextureInfo {
            texture: &destination.texture,
            mip_level: destination.mip_level,
            origin: destination.origin,
            aspect: destination.aspect,
        };
        queue.write_texture(&to, &data, &layout, &size);
        Ok(())
    }

    labelled!(Queue);
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
