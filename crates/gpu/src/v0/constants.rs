//! The resources that stand for WebGPU's namespaces of flags: static functions, one for each bit, and never a handle.

use wasmtime::component::Resource;
use wgpu_types::{BufferUsages, ColorWrites, ShaderStages, TextureUsages};

use super::webgpu;
use crate::View;
use crate::bound::{BufferUsage, ColorWrite, MapMode, ShaderStage, TextureUsage};
use crate::methods::dropped;

macro_rules! constants {
    ($trait:ident, $type:ident: $($name:ident = $bits:expr),* $(,)?) => {
        impl webgpu::$trait for View<'_> {
            $(fn $name(&mut self) -> wasmtime::Result<u32> {
                Ok($bits)
            })*

            dropped!($type);
        }
    };
}

constants! { HostGpuBufferUsage, BufferUsage:
    map_read = BufferUsages::MAP_READ.bits(),
    map_write = BufferUsages::MAP_WRITE.bits(),
    copy_src = BufferUsages::COPY_SRC.bits(),
    copy_dst = BufferUsages::COPY_DST.bits(),
    index = BufferUsages::INDEX.bits(),
    vertex = BufferUsages::VERTEX.bits(),
    uniform = BufferUsages::UNIFORM.bits(),
    storage = BufferUsages::STORAGE.bits(),
    indirect = BufferUsages::INDIRECT.bits(),
    query_resolve = BufferUsages::QUERY_RESOLVE.bits(),
}

// What `convert::flags` reads: wgpu has no type for it.
constants! { HostGpuMapMode, MapMode: read = 1, write = 2 }

constants! { HostGpuTextureUsage, TextureUsage:
    copy_src = TextureUsages::COPY_SRC.bits(),
    copy_dst = TextureUsages::COPY_DST.bits(),
    texture_binding = TextureUsages::TEXTURE_BINDING.bits(),
    storage_binding = TextureUsages::STORAGE_BINDING.bits(),
    render_attachment = TextureUsages::RENDER_ATTACHMENT.bits(),
}

// WebGPU has three stages; wgpu has more, with numbers of its own.
constants! { HostGpuShaderStage, ShaderStage:
    vertex = ShaderStages::VERTEX.bits(),
    fragment = ShaderStages::FRAGMENT.bits(),
    compute = ShaderStages::COMPUTE.bits(),
}

constants! { HostGpuColorWrite, ColorWrite:
    red = ColorWrites::RED.bits(),
    green = ColorWrites::GREEN.bits(),
    blue = ColorWrites::BLUE.bits(),
    alpha = ColorWrites::ALPHA.bits(),
    all = ColorWrites::ALL.bits(),
}

#[cfg(test)]
mod tests {
    //! WebGPU's numbers are part of its specification: guests have them compiled in.

    use wgpu_types::{BufferUsages, ColorWrites, ShaderStages, TextureUsages};

    #[test]
    fn the_bits_of_wgpu_are_those_of_webgpu() {
        assert_eq!(BufferUsages::MAP_READ.bits(), 0x1);
        assert_eq!(BufferUsages::QUERY_RESOLVE.bits(), 0x200);
        assert_eq!(TextureUsages::COPY_SRC.bits(), 0x1);
        assert_eq!(TextureUsages::RENDER_ATTACHMENT.bits(), 0x10);
        assert_eq!(ShaderStages::COMPUTE.bits(), 0x4);
        assert_eq!(ColorWrites::ALL.bits(), 0xf);
    }
}
