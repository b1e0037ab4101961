//! `GPUTexture`: memory that is seen as an image.

use std::sync::Arc;

use wgpu_core::id::TextureId;
use wgpu_types as wgt;

use super::label::Label;
use super::memory::Memory;
use super::{DeviceCore, TextureView};
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};
use crate::timeline::Op;

/// Textures are charged in steps of the page that GPUs lay images out in.
const GRAIN: u64 = 64 << 10;
/// A row of blocks, and rows of blocks, as tiled memory has them at least.
const ROW: u64 = 256;
const ROWS: u64 = 8;
/// What wgpu-core keeps on the host for each level of each layer: a view to clear it, and its state.
const SUBRESOURCE: u64 = 256;

/// A texture as a guest asks for it.
pub type TextureDescriptor = wgt::TextureDescriptor<Option<String>, Vec<wgt::TextureFormat>>;

/// A texture; clones are the same one.
#[derive(Clone, Debug)]
pub struct Texture {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: TextureId,
    /// `None`: it could not be made.
    memory: Option<Arc<Memory>>,
    pub(crate) descriptor: wgt::TextureDescriptor<(), ()>,
    label: Label,
    _object: Option<Credit>,
}

impl Texture {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: &TextureDescriptor) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let possible = possible(descriptor, device.limits());
        let bytes = if possible { bytes(descriptor) } else { 0 };
        let credit = object
            .as_ref()
            .and_then(|_| device.charge(Charged::Memory, bytes));
        let made = wgt::TextureDescriptor {
            label: None,
            size: descriptor.size,
            mip_level_count: descriptor.mip_level_count,
            sample_count: descriptor.sample_count,
            dimension: descriptor.dimension,
            format: descriptor.format,
            usage: descriptor.usage,
            view_formats: descriptor.view_formats.clone(),
        };
        let global = &device.lease.global;
        let (id, valid) = if credit.is_none() {
            (global.create_texture_error(device.id, None, &made), false)
        } else if possible {
            let (id, error) = global.device_create_texture(device.id, &made, None);
            let valid = error.is_none();
            device.errors.report(error);
            (id, valid)
        } else {
            device.errors.push(GpuError::validation(format!(
                "a texture of {:?} and {:?} with {} mip levels and {} samples is beyond the limits of the device",
                made.dimension, made.size, made.mip_level_count, made.sample_count
            )));
            (global.create_texture_error(device.id, None, &made), false)
        };
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                memory: credit.filter(|_| valid).map(Memory::new),
                descriptor: made.map_label_and_view_formats(|_| (), |_| ()),
                label: Label::new(descriptor.label.as_ref()),
                _object: object,
            }),
        }
    }

    /// Makes a view of it.
    pub fn create_view(
        &self,
        descriptor: &wgt::TextureViewDescriptor<Option<String>>,
    ) -> TextureView {
        TextureView::new(&self.core, descriptor)
    }

    /// Gives its memory up. What was submitted before still has it.
    pub fn destroy(&self) {
        self.core
            .device
            .push(Op::DestroyTexture(Arc::clone(&self.core)));
    }

    /// Its width in texels; this and the following are as asked for, also if it is invalid.
    pub fn width(&self) -> u32 {
        self.core.descriptor.size.width
    }

    /// Its height in texels.
    pub fn height(&self) -> u32 {
        self.core.descriptor.size.height
    }

    /// Its depth in texels, or its layers.
    pub fn depth_or_array_layers(&self) -> u32 {
        self.core.descriptor.size.depth_or_array_layers
    }

    /// Its levels.
    pub fn mip_level_count(&self) -> u32 {
        self.core.descriptor.mip_level_count
    }

    /// Samples of each texel.
    pub fn sample_count(&self) -> u32 {
        self.core.descriptor.sample_count
    }

    /// A line, an area or a volume.
    pub fn dimension(&self) -> wgt::TextureDimension {
        self.core.descriptor.dimension
    }

    /// What a texel is.
    pub fn format(&self) -> wgt::TextureFormat {
        self.core.descriptor.format
    }

    /// What it may be used for.
    pub fn usage(&self) -> wgt::TextureUsages {
        self.core.descriptor.usage
    }

    /// Always nothing: only devices of WebGPU's compatibility mode have it, and there are none here.
    pub fn texture_binding_view_dimension(&self) -> Option<wgt::TextureViewDimension> {
        None
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }
}

impl Core {
    /// What an encoder that uses it has to hold; `None` if it is invalid.
    pub(crate) fn memory(&self) -> Option<&Arc<Memory>> {
        self.memory.as_ref()
    }

    pub(crate) fn destroy_now(&self) {
        self.device.lease.global.texture_destroy(self.id);
        if let Some(memory) = &self.memory {
            memory.destroy();
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.texture_drop(self.id);
    }
}

/// Whether the numbers are such that there can be such a texture. The specification wants a validation error if not, before
/// anybody asks how much memory there is.
fn possible(descriptor: &TextureDescriptor, limits: &wgt::Limits) -> bool {
    let size = descriptor.size;
    let (width, height, depth) = match descriptor.dimension {
        wgt::TextureDimension::D1 => (limits.max_texture_dimension_1d, 1, 1),
        wgt::TextureDimension::D2 => (
            limits.max_texture_dimension_2d,
            limits.max_texture_dimension_2d,
            limits.max_texture_array_layers,
        ),
        wgt::TextureDimension::D3 => (
            limits.max_texture_dimension_3d,
            limits.max_texture_dimension_3d,
            limits.max_texture_dimension_3d,
        ),
    };
    (1..=width).contains(&size.width)
        && (1..=height).contains(&size.height)
        && (1..=depth).contains(&size.depth_or_array_layers)
        && (1..=size.max_mips(descriptor.dimension)).contains(&descriptor.mip_level_count)
        && matches!(descriptor.sample_count, 1 | 4)
}

/// What a texture takes: each level as tiled memory has it, all samples, in whole pages. A driver may take more, which
/// wgpu-core does not say.
fn bytes(descriptor: &TextureDescriptor) -> u64 {
    let (block_width, block_height) = descriptor.format.block_dimensions();
    let (mut sum, layers) = (0_u64, u64::from(descriptor.array_layer_count()));
    for level in 0..descriptor.mip_level_count.min(u32::BITS) {
        let size = descriptor.size.mip_level_size(level, descriptor.dimension);
        let row = u64::from(size.width.div_ceil(block_width))
            .saturating_mul(block_bytes(descriptor.format))
            .next_multiple_of(ROW);
        let rows = u64::from(size.height.div_ceil(block_height)).next_multiple_of(ROWS);
        sum = row
            .saturating_mul(rows)
            .saturating_mul(u64::from(size.depth_or_array_layers))
            .saturating_mul(u64::from(descriptor.sample_count))
            .saturating_add(layers.saturating_mul(SUBRESOURCE))
            .saturating_add(sum);
    }
    sum.checked_next_multiple_of(GRAIN).unwrap_or(u64::MAX)
}

/// Bytes of a block in the largest form that a driver gives it.
fn block_bytes(format: wgt::TextureFormat) -> u64 {
    match format {
        wgt::TextureFormat::Stencil8
        | wgt::TextureFormat::Depth24PlusStencil8
        | wgt::TextureFormat::Depth32FloatStencil8 => 8,
        wgt::TextureFormat::Depth16Unorm
        | wgt::TextureFormat::Depth24Plus
        | wgt::TextureFormat::Depth32Float => 4,
        format => format.block_copy_size(None).map_or(16, u64::from),
    }
}
