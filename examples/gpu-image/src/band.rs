//! A picture is computed in bands of rows: each fits into buffers that the device has, is done long before the deadline of
//! a submission, and can be sent while the next one is computed. Nothing is seen where two bands meet, since each comes with
//! the rows above and below that its kernel reads.

use crate::bindings::wasi::webgpu::webgpu::{
    GpuBindGroupDescriptor, GpuBindGroupEntry, GpuBindingResource, GpuBuffer, GpuBufferDescriptor,
    GpuBufferUsage, GpuErrorFilter, GpuMapMode,
};
use crate::decode::Picture;
use crate::gpu::Gpu;
use crate::kernel::Kernel;
use crate::options::Filter;

/// Pixels of a band at most, and how many pixels are read for one: a software adapter does that in a fraction of a second.
const PIXELS: u64 = 256 << 10;
const READS: u64 = 16 << 20;

/// Threads of a workgroup, as the shaders say.
const WORKGROUP: [u32; 2] = [32, 4];

/// Bytes of a pixel: of the picture, and of what a first pass leaves for the second.
const PIXEL: u64 = 4;
const BETWEEN: u64 = 8;

/// A picture on its way through a filter.
pub struct Work<'a> {
    gpu: &'a Gpu,
    filter: &'a Filter,
    picture: &'a Picture,
    kernel: Kernel,
    /// Rows of a band.
    rows: u32,
}

impl<'a> Work<'a> {
    /// Fails if the device has no buffers for rows that are so long.
    pub fn new(gpu: &'a Gpu, filter: &'a Filter, picture: &'a Picture) -> Result<Self, String> {
        let kernel = Kernel::of(filter);
        let limits = gpu.device.limits();
        let buffer = limits
            .max_buffer_size()
            .min(limits.max_storage_buffer_binding_size());
        let width = u64::from(picture.width);
        let around = 2 * u64::from(kernel.reach);
        let fit = (buffer / (width * PIXEL))
            .saturating_sub(around)
            .min(buffer / (width * BETWEEN));
        if fit == 0 {
            return Err(format!(
                "rows of {width} pixels are too long for this filter here: {} of them take more than the {buffer} bytes of a buffer of this GPU",
                around + 1
            ));
        }
        let enough = (PIXELS.min(READS / u64::from(kernel.reads())) / width).max(1);
        let rows = u32::try_from(fit.min(enough)).unwrap_or(u32::MAX);
        Ok(Self {
            gpu,
            filter,
            picture,
            kernel,
            rows,
        })
    }

    /// The first rows of all bands.
    pub fn bands(&self) -> impl Iterator<Item = u32> + use<> {
        (0..self.picture.height).step_by(self.rows as usize)
    }

    /// Computes the band that begins with this row.
    pub async fn band(&self, first: u32) -> Result<Vec<u8>, String> {
        let rows = self.rows.min(self.picture.height - first);
        let size = u64::from(rows) * u64::from(self.picture.width) * PIXEL;
        let device = &self.gpu.device;
        // Nothing is waited for until both scopes are asked, so no other request of this instance is between.
        device.push_error_scope(GpuErrorFilter::OutOfMemory);
        device.push_error_scope(GpuErrorFilter::Validation);
        let told = self.submit(first, rows, size);
        let (wrong, full) = futures::join!(device.pop_error_scope(), device.pop_error_scope());
        for scope in [wrong, full] {
            if let Some(error) = scope.map_err(|error| error.message)? {
                return Err(error.message());
            }
        }
        let result = told?;
        result
            .map_async(GpuMapMode::READ, None, None)
            .await
            .map_err(|error| error.message)?;
        result
            .get_mapped_range_get_with_copy(None, None)
            .map_err(|error| error.message)
    }

    /// Tells the device to compute a band; it will be in the buffer.
    fn submit(&self, first: u32, rows: u32, size: u64) -> Result<GpuBuffer, String> {
        let device = &self.gpu.device;
        let queue = device.queue();
        let buffer = |size, usage| {
            device.create_buffer(&GpuBufferDescriptor {
                size,
                usage,
                mapped_at_creation: None,
                label: None,
            })
        };
        let filled = |bytes: &[u8], usage| {
            let buffer = buffer(bytes.len() as u64, usage | GpuBufferUsage::COPY_DST);
            queue
                .write_buffer_with_copy(&buffer, 0, bytes, None, None)
                .map_err(|error| error.message)?;
            Ok::<_, String>(buffer)
        };
        let (top, source) = self.source(first, rows);
        let target = buffer(size, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC);
        let buffers = [
            &filled(&self.told(first, rows, top), GpuBufferUsage::UNIFORM)?,
            &filled(source, GpuBufferUsage::STORAGE)?,
            &target,
            &filled(&self.weights(), GpuBufferUsage::STORAGE)?,
            &buffer(size / PIXEL * BETWEEN, GpuBufferUsage::STORAGE),
        ];
        let entry = |(binding, buffer)| GpuBindGroupEntry {
            binding,
            resource: GpuBindingResource::GpuBuffer(buffer),
        };
        let group = device.create_bind_group(&GpuBindGroupDescriptor {
            layout: &self.gpu.layout,
            entries: (0..).zip(buffers).map(entry).collect(),
            label: None,
        });
        let encoder = device.create_command_encoder(None);
        let pass = encoder.begin_compute_pass(None);
        pass.set_bind_group(0, Some(&group), None, None, None)
            .map_err(|error| error.message)?;
        let groups = [
            self.picture.width.div_ceil(WORKGROUP[0]),
            rows.div_ceil(WORKGROUP[1]),
        ];
        for pipeline in self.gpu.passes(self.filter) {
            pass.set_pipeline(pipeline);
            pass.dispatch_workgroups(groups[0], Some(groups[1]), None);
        }
        pass.end();
        let result = buffer(size, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ);
        encoder.copy_buffer_to_buffer(&target, None, &result, None, Some(size));
        queue.submit(&[&encoder.finish(None)]);
        Ok(result)
    }

    /// The rows that are read for a band, and which is the first of them.
    fn source(&self, first: u32, rows: u32) -> (u32, &'a [u8]) {
        let top = first.saturating_sub(self.kernel.reach);
        let end = (first + rows + self.kernel.reach).min(self.picture.height);
        let row = self.picture.width as usize * PIXEL as usize;
        (
            top,
            &self.picture.pixels[top as usize * row..end as usize * row],
        )
    }

    /// The uniform `Band` of `picture.wgsl`.
    fn told(&self, first: u32, rows: u32, top: u32) -> Vec<u8> {
        let Picture { width, height, .. } = *self.picture;
        let numbers = [width, height, first, rows, top, self.kernel.reach, 0, 0];
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
        let options = self.kernel.options.iter().chain(&self.kernel.colour);
        numbers
            .chain(options.flat_map(|option| option.to_le_bytes()))
            .collect()
    }

    fn weights(&self) -> Vec<u8> {
        let weights = self.kernel.weights.iter().flatten();
        weights.flat_map(|weight| weight.to_le_bytes()).collect()
    }
}
