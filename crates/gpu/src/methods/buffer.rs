//! `gpu-buffer` and `gpu-queue`: how bytes come and go.

/// `gpu-buffer`, but for its usage and what takes its time, within its implementation.
macro_rules! buffer {
    ($w:ident) => {
        fn size(&mut self, this: Resource<Buffer>) -> wasmtime::Result<u64> {
            Ok(self.table.get(&this)?.size())
        }

        fn map_state(&mut self, this: Resource<Buffer>) -> wasmtime::Result<$w::GpuBufferMapState> {
            use crate::objects::MapState;
            Ok(match self.table.get(&this)?.map_state() {
                MapState::Unmapped => $w::GpuBufferMapState::Unmapped,
                MapState::Pending => $w::GpuBufferMapState::Pending,
                MapState::Mapped => $w::GpuBufferMapState::Mapped,
            })
        }

        fn get_mapped_range_get_with_copy(
            &mut self,
            this: Resource<Buffer>,
            offset: Option<u64>,
            size: Option<u64>,
        ) -> wasmtime::Result<Result<Vec<u8>, $w::GetMappedRangeError>> {
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
        ) -> wasmtime::Result<Result<(), $w::GetMappedRangeError>> {
            let buffer = self.table.get(&this)?;
            let written = buffer.write_mapped(offset.unwrap_or(0), size, &data);
            Ok(written.map_err(Into::into))
        }

        fn unmap(
            &mut self,
            this: Resource<Buffer>,
        ) -> wasmtime::Result<Result<(), $w::UnmapError>> {
            self.table.get(&this)?.unmap();
            Ok(Ok(()))
        }

        fn destroy(&mut self, this: Resource<Buffer>) -> wasmtime::Result<()> {
            self.table.get(&this)?.destroy();
            Ok(())
        }

        labelled!(Buffer);
    };
}

/// `gpu-queue`, but for waiting, within its implementation.
macro_rules! queue {
    ($w:ident) => {
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
        ) -> wasmtime::Result<Result<(), $w::WriteBufferError>> {
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
                return Ok(Err($w::WriteBufferError {
                    kind: $w::WriteBufferErrorKind::OperationError,
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
            destination: $w::GpuTexelCopyTextureInfo,
            data: Vec<u8>,
            data_layout: $w::GpuTexelCopyBufferLayout,
            size: $w::GpuExtent3D,
        ) -> wasmtime::Result<()> {
            let queue = self.of(&this)?;
            let device = Device {
                core: queue.device.clone(),
            };
            let Some(destination) = resolved(&device, destination.resolve(self.table))?
            else {
                return Ok(());
            };
            let (Some(layout), Some(size)) = (
                told(&device, data_layout.plain()),
                told(&device, size.plain()),
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
    };
}

pub(crate) use {buffer, queue};
