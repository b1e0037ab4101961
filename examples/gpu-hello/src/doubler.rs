//! A shader that doubles numbers, and the device that runs it.

use crate::bindings::wasi::webgpu::webgpu::{
    GpuBindGroupDescriptor, GpuBindGroupEntry, GpuBindingResource, GpuBufferDescriptor,
    GpuBufferUsage, GpuComputePipeline, GpuComputePipelineDescriptor, GpuDevice, GpuErrorFilter,
    GpuLayoutMode, GpuMapMode, GpuProgrammableStage, GpuShaderModuleDescriptor, get_gpu,
};

/// Threads of a workgroup, as the shader says.
const WORKGROUP: u32 = 64;

pub struct Doubler {
    adapter: String,
    device: GpuDevice,
    pipeline: GpuComputePipeline,
}

impl Doubler {
    pub async fn new() -> Result<Self, String> {
        let adapter = get_gpu()
            .request_adapter(None)
            .await
            .ok_or("there is no GPU for this workload")?;
        let info = adapter.info();
        let kind = if info.is_fallback_adapter() {
            "software"
        } else {
            "hardware"
        };
        let device = adapter
            .request_device(None)
            .await
            .map_err(|error| error.message)?;
        let module = device.create_shader_module(&GpuShaderModuleDescriptor {
            code: include_str!("double.wgsl").to_owned(),
            compilation_hints: None,
            label: Some("double".to_owned()),
        });
        let pipeline = device.create_compute_pipeline_async(GpuComputePipelineDescriptor {
            compute: GpuProgrammableStage {
                module: &module,
                entry_point: None,
                constants: None,
            },
            layout: GpuLayoutMode::Auto,
            label: None,
        });
        Ok(Self {
            adapter: format!("{kind} adapter, vendor {}", info.vendor()),
            pipeline: pipeline.await.map_err(|error| error.message)?,
            device,
        })
    }

    pub fn adapter(&self) -> &str {
        &self.adapter
    }

    pub async fn double(&self, numbers: &[f32]) -> Result<Vec<f32>, String> {
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let size = bytes.len() as u64;
        let buffer = |usage| {
            self.device.create_buffer(&GpuBufferDescriptor {
                size,
                usage,
                mapped_at_creation: None,
                label: None,
            })
        };
        self.device.push_error_scope(GpuErrorFilter::Validation);
        let work =
            buffer(GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC);
        let result = buffer(GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ);
        let queue = self.device.queue();
        queue
            .write_buffer_with_copy(&work, 0, &bytes, None, None)
            .map_err(|error| error.message)?;
        let group = self.device.create_bind_group(&GpuBindGroupDescriptor {
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: vec![GpuBindGroupEntry {
                binding: 0,
                resource: GpuBindingResource::GpuBuffer(&work),
            }],
            label: None,
        });
        let encoder = self.device.create_command_encoder(None);
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, Some(&group), None, None, None)
            .map_err(|error| error.message)?;
        let threads = u32::try_from(numbers.len()).map_err(|_| "too many numbers")?;
        pass.dispatch_workgroups(threads.div_ceil(WORKGROUP), None, None);
        pass.end();
        encoder.copy_buffer_to_buffer(&work, None, &result, None, Some(size));
        queue.submit(&[&encoder.finish(None)]);
        if let Ok(Some(error)) = self.device.pop_error_scope().await {
            return Err(error.message());
        }
        result
            .map_async(GpuMapMode::READ, None, None)
            .await
            .map_err(|error| error.message)?;
        let doubled = result
            .get_mapped_range_get_with_copy(None, None)
            .map_err(|error| error.message)?;
        let numbers = doubled
            .chunks_exact(4)
            .filter_map(|bytes| bytes.try_into().ok())
            .map(f32::from_le_bytes);
        Ok(numbers.collect())
    }
}
