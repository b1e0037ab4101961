//! `gpu-buffer` and `gpu-queue`: how bytes come and go.

use wasmtime::component::Resource;

use super::webgpu;
use crate::View;
use crate::bound::{Buffer, CommandBuffer, Queue};
use crate::convert::{Plain, Resolve, flags};
use crate::methods::{buffer, labelled, queue, resolved, told};
use crate::objects::Device;

impl webgpu::HostGpuBuffer for View<'_> {
    fn usage(&mut self, this: Resource<Buffer>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.usage().bits())
    }

    async fn map_async(
        &mut self,
        this: Resource<Buffer>,
        mode: u32,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::MapAsyncError>> {
        let mode = match flags::map_mode(mode) {
            Ok(mode) => mode,
            Err(unsupported) => {
                return Ok(Err(webgpu::MapAsyncError {
                    kind: webgpu::MapAsyncErrorKind::OperationError,
                    message: unsupported.what,
                }));
            }
        };
        let buffer = self.of(&this)?;
        let mapped = buffer.map_async(mode, offset.unwrap_or(0), size).await;
        Ok(mapped.map_err(Into::into))
    }

    buffer!(webgpu);
}

impl webgpu::HostGpuQueue for View<'_> {
    async fn on_submitted_work_done(&mut self, this: Resource<Queue>) -> wasmtime::Result<()> {
        self.of(&this)?.on_submitted_work_done().await;
        Ok(())
    }

    queue!(webgpu);
}
