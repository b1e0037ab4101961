//! Sets of bits.

use crate::bindings::{GpuBufferUsage, GpuColorWrite, GpuMapMode, GpuShaderStage, GpuTextureUsage};

/// A function that carries each of the named flags over.
macro_rules! flags {
    ($name:ident: $from:ty => $to:ty { $($theirs:ident => $ours:ident),* $(,)? }) => {
        pub(crate) fn $name(flags: $from) -> $to {
            let mut converted = <$to>::empty();
            $(if flags.contains(<$from>::$theirs) { converted |= <$to>::$ours; })*
            converted
        }
    };
}

flags!(buffer_usage: wgpu::BufferUsages => GpuBufferUsage {
    MAP_READ => MAP_READ,
    MAP_WRITE => MAP_WRITE,
    COPY_SRC => COPY_SRC,
    COPY_DST => COPY_DST,
    INDEX => INDEX,
    VERTEX => VERTEX,
    UNIFORM => UNIFORM,
    STORAGE => STORAGE,
    INDIRECT => INDIRECT,
    QUERY_RESOLVE => QUERY_RESOLVE,
});

flags!(texture_usage: wgpu::TextureUsages => GpuTextureUsage {
    COPY_SRC => COPY_SRC,
    COPY_DST => COPY_DST,
    TEXTURE_BINDING => TEXTURE_BINDING,
    STORAGE_BINDING => STORAGE_BINDING,
    RENDER_ATTACHMENT => RENDER_ATTACHMENT,
    TRANSIENT_ATTACHMENT => TRANSIENT_ATTACHMENT,
});

flags!(shader_stages: wgpu::ShaderStages => GpuShaderStage {
    VERTEX => VERTEX,
    FRAGMENT => FRAGMENT,
    COMPUTE => COMPUTE,
});

flags!(color_writes: wgpu::ColorWrites => GpuColorWrite {
    RED => RED,
    GREEN => GREEN,
    BLUE => BLUE,
    ALPHA => ALPHA,
});

pub(crate) fn map_mode(mode: wgpu::MapMode) -> GpuMapMode {
    match mode {
        wgpu::MapMode::Read => GpuMapMode::READ,
        wgpu::MapMode::Write => GpuMapMode::WRITE,
    }
}
