//! Flags. WebGPU's numbers and wgpu's are the same for the bits that a guest may set; wgpu has others, which it may not.

use wgpu_core::device::HostMap;
use wgpu_types::{BufferUsages, ColorWrites, ShaderStages, TextureUsages};

use super::Unsupported;

/// `GPUBufferUsageFlags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub(crate) fn buffer_usages(bits: u32) -> Result<BufferUsages, Unsupported> {
    known("a buffer usage", bits, 0x3ff).map(BufferUsages::from_bits_truncate)
}

/// `GPUTextureUsageFlags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub(crate) fn texture_usages(bits: u32) -> Result<TextureUsages, Unsupported> {
    known("a texture usage", bits, 0x3f).map(TextureUsages::from_bits_truncate)
}

/// `GPUColorWriteFlags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub(crate) fn color_writes(bits: u32) -> Result<ColorWrites, Unsupported> {
    known("a colour write mask", bits, 0xf).map(ColorWrites::from_bits_truncate)
}

/// `GPUShaderStageFlags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub(crate) fn shader_stages(bits: u32) -> Result<ShaderStages, Unsupported> {
    known("a shader stage", bits, 0x7).map(ShaderStages::from_bits_truncate)
}

/// `GPUMapModeFlags`: reading is 1, writing is 2.
///
/// # Errors
///
/// It is not exactly one of them.
pub(crate) fn map_mode(bits: u32) -> Result<HostMap, Unsupported> {
    match bits {
        1 => Ok(HostMap::Read),
        2 => Ok(HostMap::Write),
        _ => Err(Unsupported::new(format!(
            "a buffer is mapped either to read or to write, and the mode is {bits:#x}"
        ))),
    }
}

fn known(what: &str, bits: u32, known: u32) -> Result<u32, Unsupported> {
    match bits & !known {
        0 => Ok(bits),
        unknown => Err(Unsupported::new(format!(
            "{what} has bits that WebGPU does not have: {unknown:#x}"
        ))),
    }
}
