//! A device and what every attack does with it.

use crate::wasi::webgpu::webgpu::*;

/// Doubles what it is given.
const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read_write> data: array<u32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
        data[id.x] *= 2u;
    }";

/// What `/ok` answers.
pub fn expected() -> String {
    text(&(1..=64).map(|number| number * 2).collect::<Vec<_>>())
}

pub fn text(numbers: &[u32]) -> String {
    let numbers: Vec<_> = numbers.iter().map(u32::to_string).collect();
    numbers.join(" ")
}

pub fn words(bytes: &[u8]) -> Vec<u32> {
    let words = bytes.chunks_exact(4);
    words
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect()
}

pub struct Gpu {
    pub adapter: GpuAdapter,
    pub device: GpuDevice,
    pub queue: GpuQueue,
}

impl Gpu {
    pub async fn new() -> Result<Self, String> {
        let adapter = get_gpu().request_adapter(None).await;
        let adapter = adapter.ok_or("there is no adapter")?;
        let device = adapter.request_device(None).await;
        let device = device.map_err(|error| error.message)?;
        let queue = device.queue();
        Ok(Self {
            adapter,
            device,
            queue,
        })
    }

    pub fn buffer(&self, size: u64, usage: GpuBufferUsage) -> GpuBuffer {
        self.device.create_buffer(&GpuBufferDescriptor {
            size,
            usage,
            mapped_at_creation: None,
            label: None,
        })
    }

    /// A buffer that a shader works on, with this in it.
    pub fn storage(&self, numbers: &[u32]) -> Result<GpuBuffer, String> {
        let usage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC;
        let buffer = self.buffer(numbers.len() as u64 * 4, usage);
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let written = self
            .queue
            .write_buffer_with_copy(&buffer, 0, &bytes, None, None);
        written.map_err(|error| error.message)?;
        Ok(buffer)
    }

    pub fn module(&self, code: &str) -> GpuShaderModule {
        self.device
            .create_shader_module(&GpuShaderModuleDescriptor {
                code: code.to_owned(),
                compilation_hints: None,
                label: None,
            })
    }

    pub async fn pipeline(&self, code: &str) -> Result<GpuComputePipeline, String> {
        let module = self.module(code);
        let made = self.device.create_compute_pipeline_async(program(&module));
        made.await.map_err(|error| error.message)
    }

    /// Binds these, from 0 on.
    pub fn group(&self, pipeline: &GpuComputePipeline, buffers: &[&GpuBuffer]) -> GpuBindGroup {
        let entries = buffers.iter().zip(0..);
        let entries = entries.map(|(buffer, binding)| GpuBindGroupEntry {
            binding,
            resource: GpuBindingResource::GpuBuffer(buffer),
        });
        self.device.create_bind_group(&GpuBindGroupDescriptor {
            layout: &pipeline.get_bind_group_layout(0),
            entries: entries.collect(),
            label: None,
        })
    }

    /// Commands that run a pipeline once, as `dispatch` says.
    pub fn commands(
        &self,
        pipeline: &GpuComputePipeline,
        group: &GpuBindGroup,
        dispatch: impl FnOnce(&GpuComputePassEncoder),
    ) -> GpuCommandBuffer {
        let encoder = self.device.create_command_encoder(None);
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(pipeline);
        // Without dynamic offsets nothing can be out of range.
        let _ = pass.set_bind_group(0, Some(group), None, None, None);
        dispatch(&pass);
        pass.end();
        encoder.finish(None)
    }

    /// Compiles and runs a shader over these buffers.
    pub async fn run(&self, code: &str, groups: u32, buffers: &[&GpuBuffer]) -> Result<(), String> {
        let pipeline = self.pipeline(code).await?;
        let group = self.group(&pipeline, buffers);
        let commands = self.commands(&pipeline, &group, |pass| {
            pass.dispatch_workgroups(groups, None, None);
        });
        self.queue.submit(&[&commands]);
        Ok(())
    }

    pub async fn read(&self, buffer: &GpuBuffer) -> Result<Vec<u32>, String> {
        let back = self.buffer(
            buffer.size(),
            GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST,
        );
        let encoder = self.device.create_command_encoder(None);
        encoder.copy_buffer_to_buffer(buffer, None, &back, None, None);
        self.queue.submit(&[&encoder.finish(None)]);
        let mapped = back.map_async(GpuMapMode::READ, None, None).await;
        mapped.map_err(|error| error.message)?;
        let bytes = back.get_mapped_range_get_with_copy(None, None);
        Ok(words(&bytes.map_err(|error| error.message)?))
    }

    /// 1 to 64, doubled.
    pub async fn doubled(&self) -> Result<String, String> {
        let numbers: Vec<u32> = (1..=64).collect();
        let buffer = self.storage(&numbers)?;
        self.run(DOUBLE, 64, &[&buffer]).await?;
        Ok(text(&self.read(&buffer).await?))
    }

    /// The class of the first error that this makes; `nothing` if it makes none.
    pub async fn said(&self, does: impl AsyncFnOnce()) -> &'static str {
        let filters = [
            GpuErrorFilter::Validation,
            GpuErrorFilter::OutOfMemory,
            GpuErrorFilter::Internal,
        ];
        for filter in filters {
            self.device.push_error_scope(filter);
        }
        does().await;
        let mut said = "nothing";
        for _ in filters {
            if let Ok(Some(error)) = self.device.pop_error_scope().await {
                said = match error.kind() {
                    GpuErrorKind::ValidationError => "validation",
                    GpuErrorKind::OutOfMemoryError => "out of memory",
                    GpuErrorKind::InternalError => "internal",
                };
            }
        }
        said
    }
}

pub fn program(module: &GpuShaderModule) -> GpuComputePipelineDescriptor<'_> {
    GpuComputePipelineDescriptor {
        compute: GpuProgrammableStage {
            module,
            entry_point: None,
            constants: None,
        },
        layout: GpuLayoutMode::Auto,
        label: None,
    }
}
